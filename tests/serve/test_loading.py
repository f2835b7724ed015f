"""Only bytes that match their signed digest are served; a damaged file means the last good model and an alert."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.raised import raised
from tests.release.made import add_model, hold, sign
from tests.serve import released
from tidemill.errors import Damaged, DiskFull, ModelError, NoModel, NotAttested, NotFound
from tidemill.learning.bundle import FORMAT
from tidemill.release.variants import takes
from tidemill.serve.histories import Histories
from tidemill.serve.metrics import Metrics
from tidemill.serve.predictor import Predictor
from tidemill.serve.served import AGAIN, load_release
from tidemill.serve.serving import prepare
from tidemill.store.artifacts.codecs import Bundle, get_bundle, put_bundle


def flip(path, at=-1):
    """Turn one bit of one byte, in place."""
    os.chmod(path, 0o600)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def started(project):
    predictor = Predictor(project.endpoint(), Metrics(), Histories(project.live))
    predictor.refresh()
    return predictor


def served(predictor):
    """(champion's model, canary's model)"""
    return tuple(m and m.release.model for m in map(predictor.served.variants.get, ("champion", "canary")))


def refused(predictor):
    return dict(predictor.served.refused)


def files_of(project, release):
    """Every file that a release rests on: the bundle's manifest, its parts, the envelopes."""
    bundle = project.store.models.get(release.model).bundle
    return [bundle, *get_bundle(project.artifacts, bundle).manifest["files"].values(), *release.attestations]


def test_a_good_release_is_loaded(project):
    released.champion(project)
    predictor = started(project)
    assert served(predictor) == ("model:shop@1", None) and not predictor.served.refused


def test_any_number_of_variants_is_served(project):
    """The store says what runs beside the champion; the predictor has no slots. A shadow is none: it never answers."""
    released.champion(project, 1)
    for version, status, share in (
        (2, "canary", 0.2),
        (3, "holdout", 0.3),
        (4, "arm", 0.3),
        (5, "arm", 0.5),
        (6, "shadow", 1.0),
    ):
        made = released.canary(project, version, share)
        project.store.releases.update(made.id, status=status)
    predictor = started(project)
    names = ["champion", "holdout", "arm:rel_4", "arm:rel_5", "canary"]
    assert list(predictor.served.variants) == list(predictor.status()["variants"]) == names
    chosen = {predictor.choose(str(n))[1] for n in range(500)}
    assert chosen == set(names), "what is in shadow is not even loaded"
    for name in names:
        assert f'arm="{name}"'.encode() in predictor.metrics.render()


