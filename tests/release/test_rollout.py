"""A release goes forward on evidence, back on evidence, and the endpoint never has two champions or loses its one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.raised import raised
from tests.release.evidence import pair
from tests.release.made import TOML, add_model, hold, sign
from tidemill.errors import DiskFull, NotApproved, NotAttested, ReleaseError, StoreError
from tidemill.model.registry import aliases
from tidemill.release import approvals
from tidemill.release.gates.compare import Comparison
from tidemill.release.rollout import rollout
from tidemill.release.rollout.rules import Arm
from tidemill.release.signing import attest, trust
from tidemill.release.variants import choose, takes
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.types import DAY, HeldClock


def values(n, level, people=40):
    """Recalls of n answers around a level, spread over people."""
    pattern = (0.0, 0.5 * level, level, 1.5 * level, 2 * level)
    return tuple(pattern[(i * 7) % 5] for i in range(n)), tuple(f"p{i % people}" for i in range(n))


def evidence(release, n=120, level=0.3, other=0.3, errors=0, in_stage=100, latency=5_000):
    canary = Arm(n, errors, (latency,) * n, *values(n, level))
    return pair(release.id, canary, Arm(2 * n, 0, (5_000,) * n, *values(2 * n, other)), in_stage)


@pytest.fixture
def first(project):
    release = hold(project, add_model(project, 1), "release_1")
    rollout.begin(project, release.id, project.clock.now())
    return project.store.releases.get(release.id)


@pytest.fixture
def canary(project, first):
    release = hold(project, add_model(project, 2), "release_2")
    rollout.begin(project, release.id, project.clock.now())
    return project.store.releases.get(release.id)


def later(project, days):
    project.clock.move(project.clock.now() + round(days * DAY))
    return project.clock.now()


def kinds(events):
    return [event.kind for event in events]


def test_the_first_release_is_champion_at_once(project, first):
    assert first.status == "champion" and first.started == project.clock.now()
    assert aliases(project, "shop")["champion"] == 1
    assert rollout.watched(project, "shop") is None
    assert rollout.check(project, "shop", project.clock.now(), None) == []


def test_a_second_release_begins_as_a_canary(project, canary):
    assert (canary.status, canary.stage) == ("canary", 0)
    assert aliases(project, "shop") == {"champion": 1, "challenger": 2}


def test_arms_follow_the_share_and_a_subject_stays_as_it_grows(first, canary):
    subjects = [str(n) for n in range(12_000, 16_000)]
    quarter = {s for s in subjects if takes(canary, s)}
    half = {s for s in subjects if takes(replace(canary, stage=1), s)}
    assert quarter < half
    assert len(quarter) / 4000 == pytest.approx(0.25, abs=0.03)
    assert len(half) / 4000 == pytest.approx(0.5, abs=0.03)
    assert {choose([], s) for s in subjects} == {"champion"}
    other = {s for s in subjects if takes(replace(canary, id="release_9"), s)}
    assert len(other & quarter) / len(quarter) == pytest.approx(0.25, abs=0.06)  # another release, other subjects


def test_a_stage_ends_after_its_time_and_its_requests(project, canary):
    now = later(project, 1.9)
    assert rollout.check(project, "shop", now, evidence(canary)) == []
    now = later(project, 0.1)
    assert rollout.check(project, "shop", now, evidence(canary, in_stage=19)) == []
    (event,) = rollout.check(project, "shop", now, evidence(canary, in_stage=20))
    assert (event.kind, event.data["share"]) == ("stage", 0.5)
    after = project.store.releases.get(canary.id)
    assert (after.stage, after.stage_since, after.status) == (1, now, "canary")
    assert after.evidence.stages[0]["in_stage"] == 20


def to_champion(project, canary):
    events = []
    for days in (2, 1):
        events += rollout.check(project, "shop", later(project, days), evidence(canary))
    return events


def test_the_last_stage_is_the_promotion_and_then_it_bakes(project, first, canary):
    assert kinds(to_champion(project, canary)) == ["stage", "promoted"]
    champion = project.store.releases.champion("shop")
    assert (champion.id, champion.previous) == (canary.id, first.id)
    assert project.store.releases.get(first.id).status == "superseded"
    assert aliases(project, "shop") == {"champion": 2}
    assert rollout.watched(project, "shop").id == canary.id
    assert rollout.check(project, "shop", later(project, 6.9), evidence(canary)) == []
    assert kinds(rollout.check(project, "shop", later(project, 0.1), evidence(canary))) == ["baked"]
    assert rollout.watched(project, "shop") is None


@pytest.mark.parametrize(
    ("bad", "word"),
    [({"level": 0.02}, "hit rate"), ({"errors": 12}, "failed"), ({"latency": 80_000}, "50 ms")],
)
def test_a_bad_canary_is_rolled_back_before_its_stage_ends(project, first, canary, bad, word):
    (event,) = rollout.check(project, "shop", later(project, 0.5), evidence(canary, **bad))
    assert event.kind == "rolled_back" and word in event.data["reason"]
    assert event.data["champion"] == first.id
    assert aliases(project, "shop") == {"champion": 1}
    assert project.store.releases.get(canary.id).status == "rolled_back"
    assert project.store.releases.champion("shop").id == first.id
    assert rollout.watched(project, "shop") is None


def test_a_bad_champion_is_rolled_back_in_its_bake(project, first, canary):
    to_champion(project, canary)
    (event,) = rollout.check(project, "shop", later(project, 3), evidence(canary, level=0.05))
    assert event.kind == "rolled_back"
    assert project.store.releases.champion("shop").id == first.id
    assert aliases(project, "shop")["champion"] == 1


def test_a_loop_that_slept_over_the_end_of_a_bake_judges_it_all_the_same(project, first, canary):
    """Where no pairs are made the rules are all that there is: a bake does not end on nothing."""
    to_champion(project, canary)
    (event,) = rollout.check(project, "shop", later(project, 8), evidence(canary, level=0.05))
    assert event.kind == "rolled_back" and project.store.releases.champion("shop").id == first.id


SEEN = Comparison("recall@20", 0.3, 0.3, 0.0, 0.02, -0.04, 0.04, 300, 200)
WORSE = replace(SEEN, candidate=0.27, gain=-0.1, low=-0.14, high=-0.06)


@pytest.fixture
def baking(make):
    """A new champion, where live pairs may be made."""
    project = make(TOML.replace('metric = "recall@20"', 'metric = "recall@20"\nshown_moves_outcomes = false'))
    for version in (1, 2):
        rollout.begin(project, hold(project, add_model(project, version), f"release_{version}").id, 100 * DAY)
    to_champion(project, project.store.releases.get("release_2"))
    return project


def test_with_live_pairs_a_champion_bakes_for_a_test_span_and_until_their_labels_are_mature(baking):
    champion, started = baking.store.releases.champion("shop"), baking.clock.now()
    assert champion.id == "release_2" and champion.evidence.bake_until == started + 28 * DAY + DAY
    kept = replace(evidence(champion), pairs=SEEN, margin=0.02)
    assert rollout.check(baking, "shop", later(baking, 28.9), kept) == []
    (event,) = rollout.check(baking, "shop", later(baking, 0.1), kept)
    assert event.kind == "baked" and [f["rule"] for f in event.data["findings"]] == ["not worse, 2 %"]


def test_a_champion_that_its_pairs_show_worse_is_rolled_back(baking):
    champion = baking.store.releases.champion("shop")
    unseen = evidence(champion, level=0.27)  # of arms nobody sees a tenth
    assert rollout.check(baking, "shop", later(baking, 3), replace(unseen, pairs=SEEN, margin=0.02)) == []
    (event,) = rollout.check(baking, "shop", later(baking, 1), replace(unseen, pairs=WORSE, margin=0.02))
    assert event.kind == "rolled_back" and baking.store.releases.champion("shop").id == "release_1"
    (broken,) = [f for f in event.data["findings"] if f["broken"]]
    assert broken["rule"] == "not worse, 2 %" and broken["figures"]["gain"] == -0.1


def test_a_canary_that_its_pairs_show_worse_is_rolled_back_before_its_arm_is_large_enough(project, first, canary):
    few = evidence(canary, n=6, level=0.27, in_stage=6)
    assert rollout.check(project, "shop", later(project, 0.5), replace(few, pairs=SEEN, margin=0.02)) == []
    (event,) = rollout.check(project, "shop", later(project, 0.5), replace(few, pairs=WORSE, margin=0.02))
    assert event.kind == "rolled_back" and project.store.releases.champion("shop").id == first.id


def test_after_a_week_the_rules_of_the_arms_judge_a_champion_no_more(baking):
    """What they compare with is the weeks before the release: another season by then. The pairs go on."""
    champion = baking.store.releases.champion("shop")
    terrible = evidence(champion, level=0.05)
    assert rollout.check(baking, "shop", later(baking, 7), terrible) == []
    assert kinds(rollout.check(baking, "shop", baking.clock.now(), replace(terrible, pairs=WORSE, margin=0.02))) == [
        "rolled_back"
    ]


def test_a_canary_too_small_to_be_judged_waits_says_so_once_and_does_not_wait_for_ever(project, canary):
    little = evidence(canary, n=6, in_stage=20)
    (event,) = rollout.check(project, "shop", later(project, 2), little)
    assert event.kind == "underpowered" and "underpowered" in event.data["reason"]
    assert rollout.check(project, "shop", later(project, 1), little) == []
    assert kinds(rollout.check(project, "shop", later(project, 7), little)) == ["stage"]


def speaks_against(release):
    """Twelve answers that hit nearly nothing beside thirty-six that hit a third: no proof, and no reason to go on."""
    few = Arm(12, 0, (), (0.2, *[0.0] * 11), tuple(f"n{i}" for i in range(12)))
    many = Arm(36, 0, (), tuple([0.0, 0.3, 0.7] * 12), tuple(f"o{i}" for i in range(36)))
    return pair(release.id, few, many, in_stage=20)


def test_a_canary_that_the_evidence_speaks_against_waits_and_is_never_promoted(project, first, canary):
    doubts = speaks_against(canary)
    (event,) = rollout.check(project, "shop", later(project, 2), doubts)
    assert event.kind == "doubtful" and "doubtful: 0.017 against 0.333" in event.data["reason"]
    assert rollout.check(project, "shop", later(project, 1), doubts) == []
    (event,) = rollout.check(project, "shop", later(project, 7), doubts)
    assert event.kind == "halted" and event.data["by"] == "rule" and "doubtful" in event.data["reason"]
    assert project.store.releases.champion("shop").id == first.id
    assert project.store.releases.get(canary.id).status == "halted"


def test_a_doubt_that_goes_away_holds_nothing_back(project, canary):
    assert kinds(rollout.check(project, "shop", later(project, 2), speaks_against(canary))) == ["doubtful"]
    assert kinds(rollout.check(project, "shop", later(project, 1), evidence(canary))) == ["stage"]


def spoil(project, release):
    """Other bytes in one file of the release's bundle."""
    path = project.artifacts.path(part_of(project, release))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"?")


