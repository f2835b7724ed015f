"""A project with a released model to measure with, and its scorer as a process of its own."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bench.timing import piece
from tidemill.learning.bundle import manifest
from tidemill.process.channel import Channel
from tidemill.process.guarded import CHANNEL
from tidemill.release.signing import attest
from tidemill.release.signing.signer import FileSigner, seal
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import ItemChange, ModelVersion, OnlineEvent, Release
from tidemill.tasks.ranking.bundle import bundle_of, recommend_bundle
from tidemill.tasks.ranking.learners import recipe_of
from tidemill.tasks.ranking.rank import Ranking
from tidemill.tasks.ranking.ranker import NAMES, Ranker
from tidemill.tasks.ranking.traced import OF_ITEMS
from tidemill.tasks.tabular.inputs import Input
from tidemill.types import DAY

ITEMS, NEIGHBOURS, SUBJECTS, ROWS_EACH = 10_000, 100, 1_000, 30
ROW = {f"x{i:02}": round(0.1 * i - 1.5, 3) for i in range(30)}
"""A row of the table: thirty numbers."""
TOML = """
[project]
name = "shop"
[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"
[model]
task = "{task}"
"""


def project(root: Path, task: str = "recommend", more: str = "") -> Project:
    root.mkdir(parents=True)
    (root / "tidemill.toml").write_text(TOML.format(task=task) + more)
    return open_project(root)


def ranking() -> Ranking:
    """10,000 items with 100 neighbours each: as large as a fitted blend, its numbers drawn."""
    rng = np.random.default_rng(1)
    items = [f"item{i:05}" for i in range(ITEMS)]
    neighbours = rng.integers(0, ITEMS, (ITEMS, NEIGHBOURS))
    weights = rng.random((ITEMS, NEIGHBOURS))
    return Ranking(items, rng.random(ITEMS), np.ones(ITEMS), neighbours, weights, again=1.0, power=0.5)


def blend(now: int) -> Bundle:
    return recommend_bundle(ranking(), {"method": "blend", "half_life": 180 * DAY}, now)


def ranked(now: int) -> Bundle:
    """The same, its best hundred put in order by as many trees as a ranker has."""
    import lightgbm

    rng, recipe = np.random.default_rng(2), recipe_of("ranker", 180 * DAY)
    rows = rng.normal(size=(20_000, len(NAMES)))
    taken = (rows[:, 0] + rows[:, 5] * rows[:, 9] + rng.normal(size=len(rows)) > 2).astype(float)
    settings = {"objective": "lambdarank", "num_leaves": recipe["num_leaves"], "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(rows, taken, group=[100] * 200)
    text: str = lightgbm.train(settings, data, num_boost_round=recipe["num_iterations"]).model_to_string()
    made = Ranker(ranking(), rng.random((ITEMS + 1, len(OF_ITEMS))), 100, text.encode())
    return bundle_of(made, recipe, now)


def trees(now: int) -> Bundle:
    """LightGBM's 200 trees of 31 leaves on 30 numbers, as a table's model."""
    import lightgbm

    rng = np.random.default_rng(1)
    x = rng.normal(size=(5_000, 30))
    y = x @ rng.normal(size=30) + np.sin(3 * x[:, 0]) + rng.normal(size=5_000)
    settings = {"num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 1, "min_data_in_leaf": 5}
    text: str = lightgbm.train(settings, lightgbm.Dataset(x, y), num_boost_round=200).model_to_string()
    columns = msgspec.to_builtins([Input(name, "number", name, required=True) for name in ROW])
    said = manifest("row", {"method": "trees"}, now, {}, ("lightgbm",), columns=columns, labels=None, learner="trees")
    return Bundle(said, {"model.txt": text.encode()})


def trees_alone(bundle: Bundle) -> float:
    """CPU µs of one row in process."""
    from tidemill.tasks.table import load as load_scorer

    model: Any = load_scorer(bundle)
    return piece(lambda: model.predict(ROW))[1]


def answer(project: Project, bundle: Bundle, subject: str, at: int) -> bytes:
    """What the model says to this subject at that moment, as the server writes it down."""
    from tidemill.features.online import History
    from tidemill.tasks.table import load as load_scorer

    known = History()
    known.load(project.live.online.rows_since(0))
    model: Any = load_scorer(bundle)
    names, scores = model.recommend(*known.items(subject, at, model.half_life), at, 10)
    return json.dumps({"items": names, "scores": scores.tolist()}).encode()


def alone(project: Project, bundle: Bundle) -> float:
    """CPU µs of the model's answer in process, without a server: the history's counts and the k best."""
    from tidemill.features.online import History
    from tidemill.tasks.table import load as load_scorer

    known, at = History(), project.clock.now()
    known.load(project.live.online.rows_since(0))
    model: Any = load_scorer(bundle)
    turn = itertools.count()

    def answer() -> None:
        items, values = known.items(str(next(turn) % SUBJECTS), at, model.half_life)
        model.recommend(items, values, at, 10)

    return piece(answer)[1]


def histories(project: Project) -> None:
    """Thirty rows of each of a thousand subjects."""
    rng, now = np.random.default_rng(2), project.clock.now()
    items, dataset = rng.integers(0, ITEMS, (SUBJECTS, ROWS_EACH)), project.dataset("sales").name
    rows = (
        OnlineEvent(0, f"{s}/{r}", str(s), f"item{items[s, r]:05}", now - (ROWS_EACH - r) * DAY, 1.0, dataset=dataset)
        for s in range(SUBJECTS)
        for r in range(ROWS_EACH)
    )
    project.live.online.load(rows)


ITEM_RULES = """
[data.items]
source = "items/*.csv"
contract = "contracts/items.yaml"
[endpoint.shop.rules]
in_stock = { column = "stock" }
exclude = [{ where = { category = "c3" } }, { items = ["$basket"] }]
bought_within = "7 days"
boosts = [{ where = { new = 1 }, by = 1.3 }]
diversity = { by = "category", at_most = 2 }
"""
QUOTAS = """quotas = [{ where = { new = 1 }, at_least = 2 }]
exposure = { where = { new = 1 }, share = "5 %" }
"""
ITEM_CONTRACT = """
apiVersion: v3.0.2
kind: DataContract
id: items
version: 1.0.0
schema:
  - name: items
    customProperties: [{ property: tidemill.key, value: sku }]
    properties:
      - { name: sku, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: stock, logicalType: integer }
      - { name: category, logicalType: string }
      - { name: new, logicalType: integer }
"""


def items(project: Project) -> None:
    """What is known of every item: a quarter is sold out, one in fifty is new, and there are twenty categories."""
    (project.root / "contracts").mkdir(exist_ok=True)
    (project.root / "contracts/items.yaml").write_text(ITEM_CONTRACT)
    now, rng = project.clock.now(), np.random.default_rng(3)
    drawn = zip(
        rng.integers(0, 4, ITEMS).tolist(), rng.integers(0, 20, ITEMS).tolist(), (rng.random(ITEMS) < 0.02).tolist()
    )
    known = ({"stock": stock, "category": f"c{kind}", "new": int(new)} for stock, kind, new in drawn)
    project.live.items.load((ItemChange("items", f"item{i:05}", "", now, one) for i, one in enumerate(known)), now)


def release(project: Project, bundle: Bundle, version: int = 1) -> None:
    """Register, sign and promote: what the gates do after they have passed."""
    digest, now = put_bundle(project.artifacts, bundle), project.clock.now()
    model = ModelVersion(
        "shop", version, digest, digest, {"method": "bench"}, "first", {}, (), now, None, "bench", None, now
    )
    project.store.models.add(model)
    signer = FileSigner(project.keys_dir, project.state)
    FileSigner(project.keys_dir, project.state, "approval")
    name = f"rel_{version}"
    asked = {"first": "quality", "infrastructure": "infrastructure"}
    gates = [
        _put(project, signer, model, attest.GATE, {"gate": gate, "blessing": blessing, "passed": True})
        for gate, blessing in asked.items()
    ]
    said = {
        "release": name,
        "endpoint": project.endpoint().name,
        "required": asked,
        "attestations": gates,
        "approval": [],
    }
    word = _put(project, signer, model, attest.RELEASE, said)
    stages = ({"share": 1.0, "span": 0, "requests": 0},)
    held = Release(name, project.endpoint().name, model.ref, "held", stages, 0, now, now, attestations=(*gates, word))
    project.store.releases.add(held)
    project.store.releases.promote(name, now)


@contextmanager
def released(root: Path, made: Callable[[int], Bundle] = blend, more: str = "") -> Iterator[tuple[Project, Bundle]]:
    """A shop with its histories, and the model that it serves."""
    with project(root, more=more) as shop:
        bundle = made(shop.clock.now())
        histories(shop)
        release(shop, bundle)
        yield shop, bundle


def _put(project: Project, signer: FileSigner, model: ModelVersion, kind: str, predicate: dict[str, Any]) -> str:
    return project.artifacts.put(seal(attest.statement(model.ref, model.bundle, kind, predicate), signer))


@dataclass
class Scorer:
    """A server process. ``cold_s``: from its start until its first answer could be given."""

    process: subprocess.Popen[bytes]
    port: int
    cold_s: float

    def cpu_ns(self) -> int:
        """What its threads have used, to the nanosecond."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def mb(self) -> tuple[float, float]:
        """(PSS, RSS) in MB."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        return kb["Pss"] / 1024, kb["Rss"] / 1024


@contextmanager
def scorer(arguments: list[str], log: Path) -> Iterator[Scorer]:
    """``python ARGUMENTS`` with the channel of a child: a process that tells its port there, ended at the end."""
    (there, tell), (hear, back) = os.pipe(), os.pipe()
    channel, theirs = Channel(hear, tell), {CHANNEL: f"{there},{back}"}
    began = time.perf_counter()
    with log.open("ab") as words:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=words,
            stderr=words,
            pass_fds=[there, back],
            env=os.environ | theirs,
            cwd=Path(__file__).parents[1],
        )
    os.close(there)
    os.close(back)
    try:
        word = channel.receive(time.monotonic() + 60.0) or {}
        if "port" not in word:
            raise RuntimeError(f"no server: {word} {log.read_text()[-2000:]}")
        yield Scorer(process, word["port"], time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(30)
        channel.close()


def load(port: int, path: str, body: dict[str, Any], headers: dict[str, str], **job: Any) -> dict[str, Any]:
    """Ask the server as `bench.client` does; its report."""
    given = {"port": port, "path": path, "body": json.dumps(body), "headers": headers, **job}
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    found: dict[str, Any] = json.loads(done.stdout)
    if found["failed"]:
        raise RuntimeError(found["failed"][0])
    return found
