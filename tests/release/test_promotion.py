"""From staging to production: the same bytes, verified again, by production's own rules; what is missing is said."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import obstore
import pytest

from tests.raised import raised
from tests.release.asking import ROLES, TWO, caller, person
from tests.release.made import TOML, add_model
from tests.release.test_pipeline import GOOD, run_child, verify
from tests.store.artifacts.conftest import _storage, bucket, storage  # noqa: F401 - the fixtures
from tests.store.artifacts.storage import Storage
from tidemill.access.caller import Caller
from tidemill.cli.main import main
from tidemill.config.decode import parse
from tidemill.errors import ConfigError, Conflict, NotApproved, ReleaseError
from tidemill.ops import approvals as questions
from tidemill.ops import releases as verbs
from tidemill.ops import runs
from tidemill.ops.status import status
from tidemill.release import approvals
from tidemill.release.pipeline import release_candidate
from tidemill.release.promotion import due, standing
from tidemill.release.rollout import rollout
from tidemill.retrain.jobs import JobFailed
from tidemill.retrain.loop import tick
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.objects import ObjectArtifacts
from tidemill.store.records import Release
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock, JsonObject

HOUR = DAY // 24
TEAM = TOML.replace(
    "[environment.production]",
    """[environment.staging]
rollout = [{ share = "100 %" }]
[environment.production]
after = "staging"
promotion = { for = "2 days", min_requests = 30, roles = ["product-owner"] }""",
)


@dataclass
class Team:
    """A project's two environments, and what time it is in both."""

    staging: Project
    production: Project
    clock: HeldClock

    def serve(self, n: int) -> None:
        """So many requests are answered in staging."""
        champion = self.staging.endpoint().champion()
        assert champion is not None
        self.given = getattr(self, "given", 0) + n
        made = [
            replace(
                sample.prediction(f"pred_{self.given - i}"), at=self.clock.now(), release=champion.id, endpoint="shop"
            )
            for i in range(n)
        ]
        self.staging.live.append(made, [], [])
        self.staging.live.flush()

    def release(self, version: int = 1) -> Release:
        model = add_model(self.staging, version, kind="first" if version == 1 else "refit")
        return release_candidate(self.staging, model.ref, author="ada", make_context=GOOD)


def opened(root: Path) -> Iterator[Team]:
    clock = HeldClock(100 * DAY)
    with (
        open_project(root, clock=clock) as staging,
        open_project(root, clock=clock, environment="production") as production,
    ):
        yield Team(staging, production, clock)


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/tidemill.toml").write_text(TEAM)
    return tmp_path / "shop"


@pytest.fixture
def team(root: Path) -> Iterator[Team]:
    yield from opened(root)


class Asked:
    """Jobs that are asked for; a release is made as the worker would."""

    def __init__(self, project: Project) -> None:
        self.project, self.asked = project, list[str]()

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        self.asked.append(kind)
        assert kind == "release", "it ingests and trains nothing"
        more: Any = {name: params[name] for name in ("endpoint", "author", "decision")}
        made = release_candidate(self.project, params["model"], **more, make_context=GOOD)
        return {"release": made.id, "status": made.status}


def test_the_loop_promotes_when_the_rules_are_kept_and_a_person_has_the_last_word(team: Team) -> None:
    jobs = Asked(team.production)
    tick(team.production, jobs)
    made = team.release()
    assert made.status == "champion" and team.production.endpoint().champion() is None
    team.serve(29)
    team.clock.move(team.clock.now() + 3 * DAY)
    tick(team.production, jobs)
    assert jobs.asked == [] and due(team.production.endpoint()) is None
    team.serve(1)
    events = tick(team.production, jobs)
    assert jobs.asked == ["release"] and [e.kind for e in events] == ["promotion"]
    (held,) = team.production.endpoint().releases()
    assert (held.status, held.model, held.environment) == ("held", made.model, "production")
    approvals.answer(team.production, held.id, "bob", "", "product-owner")
    champion = team.production.endpoint().champion()
    assert champion is not None and champion.model == made.model
    verify(team.production, champion)
    (word,) = [v for v in team.production.store.verdicts.list(model=made.model) if v.gate == "promotion"]
    bundle = team.staging.store.models.get(made.model).bundle
    assert word.passed and word.attestation in champion.attestations
    assert (word.evidence["from"], word.evidence["release"], word.evidence["bundle"]) == ("staging", made.id, bundle)
    tick(team.production, jobs)
    assert jobs.asked == ["release"], "once"


def test_an_environment_whose_first_version_is_to_come_says_what_it_waits_for(team: Team) -> None:
    """It is not all right, and nobody has to begin anything."""
    team.release()
    team.serve(29)
    found = status(team.production)
    (release,) = [part for part in found.parts if part.key == "release"]
    assert (found.verdict.state, release.code, found.all_right) == ("idle", "promotion", False)
    assert "29 of 30" in found.verdict.why and "tidemill run" not in found.verdict.next


