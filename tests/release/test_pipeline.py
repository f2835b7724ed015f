"""From a model to its release: gates decide, what a person forces is on record, and a kill changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.raised import raised
from tests.release.made import TOML, add_model
from tests.release.test_gates import Server, case, report
from tests.scope.made import endpoint_of
from tidemill.engine.faults import POINTS
from tidemill.errors import NotAttested, NotFound, ReleaseError, StoreBusy
from tidemill.release import approvals
from tidemill.release.gates.port import CandidateReport, build_context
from tidemill.release.pipeline import release_candidate, verdict_key
from tidemill.release.rollout import rollout
from tidemill.release.signing import attest, trust
from tidemill.scope.project import open_project
from tidemill.types import DAY, HeldClock


def making(candidate: float = 0.31, **changes: Any) -> Any:
    """How a case is built: the real records before gates whose scores are given (the champion's are 0.3)."""

    def make(endpoint, model, champion):
        given = case(candidate=candidate, **changes)

        def score(asked, metric):
            return given.window.score(replace(asked, version=2 if asked.ref == model.ref else 1), metric)

        window = SimpleNamespace(**{**vars(given.window), "score": score})
        return replace(given, candidate=model, champion=champion, endpoint=endpoint, window=window)

    return make


GOOD, BAD = making(), making(candidate=0.2)


def kinds(project):
    return sorted(event.kind for event in project.store.events.list())


def keys_of(project):
    return trust.public_keys(project)


def verify(project, release):
    bundle = project.store.models.get(release.model).bundle
    attest.verify_release(project.store, project.artifacts, keys_of(project), release, bundle)


def test_the_first_model_is_better_than_the_baselines_and_champion(project):
    model = add_model(project, 1, kind="first")
    release = release_candidate(project, model.ref, author="ada", make_context=GOOD)
    assert release.status == "champion" and release.author == "ada"
    assert release.evidence.blessings == {"infrastructure": "blessed", "quality": "blessed"}
    verify(project, release)
    verdicts = {v.gate: (v.passed, v.verdict) for v in project.store.verdicts.list(model=model.ref)}
    loads, better = (True, ""), (True, "promoted")
    assert verdicts == {"infrastructure": loads, "latency": loads, "method": better, "baseline": better}
    assert kinds(project) == ["promoted"]
    edges = project.store.edges.list(source=model.ref)
    assert (f"release:{release.id}", "released") in [(e.target, e.relation) for e in edges]


def second(project, make_context=GOOD, version=2, **more):
    if version == 2:
        release_candidate(project, add_model(project, 1, kind="first").ref, make_context=GOOD)
    return release_candidate(project, add_model(project, version).ref, author="loop", make_context=make_context, **more)


def test_a_good_refit_becomes_a_canary(project):
    release = second(project, decision="decision_7")
    assert (release.status, release.decision) == ("canary", "decision_7")
    assert release.previous == project.store.releases.champion("shop").id
    assert release.evidence.blessings == {"infrastructure": "blessed", "quality": "blessed"}
    verify(project, release)
    (run, _) = project.store.runs.page(pipeline="release")
    assert run.status == "done" and run.parent == "decision_7"


def test_a_bad_one_is_refused_with_evidence(project):
    release = second(project, BAD)
    assert release.status == "refused" and release.ended is not None
    assert release.evidence.refused == ("refit",)
    event = project.store.events.list(kind="refused")[0]
    assert (
        event.data["verdicts"] == {"refit": "worse", "baseline": "promoted"}
        and event.subject == f"release:{release.id}"
    )
    assert rollout.in_progress(project, "shop") is None
    with pytest.raises(ReleaseError):
        rollout.begin(project, release.id, 0)


def test_force_passes_a_refusal_by_hand_and_is_recorded_as_such(project):
    release = second(project, BAD, override="the board wants it")
    assert (release.status, release.override) == ("canary", "the board wants it")
    assert release.evidence.refused == ("refit",)
    assert kinds(project) == ["canary", "override", "promoted"]
    override = project.store.events.list(kind="override")[0]
    assert override.data["reason"] == "the board wants it" and "refit" in override.data["refusals"]
    verdict = next(v for v in project.store.verdicts.list(model=release.model) if v.gate == "refit")
    assert (verdict.passed, verdict.verdict) == (False, "worse") and verdict.evidence["comparison"]["low"] < 0
    verify(project, release)
    envelope = json.loads(project.artifacts.get(release.attestations[-1]))
    word = attest.open_envelope(json.dumps(envelope).encode(), keys_of(project))
    assert word["predicate"]["reason"] == "the board wants it" and word["predicate"]["who"] == "loop"


def test_force_where_nothing_was_refused_is_an_ordinary_release(project):
    release = second(project, GOOD, override="just in case")
    assert release.status == "canary" and release.override is None
    verify(project, release)


def test_nobody_forces_what_the_server_cannot_load(project):
    dead = making(server=Server(CandidateReport(False, ["the server died while loading it"])))
    release = second(project, dead, override="I am sure")
    assert release.status == "refused"
    assert "infrastructure" in release.evidence.refused


@pytest.mark.parametrize("reason", ["", "  "])
def test_force_needs_a_reason(project, reason):
    model = add_model(project, 1)
    with raised(ReleaseError, "") as caught:
        release_candidate(project, model.ref, override=reason, make_context=GOOD)
    assert "--force" in caught.value.hint


def test_an_unknown_model(project):
    with pytest.raises(NotFound):
        release_candidate(project, "model:shop@9", make_context=GOOD)


def test_released_twice_is_one_release_and_a_refusal_is_not_judged_again(project, make):
    release = second(project)
    assert release_candidate(project, release.model, make_context=GOOD).id == release.id
    refused = second(project, BAD, version=3)
    runs = project.store.runs.page(pipeline="release")
    again = release_candidate(project, refused.model, make_context=BAD)
    assert again == refused and project.store.runs.page(pipeline="release") == runs, "no verdict, no run, no line"
    override = release_candidate(project, refused.model, make_context=BAD, override="now")
    assert override.status == "canary" and override.id not in (refused.id, again.id)
    assert project.store.releases.get(release.id).status == "halted"


def test_ids_come_from_what_is_released(project, make):
    other = make(name="twin")
    assert second(project).id == second(other).id


def test_approval_holds_the_release(make):
    project = make(TOML + '[gates]\napproval = { roles = ["product-owner"] }\n', "bank")
    release = release_candidate(project, add_model(project, 1, kind="first").ref, author="ada", make_context=GOOD)
    assert release.status == "held" and kinds(project) == ["held"]
    with raised(NotAttested, f"release {release.id}", reason="not_approved"):
        verify(project, release)
    done = approvals.answer(project, release.id, "bob", "looks right")
    assert done.status == "champion"
    verify(project, done)
    assert kinds(project) == ["approved", "held", "promoted"]


def test_a_gate_that_raises_leaves_the_champion_where_it_is(project):
    def score(model, metric):
        raise ZeroDivisionError("in the learner's own code")

    release = second(project, making(score=score))
    assert release.status == "refused"
    assert project.store.releases.champion("shop").model == "model:shop@1"


def test_a_store_that_is_away_says_nothing_of_a_candidate(project):
    def score(model, metric):
        raise StoreBusy("away", place="s3://models")

    with pytest.raises(StoreBusy):
        second(project, making(score=score))
    assert [r.model for r in project.store.releases.list(endpoint="shop")] == ["model:shop@1"]
    assert release_candidate(project, "model:shop@2", make_context=GOOD).status == "canary", "judged when it is back"


CHILD = """
import sys
from pathlib import Path
from types import SimpleNamespace
from tidemill.scope.project import open_project
from tidemill.types import DAY, HeldClock
from tidemill.release.pipeline import release_candidate, verdict_key
from tests.release.test_pipeline import GOOD
with open_project(Path(sys.argv[1]), clock=HeldClock(100 * DAY)) as project:
    print(release_candidate(project, "model:shop@1", make_context=GOOD).id)
"""


def run_child(root: Path, fault: str = "") -> subprocess.CompletedProcess[str]:
    here = str(Path(__file__).parents[2])
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]),
        **({"TIDEMILL_FAULT": fault} if fault else {}),
    }
    return subprocess.run([sys.executable, "-c", CHILD, str(root)], capture_output=True, text=True, env=env)