def part_of(project, release):
    bundle = project.store.models.get(release.model).bundle
    return get_bundle(project.artifacts, bundle).manifest["files"]["model.bin"]


@pytest.mark.parametrize("in_stage", [0, 20])
def test_a_damaged_canary_is_halted_at_the_next_look_whatever_it_answered_before(project, first, canary, in_stage):
    spoil(project, canary)
    (event,) = rollout.check(project, "shop", later(project, 2), evidence(canary, in_stage=in_stage))
    assert event.kind == "halted" and event.data["reason"].startswith("damaged: ") and event.data["by"] == "rule"
    assert project.store.releases.get(canary.id).status == "halted"
    assert project.store.releases.champion("shop").id == first.id
    assert rollout.watched(project, "shop") is None


def test_a_canary_whose_signature_is_gone_is_halted(project, canary):
    project.store.releases.update(canary.id, attestations=canary.attestations[1:])
    (event,) = rollout.check(project, "shop", later(project, 2), evidence(canary))
    assert event.kind == "halted" and "'refit' is missing" in event.data["reason"]


def test_a_champion_damaged_in_its_bake_gives_way_to_the_one_before_where_that_is_whole(project, first, canary):
    to_champion(project, canary)
    kept = project.artifacts.path(part_of(project, first))
    good = kept.read_bytes()
    spoil(project, canary)
    spoil(project, first)
    (event,) = rollout.check(project, "shop", later(project, 8), evidence(canary))
    assert event.kind == "damaged" and event.data["reason"].startswith("damaged: ")
    assert rollout.check(project, "shop", later(project, 1), evidence(canary)) == [], "it is said once"
    assert project.store.releases.champion("shop").id == canary.id
    kept.write_bytes(good)
    (event,) = rollout.check(project, "shop", later(project, 1), evidence(canary))
    assert event.kind == "rolled_back" and event.data["reason"].startswith("damaged: ")
    assert project.store.releases.champion("shop").id == first.id