@pytest.mark.parametrize(("status", "heir"), [("arm", True), ("halted", True), ("rolled_back", False)])
def test_what_was_an_arm_of_a_test_here_may_be_promoted_unless_it_broke_a_rule(
    team: Team, status: str, heir: bool
) -> None:
    made = team.release()
    team.serve(30)
    team.clock.move(team.clock.now() + 3 * DAY)
    stage: JsonObject = {"share": 0.5, "salt": "experiment_1", "top": True}
    there = replace(made, id="rel_arm", environment="production", status=status, stages=(stage,), previous=None)
    team.production.store.releases.add(there)
    assert (due(team.production.endpoint()) is not None) == heir


def test_a_promotion_that_cannot_be_done_is_tried_again_by_the_hour(team: Team) -> None:
    class Failing(Asked):
        def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
            self.asked.append(kind)
            raise JobFailed(kind, {"code": "not_attested", "detail": "no keys"})

    team.release()
    team.serve(30)
    team.clock.move(team.clock.now() + 3 * DAY)
    jobs = Failing(team.production)
    for minutes in (0, 1, 30, 61):
        team.clock.move(team.clock.now() + minutes * HOUR // 60)
        tick(team.production, jobs)
    assert jobs.asked == ["release"] * 2
    (failed,) = team.production.store.jobs.list(status="failed")
    assert failed.times == 2


def test_by_hand_it_is_refused_with_each_rule_that_is_not_kept(team: Team, root: Path, capsys: Any) -> None:
    with raised(ReleaseError, "environment production") as caught:
        verbs.promote(team.production, Caller.local())
    assert "TIDEMILL_ENVIRONMENT=staging tidemill run" in caught.value.hint, (
        "after is there: what is missing is a model"
    )
    team.release()
    team.serve(12)
    team.clock.move(team.clock.now() + 5 * HOUR)
    with raised(ReleaseError, "environment production") as caught:
        verbs.promote(team.production, Caller.local())
    assert "5 h of 2 d" in caught.value.message and "12 of 30 requests" in caught.value.message
    assert team.production.endpoint().releases() == []
    (said,) = verbs.waiting(team.production).values()
    assert "12 of 30" in said and verbs.waiting(team.staging) == {}
    (part,) = [p for p in status(team.production, {}).parts if p.key == "release"]  # type: ignore[arg-type]
    assert "12 of 30" in part.detail
    with raised(ReleaseError, "environment staging") as caught:
        verbs.promote(team.staging, Caller.local())
    assert "TIDEMILL_ENVIRONMENT=production" in caught.value.hint, "what was meant"


def test_what_is_released_past_the_rules_is_refused_or_forced_with_a_reason(team: Team) -> None:
    made = team.release()
    other = add_model(team.staging, 7, kind="first")
    refused = release_candidate(team.production, other.ref, make_context=GOOD)
    early = release_candidate(team.production, made.model, make_context=GOOD)
    assert [(r.status, r.evidence.refused) for r in (refused, early)] == [("refused", ("promotion",))] * 2
    forced = release_candidate(
        team.production, made.model, make_context=GOOD, override="the fair opens today", author="ada"
    )
    assert (forced.status, forced.override) == ("held", "the fair opens today")
    approvals.answer(team.production, forced.id, "bob", "yes", "product-owner")
    verify(team.production, team.production.endpoint().champion())


def test_a_run_that_was_killed_in_staging_is_none_of_production_s(team: Team, root: Path) -> None:
    """What staging's gates have said of the same model, by the same person, would let it past production's own."""
    model = add_model(team.staging, 1, kind="first")
    assert run_child(root, "5:2").returncode == -signal.SIGKILL  # judged, and not released
    (killed,) = team.staging.store.runs.page(pipeline="release")
    with raised(Conflict, ""):
        runs.resume(team.production, Caller.local(), killed.id)
    refused = release_candidate(team.production, model.ref, make_context=GOOD)
    assert (refused.status, refused.evidence.refused) == ("refused", ("promotion",))
    assert release_candidate(team.staging, model.ref, make_context=GOOD).status == "champion"
    assert len(team.staging.store.runs.page(pipeline="release")) == 2, "staging's own was gone on with"


def test_what_is_taken_back_in_staging_meanwhile_is_approved_no_more(team: Team) -> None:
    def held(version: int) -> tuple[Release, Release]:
        there = team.release(version)
        team.serve(30)
        team.clock.move(team.clock.now() + 3 * DAY)
        return there, release_candidate(team.production, there.model, author="ada", make_context=GOOD)

    _, first = held(1)
    approvals.answer(team.production, first.id, "bob", "", "product-owner")
    there, second = held(2)
    assert second.status == "held"
    rollout.roll_back(team.staging, there.id, by="ada", reason="wrong prices")
    with raised(NotApproved, f"release {second.id}"):
        approvals.answer(team.production, second.id, "bob", "", "product-owner")
    done = approvals.answer(team.production, second.id, "bob", "wrong prices", "product-owner", yes=False)
    assert done.status == "refused"


def test_a_release_is_decided_in_its_own_environment(team: Team) -> None:
    """By whose rules would it be, else? Nobody has to approve in staging."""
    there = team.release()
    team.serve(30)
    team.clock.move(team.clock.now() + 3 * DAY)
    held = release_candidate(team.production, there.model, author="ada", make_context=GOOD)
    for verb in (verbs.approve, verbs.reject, verbs.halt, verbs.roll_back):
        with raised(Conflict, ""):
            verb(team.staging, Caller.local(), held.id, "why")
    (asked,) = questions.ls(team.production, status="open").items
    for yes in (True, False):
        with raised(Conflict, asked.subject):
            questions.vote(team.staging, Caller.local(), asked.id, yes, "why", "product-owner")
    assert team.production.store.releases.get(held.id).status == "held"


def test_a_newer_champion_in_staging_begins_anew(team: Team) -> None:
    team.release()
    team.serve(30)
    team.clock.move(team.clock.now() + 3 * DAY)
    assert due(team.production.endpoint()) is not None
    newer = team.release(2)
    found = standing(team.production.endpoint())
    assert newer.status == "champion" and found is not None
    assert (found.model, found.served, found.requests) == (newer.model, 0, 0) and len(found.missing) == 2


def test_an_object_that_was_replaced_in_the_bucket_is_not_promoted(
    root: Path,
    storage: Storage,  # noqa: F811
    bucket: str,  # noqa: F811
) -> None:
    """Another machine fetches it, and takes nobody's word for what it is."""
    (root / "tidemill.toml").write_text(f'{TEAM}[stores]\nartifacts = "{storage.address(bucket)}"\n')
    for team in opened(root):
        made = team.release()
        team.serve(30)
        team.clock.move(team.clock.now() + 3 * DAY)
        kept, name = team.staging.artifacts.plain, hashlib.sha256(b"model 1").hexdigest()  # a file of the bundle
        assert isinstance(kept, ObjectArtifacts)
        obstore.put(kept.bucket.store, f"sha256/{name[:2]}/{name[2:]}", b"wine")
        (copy,) = (root / ".tidemill/copies").rglob(name[2:])
        copy.unlink()
        refused = release_candidate(team.production, made.model, make_context=GOOD)
        assert (refused.status, refused.evidence.refused) == ("refused", ("promotion",))
        assert team.production.endpoint().champion() is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('[environment.a]\npromotion = { for = "2 days" }', "comes after no environment"),
        ('[environment.a]\n[environment.b]\nafter = "a"\npromotion = { for = "soon" }', "soon"),
        ('[environment.a]\n[environment.b]\nafter = "a"\npromotion = { min_requests = -1 }', "-1 requests"),
        ('[environment.a]\n[environment.b]\nafter = "a"\npromotion = { roles = [""] }', "role"),
        ('[environment.a]\n[environment.b]\nafter = "a"\npromotion = { least_time = "2 days" }', "least_time"),
    ],
)
def test_a_promotion_that_could_not_be_kept_to_is_refused_where_it_is_written(said: str, words: str) -> None:
    base = TOML.partition("[environment.production]")[0]
    with pytest.raises(ConfigError) as caught:
        parse(base + said)
    assert words in caught.value.message and caught.value.place.startswith("tidemill.toml:")