@pytest.mark.parametrize(
    "fault", ["6:2", "9", *(pytest.param(fault, marks=pytest.mark.nightly) for fault in ("2", "2:2"))]
)
def test_killed_anywhere_it_is_the_same_run_and_one_release(project, fault):
    add_model(project, 1, kind="first")
    killed = run_child(project.root, fault)
    assert killed.returncode == -signal.SIGKILL, (POINTS[int(fault.split(":")[0])], killed.stderr)
    before = [run.id for run in project.store.runs.page(pipeline="release")]
    done = run_child(project.root)
    assert done.returncode == 0, done.stderr
    runs = project.store.runs.page(pipeline="release")
    assert [run.id for run in runs] == before or fault == "9"
    assert {run.status for run in runs} == {"done"}
    (release,) = project.store.releases.list(endpoint="shop")
    assert release.id == done.stdout.strip() and release.status == "champion"
    assert kinds(project) == ["promoted"]
    gates = [v.gate for v in project.store.verdicts.list(model="model:shop@1")]
    assert len(gates) == len(set(gates)) >= 4
    verify(project, release)


def test_the_project_can_be_opened_again(project):
    release = second(project)
    with open_project(project.root, clock=HeldClock(101 * DAY)) as again:
        assert again.store.releases.get(release.id) == release