def test_a_broken_rule_takes_a_release_back_whether_or_not_its_files_can_be_read(project, first, canary, monkeypatch):
    def unreadable(*args):
        raise StoreError("the disk does not answer")

    monkeypatch.setattr("tidemill.release.signing.unfit.get_bundle", unreadable)
    (event,) = rollout.check(project, "shop", later(project, 2), evidence(canary, level=0.02))
    assert event.kind == "rolled_back" and "hit rate" in event.data["reason"]


def test_a_damaged_canary_is_halted_on_a_full_disk(project, canary, monkeypatch):
    spoil(project, canary)
    transact, fulls = project.store.transact, [1, 2]

    def full(work, by=""):
        if fulls:
            raise DiskFull(f"no room {fulls.pop()}")
        return transact(work, by)

    monkeypatch.setattr(project.store, "transact", full)
    assert kinds(rollout.check(project, "shop", later(project, 2), evidence(canary))) == ["halted"] and not fulls


def test_without_the_machines_keys_nothing_is_said_about_a_release(project, first, canary, home):
    (home / "keys").rename(home / "elsewhere")
    with raised(NotAttested, str(project.keys_dir)):
        rollout.check(project, "shop", later(project, 2), evidence(canary))
    assert project.store.releases.get(canary.id).status == "canary"
    (home / "elsewhere").rename(home / "keys")
    assert kinds(rollout.check(project, "shop", later(project, 0), evidence(canary))) == ["stage"]