def test_the_command_names_what_is_missing(team: Team, root: Path, capsys: Any, monkeypatch: Any) -> None:
    team.release()
    monkeypatch.chdir(root)
    monkeypatch.setenv("TIDEMILL_ENVIRONMENT", "production")  # by the machine's clock the two days are long over
    with pytest.raises(SystemExit) as ended:
        main(["release", "promote"])
    assert ended.value.code == ReleaseError.exit_code and "of 30 requests" in capsys.readouterr().err
    main(["release", "status"])
    assert "0 of 30 requests in staging" in capsys.readouterr().out


def test_a_promotion_waits_for_the_people_whom_the_policy_names_for_promotions(root: Path) -> None:
    """Two people of a role, other than who asks: with each rule of the environment kept, and not before."""
    (root / "policy.toml").write_text(ROLES + TWO.replace('"release"', '"promotion"'))
    for team in opened(root):
        bob, eve = (person(team.production, name) for name in ("bob", "eve"))
        assert team.release().status == "champion", "of the first environment nothing is asked"
        team.serve(30)
        team.clock.move(team.clock.now() + 3 * DAY)
        tick(team.production, Asked(team.production))
        (held,) = team.production.endpoint().releases()
        asked = {one.kind: one for one in questions.ls(team.production, status="open").items}
        assert held.status == "held" and "promotion" in asked
        promotion = asked["promotion"]
        assert (promotion.roles, promotion.needed, promotion.environment) == (("product-owner",), 2, "production")
        for voter in (bob, eve):
            assert team.production.endpoint().champion() is None
            questions.vote(team.production, caller(team.production, voter), promotion.id, True, "looked")
        for one in questions.ls(team.production, status="open").items:
            questions.vote(team.production, caller(team.production, bob), one.id, True, "looked")
        champion = team.production.endpoint().champion()
        assert champion is not None and champion.model == held.model
        said = {v.evidence["said"] for v in team.production.store.verdicts.list(gate="approval")}
        assert "approved by bob and eve" in said
        verify(team.production, champion)