def test_one_flipped_byte_in_each_file_in_turn_and_the_last_good_serves(project):
    released.champion(project, 1)
    predictor = started(project)
    second = released.canary(project, 2)
    assert len(files_of(project, second)) == 6
    for digest in files_of(project, second):
        path = project.artifacts.path(digest)
        good = path.read_bytes()
        for at in (0, len(good) // 2, -1):
            flip(path, at)
            poke(project)
            assert predictor.refresh()
            assert served(predictor) == ("model:shop@1", None), digest
            assert refused(predictor)["rel_2"] in ("damaged", "not_attested")
            path.write_bytes(good)
    poke(project)
    predictor.refresh()
    assert served(predictor) == ("model:shop@1", "model:shop@2")
    events = project.store.events.list(kind="damaged")
    assert {e.subject for e in events} == {"release:rel_2"}
    assert {e.data["why"] for e in events} == {"damaged", "not_attested"}  # once a reason, not once a look
    assert b'tidemill_release_refused_total{reason="damaged"}' in predictor.metrics.render()


def poke(project):
    """Let the revision grow."""
    project.store.releases.update("rel_2", author=str(project.store.releases.revision()))


def test_a_damaged_new_champion_leaves_the_last_good_one_serving(project):
    released.champion(project, 1)
    predictor = started(project)
    held = hold(project, released.model(project, 2), "rel_2")
    flip(project.artifacts.path(project.store.models.get(held.model).bundle))
    project.store.releases.promote("rel_2", project.clock.now())
    predictor.refresh()
    assert served(predictor) == ("model:shop@1", None) and refused(predictor) == {"rel_2": "damaged"}


def test_a_repaired_file_is_taken_up_again(project, monkeypatch):
    """When somebody asks, at once; by itself later and later, and never while it waits."""
    now = [0.0]
    monkeypatch.setattr("tidemill.serve.served.time.monotonic", lambda: now[0])
    path = project.artifacts.path(project.store.models.get(released.champion(project, 1).model).bundle)
    good = path.read_bytes()
    flip(path)
    predictor = started(project)
    assert refused(predictor) == {"rel_1": "damaged"}
    tried = []
    for _ in range(20_000):
        now[0] += 0.1
        if predictor.overdue():
            assert predictor.refresh()
            tried.append(now[0])
    gaps = [round(b - a) for a, b in pairwise([0.0, *tried])]
    assert gaps[:3] == [5, 10, 20] and max(gaps) == gaps[-1] == AGAIN[1]
    assert not predictor.refresh()
    path.write_bytes(good)
    assert predictor.refresh(again=True)
    assert served(predictor) == ("model:shop@1", None) and not refused(predictor)
    assert not predictor.overdue() and not predictor.refresh(again=True)


def test_who_asks_to_look_now_gets_the_repaired_file(project):
    path = project.artifacts.path(project.store.models.get(released.champion(project, 1).model).bundle)
    good = path.read_bytes()
    flip(path)
    serving = prepare(project)
    assert refused(serving.at(None)) == {"rel_1": "damaged"}
    path.write_bytes(good)

    async def look():
        serving.begin()
        await serving.refresh()
        await serving.end()

    asyncio.run(look())
    assert served(serving.at(None)) == ("model:shop@1", None)


def test_a_damaged_champion_at_start_falls_back_to_the_one_before(project):
    for version in (1, 2, 3):
        released.champion(project, version)
    for version in (2, 3):
        flip(project.artifacts.path(project.store.models.get(f"model:shop@{version}").bundle))
    predictor = started(project)
    assert served(predictor) == ("model:shop@1", None)
    assert refused(predictor) == {"rel_3": "damaged", "rel_2": "damaged"}


def test_the_health_says_degraded_while_the_champion_is_refused(project):
    released.champion(project, 1)
    second = released.champion(project, 2)
    flip(project.artifacts.path(project.store.models.get(second.model).bundle))
    predictor = started(project)
    assert served(predictor) == ("model:shop@1", None) and predictor.served.degraded
    released.champion(project, 3)
    predictor.refresh()
    assert served(predictor) == ("model:shop@3", None) and not predictor.served.degraded
    third = released.canary(project, 4)
    flip(project.artifacts.path(project.store.models.get(third.model).bundle))
    predictor.refresh()
    assert refused(predictor) == {"rel_4": "damaged"} and not predictor.served.degraded  # the champion answers all


def test_who_is_held_out_is_nobody_else_s_where_the_holdout_may_not_be_served(project):
    released.champion(project, 1)
    released.canary(project, 2, share=0.5)
    held = released.canary(project, 3, share=0.4)
    project.store.releases.update(held.id, status="holdout")
    held = project.store.releases.get(held.id)
    flip(project.artifacts.path(project.store.models.get(held.model).bundle))
    predictor = started(project)
    assert refused(predictor) == {"rel_3": "damaged"} and not predictor.alone
    mine = [str(n) for n in range(400) if takes(held, str(n))]
    assert {predictor.choose(s)[1] for s in mine} == {"champion"}
    assert {predictor.choose(str(n))[1] for n in range(400)} == {"champion", "canary"}
    poke(project)
    predictor.recede()
    assert {predictor.choose(s)[1] for s in mine} == {"champion"}


def test_a_canary_beside_a_damaged_champion_answers_its_share_and_no_more(project):
    first = released.champion(project, 1)
    released.canary(project, 2, share=0.25)
    flip(project.artifacts.path(project.store.models.get(first.model).bundle))
    predictor = started(project)
    assert served(predictor) == (None, "model:shop@2") and predictor.served.degraded
    subjects = {str(n) for n in range(2000)}
    chosen = {s for s in subjects if takes(predictor.served.variants["canary"].release, s)}
    assert len(chosen) / 2000 == pytest.approx(0.25, abs=0.03)
    assert {predictor.choose(s)[1] for s in chosen} == {"canary"}
    with raised(NoModel, "") as error:
        predictor.choose(min(subjects - chosen))
    assert "tidemill doctor" in error.value.hint


def test_with_nothing_good_nothing_is_served(project):
    release = released.champion(project)
    flip(project.artifacts.path(files_of(project, release)[1]))
    predictor = started(project)
    assert served(predictor) == (None, None)


def test_a_missing_file_is_refused(project):
    release = released.champion(project)
    project.artifacts.delete(files_of(project, release)[2])
    with pytest.raises(NotFound):
        load_release(project, release)


def test_a_wrong_signature_is_refused(project, tmp_path, monkeypatch):
    """Signed by a key that this project does not trust, over the right bytes."""
    from tidemill.release.signing import signer as keys

    release = released.champion(project)
    trusted = [(project.state / "keys" / f"{name}.pub").read_bytes() for name in ("gate", "approval")]
    model = project.store.models.get(release.model)
    for name in ("gate", "approval"):
        (project.state / "keys" / f"{name}.pub").unlink()
        (project.keys_dir / f"{name}.pub").unlink()
        (project.keys_dir / f"{name}.ed25519").unlink()
    forged = sign(project, model, release.id)
    for name, data in zip(("gate", "approval"), trusted, strict=True):
        (project.state / "keys" / f"{name}.pub").write_bytes(data)
        (project.keys_dir / f"{name}.pub").write_bytes(data)
    project.store.releases.update(release.id, attestations=forged)
    with raised(NotAttested, "", reason="other_key"):
        load_release(project, project.store.releases.get(release.id))
    assert keys.FileSigner  # the forgery was made by the same code that signs


def test_the_attestations_of_another_model_are_refused(project):
    first = released.champion(project, 1)
    held = hold(project, released.model(project, 2), "rel_2", attestations=first.attestations)
    with raised(NotAttested, "", reason="other_model", hint=False) as caught:
        load_release(project, held)
    assert "model:shop@1" in str(caught.value)


def test_no_attestation_is_refused(project):
    held = hold(project, released.model(project, 1), "rel_1", attestations=())
    with pytest.raises(NotAttested):
        load_release(project, held)


def test_other_bytes_under_the_same_record_are_refused(project):
    """Somebody with a pen in the database points the model at another bundle."""
    release = released.champion(project, 1)
    other = released.bundle(project, ("bought for money",))
    with sqlite3.connect(project.state / "tidemill.db") as db:
        assert db.execute("UPDATE models SET bundle = ? WHERE version = 1", (other,)).rowcount == 1
    with pytest.raises(NotAttested):
        load_release(project, release)


def test_a_bundle_that_does_not_load_is_refused_in_words(project):
    digest = put_bundle(project.artifacts, Bundle({"format": FORMAT, "scorer": "horoscope"}, {}))
    held = hold(project, add_model(project, 1, bundle=digest), "rel_1")
    with raised(ModelError, "") as caught:
        load_release(project, held)
    assert "'horoscope'" in str(caught.value)


def test_the_same_bytes_are_not_read_twice_but_checked_for_each_release(project):
    first = load_release(project, released.champion(project, 1))
    path = project.artifacts.path(first.bundle)
    again = load_release(project, first.release, [first])
    assert again.scorer is first.scorer
    flip(path)
    with pytest.raises(Damaged):
        load_release(project, first.release)


def test_an_alert_that_cannot_be_written_stops_nothing(project, monkeypatch, caplog):
    """A full disk: the damaged release is refused, the last good one serves, the log says what the store could not."""
    released.champion(project, 1)
    predictor = started(project)
    second = released.canary(project, 2)
    flip(project.artifacts.path(files_of(project, second)[1]))

    def full(*args, **more):
        raise DiskFull("no room")

    monkeypatch.setattr(type(project.store.events), "add_once", full)
    predictor.refresh()
    assert served(predictor) == ("model:shop@1", None) and refused(predictor) == {"rel_2": "damaged"}
    assert "no room" in caplog.text


# a switch ---------------------------------------------------------------------------------------------------------------


def test_a_switch_waits_for_no_model_that_is_being_loaded(project, monkeypatch):
    """While another model takes its time a canary is paused: it answers nobody at once, and not when the load has ended either."""
    from tidemill.release.rollout import rollout

    released.champion(project, 1)
    canary = released.canary(project, 2, 0.5)
    predictor = started(project)
    real, slept = predictor._load, []

    def slow(release, *more):
        if not slept:
            slept.append(rollout.pause(project, canary.id, by="ada", reason="a question"))
            predictor.recede()
            assert {predictor.choose(str(n))[1] for n in range(50)} == {"champion"}
        return real(release, *more)

    monkeypatch.setattr(predictor, "_load", slow)
    project.store.releases.update("rel_1", author="somebody")  # whatever makes it look
    predictor.refresh()
    assert slept and {predictor.choose(str(n))[1] for n in range(50)} == {"champion"}
    assert predictor.receded == project.store.releases.revision()
    rollout.resume(project, canary.id, by="ada", reason="answered")
    predictor.recede()
    assert {predictor.choose(str(n))[1] for n in range(50)} == {"champion", "canary"}, "it was in memory all the while"


def test_the_release_before_stays_in_memory_while_a_champion_bakes_for_as_long_as_its_rollout_says(
    project, monkeypatch
):
    from tidemill.release.rollout import rollout
    from tidemill.types import DAY

    released.champion(project, 1)
    green = released.canary(project, 2, 0.0)
    stages = ({"share": 0.0, "span": 1, "requests": 0}, {"share": 1.0, "span": DAY, "requests": 0})
    project.store.releases.update(green.id, stages=stages, stage=0)
    predictor = started(project)
    assert served(predictor) == ("model:shop@1", "model:shop@2"), "loaded and tried, and answers nobody"
    assert {predictor.choose(str(n))[1] for n in range(50)} == {"champion"}
    now = project.clock.now()
    bakes = replace(green.evidence, bake_until=now + DAY)
    project.store.releases.promote(green.id, now)
    project.store.releases.update(green.id, evidence=bakes, stage=1)
    predictor.refresh()
    assert served(predictor) == ("model:shop@2", None) and [m.release.id for m in predictor.served.ready] == ["rel_1"]
    monkeypatch.setattr("tidemill.serve.served.load_scorer", lambda *args: pytest.fail("loaded once more"))
    rollout.roll_back(project, green.id, by="ada", reason="complaints")
    predictor.recede()
    assert served(predictor) == ("model:shop@1", None) and predictor.receded == project.store.releases.revision()


def test_a_champion_that_is_not_in_memory_leaves_the_one_before_there_until_it_is(project):
    released.champion(project, 1)
    predictor = started(project)
    released.champion(project, 2)
    predictor.recede()
    assert served(predictor) == ("model:shop@1", None) and predictor.receded < project.store.releases.revision()
    predictor.refresh()
    assert served(predictor) == ("model:shop@2", None) and predictor.receded == project.store.releases.revision()


def test_a_model_that_fails_when_it_is_tried_has_failed_to_answer(project, monkeypatch):
    from tidemill.serve.trial import Trial

    released.champion(project, 1)
    green = released.canary(project, 2, 0.0)
    monkeypatch.setattr("tidemill.serve.served.try_out", lambda *args: Trial(20, 4))
    started(project)
    assert project.store.releases.failures("shop") == {green.id: 4}