def test_a_store_that_cannot_be_read_says_nothing_about_a_release(project, canary, monkeypatch):
    def busy(*args):
        raise StoreError("the disk does not answer")

    monkeypatch.setattr("tidemill.release.signing.unfit.get_bundle", busy)
    with pytest.raises(StoreError):
        rollout.check(project, "shop", later(project, 2), evidence(canary))
    assert project.store.releases.get(canary.id).status == "canary"


def test_a_canary_without_its_requests_is_halted_when_patience_ends(project, first, canary):
    assert rollout.check(project, "shop", later(project, 19.9), evidence(canary, in_stage=19)) == []
    (event,) = rollout.check(project, "shop", later(project, 0.1), evidence(canary, in_stage=19))
    assert event.kind == "halted" and event.data["by"] == "rule"
    assert event.data["reason"] == "too few requests: 19 of at least 20 since 1970-04-11T00:00:00Z"
    assert project.store.releases.champion("shop").id == first.id


def test_evidence_about_another_release_is_refused(project, first, canary):
    with raised(ReleaseError, "") as caught:
        rollout.check(project, "shop", project.clock.now(), evidence(first))
    assert canary.id in str(caught.value)
    with pytest.raises(ReleaseError):
        rollout.check(project, "shop", project.clock.now(), None)


def test_a_newer_candidate_halts_the_canary(project, canary):
    newer = hold(project, add_model(project, 3), "release_3")
    assert kinds(rollout.begin(project, newer.id, project.clock.now())) == ["halted", "canary"]
    assert project.store.releases.get(canary.id).status == "halted"
    assert aliases(project, "shop") == {"champion": 1, "challenger": 3}
    assert rollout.in_progress(project, "shop").id == newer.id


def test_rolling_the_champion_back_halts_the_canary_that_was_compared_with_it(project, first, canary):
    to_champion(project, canary)
    third = hold(project, add_model(project, 3), "release_3")
    rollout.begin(project, third.id, project.clock.now())
    events = rollout.roll_back(project, canary.id, by="ada", reason="complaints")
    assert kinds(events) == ["halted", "rolled_back"]
    assert events[1].data["by"] == "ada"
    assert project.store.releases.champion("shop").id == first.id
    assert rollout.in_progress(project, "shop") is None
    assert aliases(project, "shop") == {"champion": 1}