def ends(code: int, *words: str) -> None:
    """The command ends with this code."""
    from tidemill.cli.main import main

    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert end.value.code == code


def test_what_is_asked_otherwise_is_judged_again(project):
    """The key of a verdict: candidate, champion, data, what the gates ask."""
    refused = second(project, BAD)
    scope, model = project.endpoint(), project.store.models.get(refused.model)
    champion = project.store.models.get("model:shop@1")
    key = verdict_key(scope, model, champion)
    (refit,) = [v for v in project.store.verdicts.list(model=model.ref) if v.gate == "refit"]
    assert refit.evidence["key"] == key
    for other in (
        verdict_key(scope, replace(model, data=("dataset:sales@2",)), champion),
        verdict_key(scope, model, replace(champion, evaluation_bundle="sha256:00")),
        verdict_key(scope, model, None),
        verdict_key(
            replace(scope, config=endpoint_of(TOML + "[gates]\nrefit = { confidence = 0.5 }\n").config), model, champion
        ),
    ):
        assert other != key


@pytest.mark.parametrize("first", [False, True])
def test_a_method_that_is_asked_otherwise_is_looked_at_again(project, first):
    """What was said by one metric, or at one level, is no answer by another."""
    champion = None
    if not first:
        release_candidate(project, add_model(project, 1, kind="first").ref, make_context=GOOD)
        champion = project.store.models.get("model:shop@1")
    equal = making(candidate=0.3, popularity=0.3)
    other = {"recipe": {"method": "other"}, "kind": "method"}
    release_candidate(project, add_model(project, 2, **other).ref, make_context=equal)
    scope, later = project.endpoint(), add_model(project, 3, **other)
    earlier = build_context(scope, later, champion).earlier
    assert earlier is not None and earlier.looks == 1
    changes = ['method = { metric = "ndcg@10" }', "method = { confidence = 0.8 }"]
    for said in [*changes, *(['baseline = { superior_to = "buy-again" }'] if first else [])]:
        asked = replace(scope, config=endpoint_of(f"{TOML}[gates]\n{said}\n").config)
        assert build_context(asked, later, champion).earlier is None, said


def test_a_refusal_says_which_gate_and_why_of_its_own_attempt_alone(project, monkeypatch, capsys):
    from tidemill.cli.main import main
    from tidemill.model.registry import refusals, verdicts_of
    from tidemill.retrain.run_all import RunSummary

    class Data:
        dataset, version = "sales", 1

    slow = making(server=Server(replace(Server(report()).report, latency_us=[900_000] * 50)))
    refused = second(project, make_context=slow)
    model = project.store.models.get(refused.model)
    assert refused.status == "refused" and list(refusals(project, refused)) == ["latency"]
    monkeypatch.setattr(
        "tidemill.retrain.run_all.run_every",
        lambda project, on_event, author: {"shop": RunSummary(Data(), model, refused)},
    )
    where = ["--project", str(project.root)]
    ends(ReleaseError.exit_code, "run", *where)
    shown = capsys.readouterr().out
    assert "the gates refused it:" in shown and refusals(project, refused)["latency"] in shown
    ends(ReleaseError.exit_code, "run", *where, "--json")
    assert json.loads(capsys.readouterr().out)["refused_by"] == refusals(project, refused)
    again = release_candidate(project, model.ref, make_context=GOOD)
    assert len(verdicts_of(project, again)) == len(verdicts_of(project, refused)) == 4
    assert refusals(project, again) == {}
    for asked in (["release", "status"], ["models", "show", "2"]):
        main([*asked, *where, "--json"])
    main(["release", "status", *where])
    assert refusals(project, refused)["latency"][:20] in capsys.readouterr().out
    main(["models", "show", "2", *where])
    assert again.id in capsys.readouterr().out
