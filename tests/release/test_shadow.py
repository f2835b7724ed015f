"""A candidate that its gate could not decide on: asked beside the champion, looked at by pairs, released or closed; it never answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.release.made import TOML, add_model
from tests.release.test_gates import OTHER, Server, scores
from tests.release.test_pipeline import GOOD, ends, kinds, making, second, verify
from tidemill.cli.main import main
from tidemill.errors import NotAttested, ReleaseError
from tidemill.model.registry import verdicts_of
from tidemill.release import shadow
from tidemill.release.gates.compare import Comparison, together
from tidemill.release.gates.port import CandidateReport
from tidemill.release.pairs import Pairs
from tidemill.release.pipeline import release_candidate
from tidemill.release.rollout import change, rollout
from tidemill.release.shadow import LOOKS, look, shadow_of
from tidemill.retrain import evidence
from tidemill.retrain.run_all import RunSummary
from tidemill.types import DAY

FAIR = TOML.replace('metric = "recall@20"', 'metric = "recall@20"\nshown_moves_outcomes = false')
APPROVED = FAIR + '[gates]\napproval = { roles = ["owner"] }\n'
FEW: dict[str, Any] = {
    "score": lambda model, metric: scores(0.3, 30, model.version),
    "fitted": lambda recipe, metric: scores(0.1, 30, 9),
    "past_refits": lambda champion, metric: [],
}
UNDECIDED = making(**FEW)


@pytest.fixture
def fair(make):
    return make(FAIR)


def live(gain: float, n: int = 400, seed: int = 3, unanswered: int = 0) -> Pairs:
    """So many pairs whose candidate gains this share."""
    rng = np.random.default_rng(seed)
    old = 0.3 + rng.normal(0, 0.02, n)
    new = old * (1 + gain) + rng.normal(0, 0.02, n)
    why = {"model:shop@2": {"model": unanswered}} if unanswered else {}
    units = np.arange(n).astype(str)
    return Pairs(
        "recall@20", "model:shop@2", "model:shop@1", new, old, units, np.arange(n), of=n, unanswered=why, digest="d"
    )


def dark(project, make_context=UNDECIDED, **more):
    release = second(project, make_context, **more)
    assert release.status == "shadow", [v.evidence["said"] for v in verdicts_of(project, release)]
    return release


def looked(project, release, found, now=110 * DAY):
    return look(project.endpoint(), project.store.releases.get(release.id), found, now)


def stands(project, release):
    found = project.store.releases.get(release.id)
    return found.status, found.evidence.shadow.ended


def test_what_the_gate_could_not_decide_is_in_shadow_and_may_not_be_served(fair):
    release = dark(fair)
    found = release.evidence.shadow
    assert (found.gate, found.metric, found.next, found.looks) == ("refit", "recall@20", 15, ())
    assert (found.since, found.until) == (100 * DAY, 128 * DAY) and release.ended is None
    assert release.evidence.refused == ("refit",) and kinds(fair) == ["promoted", "shadow"]
    assert shadow_of(fair.endpoint()) == release and rollout.in_progress(fair, "shop") is None
    with pytest.raises(NotAttested):
        verify(fair, release)
    assert release_candidate(fair, release.model, make_context=GOOD) == release, "it is on its way already"


def test_a_look_that_promotes_signs_a_new_verdict_and_sends_it_on_its_way(fair):
    release = dark(fair)
    events = looked(fair, release, live(0.03))
    found = fair.store.releases.get(release.id)
    assert found.status == "canary" and [e.kind for e in events] == ["look", "canary"]
    verify(fair, found)
    verdicts = {v.gate: v for v in verdicts_of(fair, found)}
    assert len(verdicts) == 4 and verdicts["refit"].verdict == "promoted"
    told = verdicts["refit"].evidence
    assert told["comparison"]["requests"] == 430 and told["window"]["requests"] == 30
    assert told["shadow"] == {"pairs": 400, "of": 400, "unanswered": {}, "digest": "d"}
    both = [v.verdict for v in fair.store.verdicts.list(model=release.model) if v.gate == "refit"]
    assert both == ["not_enough_data", "promoted"], "what was said first is kept"
    assert (found.evidence.refused, found.evidence.blessings["quality"]) == ((), "blessed")
    assert stands(fair, release) == ("canary", "promoted")


def test_where_somebody_must_approve_a_look_holds_it(make):
    project = make(APPROVED)
    release_candidate(project, add_model(project, 1, kind="first").ref, make_context=GOOD)
    from tidemill.release.approvals import answer

    answer(project, project.store.releases.list()[0].id, "bob", "yes", "owner")
    release = release_candidate(project, add_model(project, 2).ref, author="loop", make_context=UNDECIDED)
    assert release.status == "shadow"
    assert [e.kind for e in looked(project, release, live(0.03))] == ["look", "held"]
    held = project.store.releases.get(release.id)
    assert held.status == "held" and answer(project, held.id, "bob", "looked at it", "owner").status == "canary"
    verify(project, project.store.releases.get(release.id))


def test_a_look_that_finds_it_worse_closes_it_with_that_verdict(fair):
    release = dark(fair)
    (event,) = looked(fair, release, live(-0.08))
    assert (event.kind, event.data["shadow"]) == ("refused", "worse")
    assert stands(fair, release) == ("refused", "worse")
    found = fair.store.releases.get(release.id)
    (refit,) = [v for v in verdicts_of(fair, found) if not v.passed]
    assert (refit.gate, refit.verdict) == ("refit", "worse") and found.ended == 110 * DAY
    assert release_candidate(fair, release.model, make_context=UNDECIDED).id == release.id, "not judged again"


def test_undecided_looks_come_when_pairs_have_grown_by_half_and_are_four_at_most(fair, monkeypatch):
    release = dark(fair)
    undecided = replace(
        shadow.judge("refit", _evidence(fair, release), live(0.0).comparison()), verdict="not_enough_data"
    )
    monkeypatch.setattr(shadow, "judge", lambda *given: undecided)
    for n, pairs in enumerate((15, 23, 35), 1):
        (event,) = looked(fair, release, live(0.0, pairs))
        found = fair.store.releases.get(release.id).evidence.shadow
        assert (event.kind, event.data["pairs"], len(found.looks)) == ("look", pairs, n)
        assert found.next == event.data["next"] == -(-3 * pairs // 2)
    assert [one.pairs for one in found.looks] == [15, 23, 35]
    (event,) = looked(fair, release, live(0.0, 53))
    assert (event.kind, event.data["shadow"]) == ("refused", "not_enough_data") and LOOKS == 4
    assert stands(fair, release) == ("refused", "not_enough_data")


def _evidence(project, release):
    return next(v.evidence for v in verdicts_of(project, release) if v.gate == "refit")


def test_it_ends_after_one_test_span(fair, monkeypatch):
    release = dark(fair)
    undecided = replace(
        shadow.judge("refit", _evidence(fair, release), live(0.0).comparison()), verdict="not_enough_data"
    )
    monkeypatch.setattr(shadow, "judge", lambda *given: undecided)
    endpoint, over = fair.endpoint(), 128 * DAY + fair.endpoint().monitor.reach
    looked(fair, release, live(0.0, 16), over - 1)
    assert stands(fair, release) == ("shadow", "")
    (event,) = shadow.end(endpoint, fair.store.releases.get(release.id), over)
    assert stands(fair, release) == ("refused", "not_enough_data") and event.data["reason"]
    assert shadow.end(endpoint, fair.store.releases.get(release.id), over + 1) == [], "once"


def test_a_newer_candidate_takes_its_place(fair):
    release = dark(fair)
    newer = second(fair, UNDECIDED, version=3)
    assert newer.status == "shadow" and stands(fair, release) == ("refused", "replaced")
    better = second(fair, GOOD, version=4)
    assert better.status == "canary" and stands(fair, newer) == ("refused", "replaced")
    assert [r.id for r in fair.store.releases.list(status="shadow")] == []


def test_one_that_is_refused_takes_its_place_too(fair):
    release = dark(fair)
    assert second(fair, making(0.2), version=3).status == "refused"
    assert stands(fair, release) == ("refused", "replaced")


def test_when_its_champion_goes_it_was_compared_with_nobody(fair):
    """A canary that was on its way is promoted; a champion is taken back."""
    canary = second(fair)
    release = release_candidate(fair, add_model(fair, 3).ref, make_context=UNDECIDED)
    assert release.status == "shadow", "by hand, while a canary runs"
    assert evidence._under_way(fair.endpoint())["status"] == "canary", "for which an alarm waits"
    fair.store.releases.update(canary.id, stage=2)
    fair.store.transact(lambda tx: change.Change(fair, 101 * DAY, tx).promote(canary, {}))
    assert stands(fair, release) == ("refused", "replaced")
    again = release_candidate(fair, add_model(fair, 4).ref, make_context=UNDECIDED)
    assert again.status == "shadow"
    rollout.roll_back(fair, canary.id, by="ada", reason="complaints")
    assert stands(fair, again) == ("refused", "replaced")


def test_a_look_at_what_somebody_has_ended_changes_nothing(fair):
    release = dark(fair)
    stale = fair.store.releases.get(release.id)
    rollout.halt(fair, release.id, by="ada", reason="not now")
    assert look(fair.endpoint(), stale, live(0.03), 110 * DAY) == []
    assert look(fair.endpoint(), stale, live(-0.08), 110 * DAY) == []
    assert stands(fair, release) == ("halted", "halted")


def test_whoever_passes_the_gates_by_hand_ends_the_shadow(fair):
    release = dark(fair)
    forced = release_candidate(fair, release.model, override="the board wants it", make_context=UNDECIDED)
    assert forced.status == "canary" and forced.override and stands(fair, release) == ("refused", "replaced")


def test_a_candidate_that_cannot_answer_is_not_released_however_good_it_is(fair):
    release = dark(fair)
    (event,) = looked(fair, release, live(0.05, unanswered=5))
    assert event.data["shadow"] == "worse"
    other = second(fair, UNDECIDED, version=3)
    one = replace(live(0.05, unanswered=3), candidate=other.model, unanswered={other.model: {"model": 3}})
    assert looked(fair, other, one)[0].data["verdict"] == "promoted", "3 of 403 are left out, and that is said"


@pytest.mark.parametrize(
    "toml", [TOML, FAIR.replace("shown_moves_outcomes = false", "shown_moves_outcomes = true")], ids=["task", "said"]
)
def test_where_what_is_shown_moves_what_happens_no_pairs_are_made(make, toml):
    project = make(toml)
    release = second(project, UNDECIDED)
    assert release.status == "refused" and release.evidence.shadow is None
    (refit,) = [v for v in verdicts_of(project, release) if not v.passed]
    assert "shown_moves_outcomes" in refit.evidence["said"], "and the sentence says why"


def test_what_another_gate_refuses_has_no_shadow(fair):
    dead = making(**FEW, server=Server(CandidateReport(False, ["the server died while loading it"])))
    assert second(fair, dead).status == "refused"
    assert second(fair, making(0.2), version=3).status == "refused", "nor has what is shown worse"


def test_the_first_model_has_none(fair):
    first = making(popularity=0.3, by_recipe=lambda recipe, metric: [scores(0.3, 30, sum(map(ord, recipe["method"])))])
    release = release_candidate(fair, add_model(fair, 1, kind="first").ref, make_context=first)
    assert (release.status, release.evidence.shadow) == ("refused", None)


def test_a_method_is_looked_at_by_its_own_rule(fair):
    few = making(
        0.3,
        by_recipe=lambda recipe, metric: (
            [scores({"popularity": 0.1}.get(recipe["method"], 0.3), 30, sum(map(ord, recipe["method"])))] * 3
        ),
    )
    release_candidate(fair, add_model(fair, 1, kind="first").ref, make_context=GOOD)
    model = add_model(fair, 2, kind="method", recipe=OTHER.recipe)
    release = release_candidate(fair, model.ref, make_context=few)
    assert release.status == "shadow" and release.evidence.shadow.gate == "method"
    assert release.evidence.shadow.next == 15, "half of one window's requests"
    found = shadow.judge("method", _of(fair, release, "method"), live(0.08).comparison())
    assert found.verdict == "promoted" and found.found.requests == 490
    looked(fair, release, live(0.08))
    assert fair.store.releases.get(release.id).status == "canary"


def _of(project, release, gate):
    return next(v.evidence for v in verdicts_of(project, release) if v.gate == gate)


def test_window_and_pairs_are_weighed_by_what_is_known_of_each():
    window = Comparison("mae", 2.0, 2.2, 0.09, 0.03, 0.03, 0.15, 100, 80, 0.5)
    pairs = Comparison("mae", 2.1, 2.2, 0.045, 0.01, 0.02, 0.07, 900, 300, 0.2)
    found = together(window, pairs)
    weights = np.array([0.03, 0.01]) ** -2.0
    assert found.gain == pytest.approx(np.average([0.09, 0.045], weights=weights))
    assert found.error == pytest.approx(weights.sum() ** -0.5)
    assert (found.requests, found.subjects, found.candidate) == (1_000, 300, pytest.approx(2.09))
    assert found.low < found.gain < found.high and together(window, pairs, 0.01).error > found.error


GAINS, ERRORS = st.floats(-0.5, 0.5), st.floats(1e-4, 0.5)
PARTS = st.builds(
    lambda gain, error, n, skew: Comparison("recall@20", 0.3 * (1 + gain), 0.3, gain, error, 0, 0, n, n, skew),
    *(GAINS, ERRORS, st.integers(2, 2_000), st.floats(-3, 3)),
)


@given(PARTS, PARTS)
@settings(max_examples=60)
def test_together_lies_between_both_and_is_surer_than_each(window: Comparison, pairs: Comparison) -> None:
    found, other = together(window, pairs), together(pairs, window)
    low, high = sorted((window.gain, pairs.gain))
    assert low - 1e-12 <= found.gain <= high + 1e-12 and found.error <= min(window.error, pairs.error) * (1 + 1e-9)
    assert found.low <= found.gain <= found.high and found.requests == window.requests + pairs.requests
    assert (other.gain, other.error) == (pytest.approx(found.gain), pytest.approx(found.error))
    spread = together(window, pairs, 0.01)
    assert spread.error >= found.error and abs(spread.gain - window.gain) <= abs(found.gain - window.gain) + 1e-12


def test_the_command_line_says_so_and_ends_with_7(fair, monkeypatch, capsys):
    release = dark(fair)
    where = ["--project", str(fair.root)]
    main(["release", "status", *where, "--json"])
    told = json.loads(capsys.readouterr().out)
    (row,) = [one for one in (told["items"] if isinstance(told, dict) else told) if one["id"] == release.id]
    assert (row["status"], row["pairs"], list(row["refused_by"])) == ("shadow", 0, ["refit"])
    assert row["evidence"]["shadow"]["next"] == 15
    main(["release", "status", *where])
    assert f"{release.model} is in shadow: 0 live pairs so far" in capsys.readouterr().out
    model = fair.store.models.get(release.model)

    class Data:
        dataset, version = "sales", 1

    made = {"shop": RunSummary(Data(), model, release)}
    monkeypatch.setattr("tidemill.retrain.run_all.run_every", lambda project, on_event, author: made)
    ends(ReleaseError.exit_code, "run", *where, "--json")
    assert json.loads(capsys.readouterr().out)["status"] == "shadow"
    main(["release", "halt", *where, "--reason", "not now"])
    assert fair.store.releases.get(release.id).status == "halted"