def test_the_only_release_cannot_be_rolled_back(project, first):
    with raised(ReleaseError, "") as caught:
        rollout.roll_back(project, first.id, by="ada", reason="no")
    assert first.id in str(caught.value) and "tidemill release start" in caught.value.hint
    assert project.store.releases.champion("shop").id == first.id


def test_what_has_ended_cannot_be_rolled_back_or_halted_again(project, canary):
    rollout.halt(project, canary.id, by="ada", reason="not now")
    for verb in (rollout.halt, rollout.roll_back):
        with raised(ReleaseError, "shop", hint=False) as caught:
            verb(project, canary.id, by="ada", reason="again")
        assert canary.id in str(caught.value) and "halted" in str(caught.value)


def test_a_release_compared_with_another_champion_does_not_start(project, canary):
    held = hold(project, add_model(project, 3), "release_3")
    to_champion(project, canary)  # it is over with that: nobody could let it begin any more
    assert project.store.releases.get(held.id).status == "halted"
    held = hold(project, add_model(project, 4), "release_4")
    rollout.roll_back(project, canary.id, by="ada", reason="complaints")
    with raised(ReleaseError, "release release_4"):
        rollout.begin(project, held.id, project.clock.now())
    assert project.store.releases.get(held.id).status == "held"


def test_somebody_who_was_faster_by_hand_wins(project, canary, monkeypatch):
    """Between looking and writing the canary is halted by hand: the check changes nothing."""
    judge = rollout.judge

    def slow(*args):
        rollout.halt(project, canary.id, by="ada", reason="faster")
        return judge(*args)

    monkeypatch.setattr(rollout, "judge", slow)
    assert rollout.check(project, "shop", later(project, 2), evidence(canary)) == []
    assert project.store.releases.get(canary.id).status == "halted"


