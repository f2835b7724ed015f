"""A leak from the file to the release: held with what was found, allowed with a reason, or excluded; and no other way on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.projects import END, VISITS, VISITS_TOML, Folder, lay, replayed, visits
from tidemill.errors import NotApproved, NotAttested
from tidemill.release import approvals
from tidemill.release.rollout import rollout
from tidemill.release.signing.attest import verify_release
from tidemill.release.signing.trust import public_keys
from tidemill.scope.project import open_project
from tidemill.types import DAY

LEAK = "refund"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("leakage_home")
        patch.setenv("TIDEMILL_HOME", str(made))
        yield made


def leaky(lines: list[str]) -> list[str]:
    """With a column that is filled once it is known that they came back."""
    place = lines[0].split(",").index("came_back")
    told = [f"{line},{'refused' if line.split(',')[place] == 'no' else ''}" for line in lines[1:]]
    return [f"{lines[0]},{LEAK}", *told]


@pytest.fixture(scope="session")
def first(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A project whose first model was held, what `tidemill run` exited with, and what it printed."""
    contract = VISITS.rstrip("\n") + f"\n      - {{ name: {LEAK}, logicalType: string }}\n"
    made = lay(tmp_path_factory.mktemp("leaky") / "visits", "visits", contract, VISITS_TOML)
    made.write("data/visits/a.csv", *leaky(visits()))
    with replayed(made, END):
        pass
    done = made.tidemill("run")
    return made.root, done.returncode, done.stdout


@pytest.fixture
def held(first: tuple[Path, int, str], tmp_path: Path) -> Folder:
    return Folder(Path(shutil.copytree(first[0], tmp_path / "visits")))


def test_run_says_what_was_found_and_what_to_do(first: tuple[Path, int, str]) -> None:
    _, code, out = first
    assert code == 7 and LEAK in out and "exclude" in out and "tidemill approve --reason" in out


def test_it_is_held_with_evidence_and_nothing_serves(held: Folder) -> None:
    """The same model again is the same held release; its finding stands in the record, the verdict, the card, the status."""
    made = held.json("run")
    assert made["status"] == "held" and list(made["held_by"]) == ["leakage"] and made["refused_by"] == {}
    with open_project(held.root) as project:
        (release,) = project.store.releases.list()
        model = project.store.models.get(release.model)
        (verdict,) = [v for v in project.store.verdicts.list(model=model.ref) if v.gate == "leakage"]
        assert [(f.kind, f.column) for f in model.findings.held] == [("after", LEAK)]
        assert (verdict.passed, verdict.verdict) == (False, "held")
        assert release.evidence.waits == ("leakage",) and release.evidence.blessings["quality"] == "held"
        assert project.endpoint().champion() is None
        with pytest.raises(NotAttested) as caught:
            verify_release(project.store, project.artifacts, public_keys(project), release, model.bundle)
        assert caught.value.reason == "not_passed"
    shown = held.json("models", "show", "latest")
    assert f"held: {LEAK}" in shown["card"]
    (part,) = [p for p in held.json("status")["parts"] if p["key"] == "release"]
    assert (part["state"], part["code"]) == ("warn", "leakage") and part["next"]
    (row,) = held.json("release", "status")
    assert list(row["held_by"]) == ["leakage"]


def test_an_approval_needs_a_reason(held: Folder) -> None:
    done = held.tidemill("approve", "--json")
    assert done.returncode == NotApproved.exit_code
    assert json.loads(done.stderr)["code"] == "not_approved"


def test_allowed_with_a_reason_it_serves_and_so_does_the_next(held: Folder) -> None:
    """The word is signed, the server's own check takes it, and a later candidate with the same column is not held again."""
    assert held.json("approve", "--reason", "the till writes it at the door")["status"] == "champion"
    held.write("data/visits/b.csv", *leaky(visits(first=5000, days=range(40, 52))))
    with replayed(held, END + 12 * DAY) as project:
        (release,) = project.store.releases.list()
        model = project.store.models.get(release.model)
        verify_release(project.store, project.artifacts, public_keys(project), release, model.bundle)
    held.json("run")
    with open_project(held.root) as project:
        last = project.store.models.list()[-1]
        (verdict,) = [v for v in project.store.verdicts.list(model=last.ref) if v.gate == "leakage"]
        assert last.version == 2 and verdict.passed
        (allowed,) = verdict.evidence["allowed"]
        assert (allowed["about"], allowed["reason"]) == (LEAK, "the till writes it at the door")


def test_an_approval_of_other_bytes_does_not_pass_it(held: Folder) -> None:
    """Without the signed word of a person the status alone makes no held release one that may be served."""
    with open_project(held.root) as project:
        (release,) = project.store.releases.list()
        project.store.transact(lambda tx: rollout.begin(project, release.id, project.clock.now(), tx))
        begun = project.store.releases.get(release.id)
        bundle = project.store.models.get(begun.model).bundle
        with pytest.raises(NotAttested):
            verify_release(project.store, project.artifacts, public_keys(project), begun, bundle)


def test_excluded_the_next_model_passes_and_the_held_one_is_over(held: Folder) -> None:
    held.change("tidemill.toml", 'task = "classify"', f'task = "classify"\ninputs = {{ exclude = ["{LEAK}"] }}')
    assert held.json("run")["status"] == "champion"
    with open_project(held.root) as project:
        old, new = sorted(project.store.releases.list(), key=lambda r: r.model)
        assert (old.status, new.status) == ("halted", "champion")
        assert project.store.models.get(new.model).findings.held == ()


def test_rejected_it_is_over(held: Folder) -> None:
    assert held.json("reject", "--reason", "it is written after the visit")["status"] == "refused"


def test_by_force_it_is_signed_as_such(held: Folder) -> None:
    with open_project(held.root) as project:
        (release,) = project.store.releases.list()
        approvals.answer(project, release.id, "ada", "not now", yes=False)
    made = held.json("release", "start", "latest", "--force", "the campaign starts today")
    assert made["release"]["override"] == "the campaign starts today" and made["release"]["status"] == "champion"
