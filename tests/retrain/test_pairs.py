"""Two versions on the same live requests: each was answered by one of them, and is asked of the other again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.retrain.machines import Machines, opened
from tidemill.access.caller import Caller
from tidemill.monitor.quality import judge_all
from tidemill.ops import releases as verbs
from tidemill.release import pairs as made
from tidemill.release.pairs import Again, ask_again, fair, pairs
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.store.records import ModelVersion, Prediction
from tidemill.tasks.table import outcome_scorer_of
from tidemill.testing import records as sample
from tidemill.types import DAY

ONE, TWO = "model:machines@1", "model:machines@2"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Three days of a table's champion."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("pairs")
        patch.setenv("TIDEMILL_HOME", str(root / "home"))
        for machines in opened(root / "machines", "regress", "mae"):
            for _ in range(3):
                machines.play()
            second(machines)
            yield machines


def second(machines: Machines, **changes: Any) -> ModelVersion:
    """Another version, of the very same bytes: what it answers is known."""
    models = machines.project.store.models
    version = models.next_version("machines")
    found = replace(models.get(ONE), version=version, **changes)
    models.add(found)
    return found


def asked(machines: Machines, days: int = 2) -> list[Prediction]:
    start = machines.start - 3 * DAY
    return list(machines.project.live.predictions.list(endpoint="machines", since=start, until=start + days * DAY))


def span(machines: Machines) -> tuple[int, int]:
    return machines.start - 3 * DAY, machines.start - DAY


def test_asked_again_a_version_answers_as_it_did(played: Machines) -> None:
    endpoint, found = played.project.endpoint(), asked(played)
    again = ask_again(endpoint, played.project.store.models.get(ONE).bundle, found)
    stored = judge_all(played.project.live, outcome_scorer_of(endpoint.model), found)
    mae = Again(endpoint, *span(played))
    assert mae.values(ONE) == [one.values["mae"] for one in stored]
    assert mae.values(TWO) == pytest.approx(mae.values(ONE), rel=1e-12) and len(again) == len(found) > 100


def test_a_pair_is_what_both_add_to_the_metric(played: Machines) -> None:
    found = pairs(played.project.endpoint(), TWO, ONE, *span(played))
    assert (found.metric, len(found), found.of, found.unit) == ("mae", 192, 192, "subjects")
    seen = found.comparison()
    assert (seen.gain, seen.requests, seen.subjects) == (pytest.approx(0, abs=1e-12), 192, 24)
    assert found.json() == {"pairs": 192, "of": 192, "unanswered": {}, "digest": found.digest}


def test_what_was_remembered_and_what_is_made_anew_are_the_same(
    played: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill loses nothing: the pairs are made again from the log. In one process nothing is asked twice."""
    endpoint = played.project.endpoint()
    first = pairs(endpoint, TWO, ONE, *span(played))
    with monkeypatch.context() as patch:
        patch.setattr(made, "ask_again", lambda *given: pytest.fail("asked a second time"))
        assert pairs(endpoint, TWO, ONE, *span(played)).digest == first.digest
    made._remembered.clear()
    assert pairs(endpoint, TWO, ONE, *span(played)).digest == first.digest


def test_a_request_without_an_answer_is_counted(played: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that fails on some requests, by its own code's error and by ours."""
    endpoint, artifacts = played.project.endpoint(), played.project.artifacts
    bundle = get_bundle(artifacts, played.project.store.models.get(ONE).bundle)
    other = second(played, bundle=put_bundle(artifacts, replace(bundle, manifest={**bundle.manifest, "own": 1})))
    real = made.answered_again

    def sometimes(task: Any, scorer: Any, kind: Any, history: Any, request: Prediction, rules: Any) -> bytes | str:
        n = int(request.subject.removeprefix("m"))
        if n == 1:
            request = replace(request, inputs=b'{"unheard": 1}')
        if n == 2:
            scorer = None
        return real(task, scorer, kind, history, request, rules)

    monkeypatch.setattr(made, "answered_again", sometimes)
    found = pairs(endpoint, other.ref, ONE, *span(played))
    assert {ref: dict(why) for ref, why in found.unanswered.items()} == {
        other.ref: {"ValidationError": 8, "AttributeError": 8},
        ONE: {},
    }
    assert found.cannot(other.ref) == 16 and found.cannot(ONE) == 0 and len(found) == 192 - 16
    assert found.json()["unanswered"] == {other.ref: {"ValidationError": 8, "AttributeError": 8}}


def test_so_many_are_asked_evenly_and_no_more(played: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST", 20)
    endpoint, (since, until) = played.project.endpoint(), span(played)
    early = Again(endpoint, since, since + DAY, 20, planned=until)
    whole = Again(endpoint, since, until, 20)
    assert (len(early.asked), early.of, len(whole.asked), whole.of) == (9, 96, 18, 192)
    assert whole.asked[:9] == early.asked, "later looks are at the same requests and more"
    assert len({p.at // (DAY // 4) for p in early.asked}) == 4, "over the whole day"


@pytest.mark.parametrize(("said", "expected"), [(None, True), (True, False), (False, True)])
def test_pairs_are_fair_where_what_is_shown_moves_nothing(
    played: Machines, monkeypatch: pytest.MonkeyPatch, said: bool | None, expected: bool
) -> None:
    import msgspec

    model = played.project.model()
    section = msgspec.structs.replace(model.section, shown_moves_outcomes=said)
    assert fair(replace(played.project.endpoint(), model=replace(model, section=section))) is expected


def test_of_labels_auc_is_made_of_all_answers_together() -> None:
    """What single answers add to it is told by all of them: their mean is AUC, as scikit-learn has it."""
    import json

    from sklearn.metrics import roc_auc_score

    from tidemill.errors import NotEnoughData
    from tidemill.store.records import Outcome
    from tidemill.tasks.tabular.outcomes import LabelScorer

    rng, judge = np.random.default_rng(5), LabelScorer("auc")
    told, true = rng.random(60).round(1), rng.random(60) < 0.4
    answers = [json.dumps({"label": "x", "probabilities": {"fine": 1 - p, "hot": p}}).encode() for p in told]
    found = [
        judge.judge(sample.prediction(f"p{n}", output=said), [Outcome(f"o{n}", 1, "u", word, 1.0, None, 1)])
        for n, (said, word) in enumerate(zip(answers, np.where(true, "hot", "fine").tolist()))
    ]
    assert np.mean(judge.added(found, "auc")) == pytest.approx(roc_auc_score(true, told))
    assert judge.added(found, "log_loss") == [one.values["log_loss"] for one in found]
    with pytest.raises(NotEnoughData):
        judge.added([one for one in found if one.truth == "hot"], "auc")


def test_by_hand_a_canary_is_looked_at_with_its_pairs(played: Machines) -> None:
    """As the loop looks at it: the evidence says what the pairs say, whatever comes of it."""
    store, champion = played.project.store, played.project.endpoint().champion()
    assert champion is not None
    began, stages = played.start - 3 * DAY, ({"share": 0.5, "span": DAY, "requests": 1}, {"share": 1.0})
    of_canary = {"status": "canary", "stage": 0, "stage_since": began, "started": began, "previous": champion.id}
    store.releases.add(replace(champion, id="rel_two", model=TWO, stages=stages, **of_canary))
    (event,) = verbs.advance(played.project, Caller.local(), "rel_two")
    (found,) = (f for f in event.data["findings"] if f["rule"].startswith("not worse"))
    assert found["figures"]["requests"] == 96 and found["figures"]["margin"] == 0.02