def test_every_change_comes_with_its_event_or_not_at_all(project, canary, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("no room")

    monkeypatch.setattr(project.store.events, "add", full)
    with pytest.raises(OSError) as caught:
        rollout.check(project, "shop", later(project, 2), evidence(canary, level=0.0))
    assert caught.value.args == ("no room",)
    assert project.store.releases.get(canary.id).status == "canary"


def test_approval_holds_and_starts(make, tmp_path):
    project = make(TOML + '[gates]\napproval = { roles = ["product-owner", "dpo"] }\n', "bank")
    model = add_model(project, 1)
    signed = sign(project, model, "r1", approval=["product-owner", "dpo"])
    release = hold(project, model, "r1", attestations=signed)
    with raised(NotApproved, "release r1"):
        approvals.answer(project, release.id, "bob", "fine")
    with pytest.raises(NotApproved):
        approvals.answer(project, release.id, "bob", "fine", role="intern")
    done = approvals.answer(project, release.id, "bob", "fine", role="dpo")
    assert done.status == "champion"
    assert done.evidence.approved["self_approved"] is False
    keys = trust.public_keys(project)
    attest.verify_release(project.store, project.artifacts, keys, done, model.bundle)
    (verdict,) = project.store.verdicts.list(model=model.ref)
    assert verdict.passed and verdict.blessing == "approval" and verdict.attestation == done.attestations[-1]
    with raised(ReleaseError, "shop", hint=False) as caught:
        approvals.answer(project, release.id, "bob", "again", role="dpo")
    assert release.id in str(caught.value) and "champion" in str(caught.value)


def test_the_author_alone_is_recorded_as_self_approved(make):
    project = make(TOML + '[gates]\napproval = { roles = ["owner"] }\n', "bank")
    model = add_model(project, 1)
    hold(project, model, "r1", attestations=sign(project, model, "r1", approval=["owner"]))
    done = approvals.answer(project, "r1", "ada", "I am alone here")
    (question,) = project.store.approvals.list(subject="release:r1")
    assert done.evidence.approved | {"at": 0} == {
        "approval": question.id, "release": "r1", "decision": "approved", "who": "ada", "role": "owner", "reason": "I am alone here",
        "self_approved": True, "at": 0,
    }  # fmt: skip


def test_a_rejected_release_ends(make):
    project = make(TOML + '[gates]\napproval = { roles = ["owner"] }\n', "bank")
    model = add_model(project, 1)
    hold(project, model, "r1", attestations=sign(project, model, "r1", approval=["owner"]))
    done = approvals.answer(project, "r1", "bob", "too early", yes=False)
    assert done.status == "refused" and done.ended == project.clock.now()
    assert project.store.releases.champion("shop") is None
    with pytest.raises(ReleaseError):
        rollout.begin(project, "r1", project.clock.now())


class Life(RuleBasedStateMachine):
    """Any order of candidates, checks, hands and time: one champion, at most one canary, and every canary can end."""

    def __init__(self) -> None:
        super().__init__()
        root = self.root = Path(mkdtemp())
        self.home = os.environ.get("TIDEMILL_HOME")
        os.environ["TIDEMILL_HOME"] = str(root / "home")
        (root / "tidemill.toml").write_text(TOML)
        self.clock = HeldClock(100 * DAY)
        self.project = open_project(root, clock=self.clock)
        self.n = 0

    def teardown(self) -> None:
        self.project.close()
        rmtree(self.root)
        os.environ.pop("TIDEMILL_HOME")
        if self.home is not None:
            os.environ["TIDEMILL_HOME"] = self.home

    def candidate(self) -> None:
        self.n += 1
        release = hold(self.project, add_model(self.project, self.n), f"r{self.n:03}")
        rollout.begin(self.project, release.id, self.clock.now())

    @initialize()
    def begin(self) -> None:
        self.candidate()

    @rule()
    def another(self) -> None:
        self.candidate()

    @rule(
        days=st.sampled_from([0.2, 1.0, 3.0, 8.0]),
        n=st.sampled_from([0, 4, 60, 200]),
        level=st.sampled_from([0.0, 0.28, 0.3]),
        errors=st.sampled_from([0, 0, 0, 4]),
        in_stage=st.sampled_from([0, 20, 40]),
    )
    def time_passes(self, days: float, n: int, level: float, errors: int, in_stage: int) -> None:
        self.clock.move(self.clock.now() + round(days * DAY))
        release = rollout.watched(self.project, "shop")
        seen = None if release is None else evidence(release, n, level, errors=min(errors, n), in_stage=in_stage)
        rollout.check(self.project, "shop", self.clock.now(), seen)

    @precondition(lambda self: rollout.in_progress(self.project, "shop") is not None)
    @rule()
    def halted_by_hand(self) -> None:
        rollout.halt(self.project, rollout.in_progress(self.project, "shop").id, by="ada", reason="by hand")

    @rule()
    def rolled_back_by_hand(self) -> None:
        champion = self.project.store.releases.champion("shop")
        if champion.previous is None:
            with pytest.raises(ReleaseError):
                rollout.roll_back(self.project, champion.id, by="ada", reason="by hand")
        else:
            rollout.roll_back(self.project, champion.id, by="ada", reason="by hand")

    @rule()
    def all_goes_well_until_the_end(self) -> None:
        """From anywhere, good evidence ends what is under way within bounded time."""
        for _ in range(5):
            release = rollout.watched(self.project, "shop")
            if release is None:
                return
            self.clock.move(self.clock.now() + 8 * DAY)
            rollout.check(self.project, "shop", self.clock.now(), evidence(release, 200, in_stage=100))
        assert rollout.watched(self.project, "shop") is None

    @invariant()
    def one_champion(self) -> None:
        if not self.n:
            return
        releases = self.project.store.releases.list(endpoint="shop")
        counts = Counter(release.status for release in releases)
        assert counts["champion"] == 1
        assert counts["canary"] <= 1
        assert counts["held"] == 0
        champion = self.project.store.releases.champion("shop")
        by_id = {release.id: release for release in releases}
        for release in releases:
            assert (release.ended is None) == (release.status in ("champion", "canary"))
            if release.status == "canary":
                assert release.previous == champion.id
        if champion.previous is not None:
            assert by_id[champion.previous].status == "superseded"


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=5, stateful_step_count=20, deadline=None, derandomize=True)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
class TestLongLife(Life.TestCase):
    settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
