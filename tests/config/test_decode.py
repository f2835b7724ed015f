"""tidemill.toml is decoded strictly: what is wrong is named with line, key and the hint."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.config import Config, FeatureConfig, Section, load, parse
from tidemill.errors import ConfigError, NotAvailableYet

BASE = """[project]
name = "shop"
[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
"""


def test_the_shortest_file_gets_sensible_defaults():
    config = parse(BASE)
    assert config.dataset.name == "sales"
    assert config.endpoint == "shop"
    assert config.model.split.test == "28 days"
    assert config.gates.refit.margin == "2 %"
    assert config.rollout.rollout[-1] == "100%"
    assert config.gates.approval is None


def test_the_recipes_are_valid():
    recipes = Path(__file__).parents[2] / "tidemill/recipes"
    for template in recipes.glob("*/template/tidemill.toml"):
        assert isinstance(parse(template.read_text().replace("{name}", "shop")), Config)


def test_features_keep_their_names_apart_from_the_views_own_keys():
    view = parse(
        BASE + '[features.basket]\nfrom = "sales"\nentity = "customer"\n'
        'items = { op = "decayed_count", by = "item", half_life = "9 days" }'
    ).features["basket"]
    assert (view.from_, view.entity, list(view.features)) == ("sales", "customer", ["items"])


@pytest.mark.parametrize(
    ("extra", "place", "words"),
    [
        ('metrik = "x"', "tidemill.toml:8", "did you mean 'metric'?"),
        ('[data.other]\nsourc = "x"\ncontract = "y"', "tidemill.toml:9", "did you mean 'source'?"),
        (
            '[data.other]\nname = "x"\nsource = "x"\ncontract = "y"',
            "tidemill.toml:9",
            "unknown key 'name' in [data.other]",
        ),
        ('[gates]\nlatency = { p9 = "1 ms" }', "tidemill.toml:9", "did you mean 'p99'?"),
        ("[monitr]\nx = 1", "tidemill.toml:8", "did you mean 'monitor'?"),
        ('[monitor]\nwindow = "oops"', "tidemill.toml:9", "is not a length of time"),
        ("[retrain]\ncooldown = 3", "tidemill.toml:9", "expected `str`, got `int`"),
        ('metric = "auc"', "tidemill.toml:8", "unknown metric 'auc'"),
        ('[features.b]\nfrom = "salez"\nentity = "c"', "tidemill.toml:9", "did you mean 'sales'?"),
        (
            '[features.b]\nfrom = "sales"\nx = { op = "sum", halflife = "1 d" }',
            "tidemill.toml:10",
            "did you mean 'half_life'?",
        ),
        ('[retrain]\non = ["drift", "decai"]', "tidemill.toml:9", "did you mean 'decay'?"),
        ('[retrain]\non = [\n  "drift",\n  "new date 5%",\n]', "tidemill.toml:11", "did you mean 'new data 5%'?"),
        ('[retrain]\non = ["schedule 0 3 1 *"]', "tidemill.toml:9", "a schedule has five fields"),
        ('[retrain]\nbudget = "1 hour"', "tidemill.toml:9", "write it as '1 cpu-hour / week'"),
        ('[release.production]\nrollout = ["25 2 days", "100%"]', "tidemill.toml:9", "is not a stage of a rollout"),
        ('[release.production]\nrollout = ["50% 1 day"]', "tidemill.toml:9", "must end with '100%'"),
        ('[release.a]\nrollback_on = ["eror > 1%"]', "tidemill.toml:9", "did you mean 'errors > 1%'?"),
        ('[gates]\nrefit = { margin = "2 pct" }', "tidemill.toml:9", "is not a share"),
        ('[monitor]\ndrift = { false_alarms = "often" }', "tidemill.toml:9", "no promise about false alarms"),
        ('[gates]\nbaseline = { superior_to = "popularty" }', "tidemill.toml:9", "did you mean 'popularity'?"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_way_out(extra, place, words):
    with pytest.raises(ConfigError) as caught:
        parse(BASE + extra)
    assert caught.value.place == place
    assert words in str(caught.value)


TABLE = BASE.replace("recommend", "regress")
DATA, MODEL, END = (
    "tidemill.toml:4",
    "tidemill.toml:7",
    "tidemill.toml:9",
)  # lines of BASE, and the second line of what is added
VIEW = '[features.b]\nfrom = "sales"\nentity = "customer"\n'
LATER = [
    (BASE + '[gates]\nslices = { by = ["country"], max_gap = 0.2 }', END, "the gate 'slices'"),
    (BASE.replace("recommend", "forecast"), MODEL, "the task 'forecast'"),
    *(
        (BASE + f'[release.production]\nrollout = ["{stage} 1 day", "100%"]', END, f"a stage '{stage}'")
        for stage in ("shadow", "linear", "blue-green")
    ),
    (BASE + "[release.production]\n[release.staging]\n", END, "a second environment, [release.staging],"),
    *(
        (BASE.replace("data/*.parquet", f"{scheme}://a/b"), DATA, f"a source at {scheme}://")
        for scheme in ("s3", "postgresql", "postgres", "mysql", "gs", "az", "kafka", "https")
    ),
    *(
        (BASE + VIEW + f"x = {{ {said} }}", "tidemill.toml:11", "the feature 'x' for a task that ranks items")
        for said in (
            'op = "sum", column = "quantity"',
            'op = "count", by = "item"',
            'op = "hour"',
            'op = "decayed_count", half_life = "9 days"',
            'op = "decayed_count", by = "item", half_life = "9 days", window = "90 days"',
        )
    ),
    (
        TABLE + VIEW + 'x = { op = "count", by = "item" }',
        "tidemill.toml:11",
        "a feature by item (x) for the task 'regress'",
    ),
    (
        BASE + '[data.more]\nsource = "x"\ncontract = "y"\n[features.b]\nfrom = "more"\n',
        "tidemill.toml:12",
        "a view of a second dataset, 'more',",
    ),
]


@pytest.mark.parametrize(("text", "place", "what"), LATER, ids=[what for _, _, what in LATER])
def test_what_is_documented_and_not_built_is_not_available_yet(text, place, what):
    with pytest.raises(NotAvailableYet) as caught:
        parse(text)
    assert caught.value.message == f"{what} is not available yet"
    assert caught.value.place == place
    assert caught.value.hint and caught.value.code == "not_available_yet"


def test_the_example_of_the_user_guide_says_what_is_not_built_one_after_the_other():
    """Every key of the documented example is accepted but those that are refused by name."""
    text = GUIDE
    for what, line in (
        ("the gate 'slices'", 'slices = { by = ["country"], max_gap = 0.2 }\n'),
        ("a stage 'shadow'", '"shadow 1 day", '),
    ):
        with pytest.raises(NotAvailableYet, match=re.escape(what)):
            parse(text)
        assert line in text
        text = text.replace(line, "")
    config = parse(text)
    assert config.gates.approval and config.gates.approval.roles == ("product-owner",)
    assert config.goal.told == {"goal": "revenue per visit", "owner": "head of the shop", "least useful": "1 %"}


GUIDE = """
[project]
name = "shop"
purpose = "product recommendations"
[goal]
measure = "revenue per visit"
owner = "head of the shop"
least_useful = "1 %"
[data.sales]
source = "data/sales/*.parquet"
contract = "contracts/sales.yaml"
[features.basket]
from = "sales"
entity = "customer_id"
items = { op = "decayed_count", by = "stock_code", half_life = "180 days" }
[model]
task = "recommend"
metric = "ndcg@10"
train = "all"
split = { by = "time", test = "28 days" }
search = { trials = 40, budget = "20 s" }
[gates]
refit = { not_inferior_to = "champion", metric = "ndcg@10", margin = "2 %", confidence = 0.95 }
method = { superior_to = "champion", metric = "ndcg@10", confidence = 0.95 }
baseline = { superior_to = "popularity" }
slices = { by = ["country"], max_gap = 0.2 }
latency = { p99 = "10 ms" }
approval = { roles = ["product-owner"] }
[release.production]
rollout = ["shadow 1 day", "25% 2 days min 200 requests", "100%"]
rollback_on = ["errors > 1%", "p99 > 50 ms", "hit rate drops 20%"]
[monitor]
window = "1 day"
drift = { columns = "all", false_alarms = "1 per quarter" }
[retrain]
on = ["drift", "decay", "new data 5%", "schedule 0 3 * * 1"]
cooldown = "3 days"
budget = "1 cpu-hour / week"
"""


READ: dict[str, str] = {
    "project.name": "config.project.name",
    "project.purpose": "config.project.purpose",
    "goal.measure": "config.goal.told",
    "goal.owner": "config.goal",
    "goal.least_useful": "config.goal.words",
    "data.source": "config.source",
    "data.contract": ".contract)",
    "features.from": "view.from_ ==",
    "features.entity": "config.entity",
    "features.features.op": "config.op",
    "features.features.by": "config.by",
    "features.features.column": "config.column",
    "features.features.half_life": "config.half_life",
    "features.features.window": "config.window",
    "model.task": "model.task",
    "model.metric": "model.metric",
    "model.train": "model.train",
    "model.split.by": "model.split.by",
    "model.split.test": "model.split.test",
    "model.search.trials": "model.search.trials",
    "model.search.budget": "model.search.budget",
    "gates.refit.metric": "_against_champion(context, gate.metric, gate.confidence, margin)",
    "gates.refit.margin": "gate.margin",
    "gates.refit.confidence": "_against_champion(context, gate.metric, gate.confidence, margin)",
    "gates.method.metric": "_against_champion(context, gate.metric, gate.confidence, 0.0)",
    "gates.method.confidence": "_against_champion(context, gate.metric, gate.confidence, 0.0)",
    "gates.baseline.superior_to": "gate.superior_to",
    "gates.baseline.metric": "gate.metric",
    "gates.baseline.confidence": "confidence=gate.confidence",
    "gates.latency.p99": "gates.latency.p99",
    "gates.approval.roles": "asked.roles",
    "release.rollout": "config.rollout.rollout",
    "release.rollback_on": "config.rollout.rollback_on",
    "monitor.window": "monitor.window",
    "monitor.outcomes_within": "monitor.outcomes_within",
    "monitor.drift.columns": "monitor.drift.columns",
    "monitor.drift.false_alarms": "monitor.drift.false_alarms",
    "retrain.on": "found.on",
    "retrain.cooldown": "found.cooldown",
    "retrain.budget": "found.budget",
}
"""Each key that is accepted, and the place outside of the configuration that acts on it."""
ONLY = {"gates.refit.not_inferior_to": "champion", "gates.method.superior_to": "champion"}
"""Keys that say what is so: they have one value."""


def keys(section: type, before: str = "") -> dict[str, Any]:
    """Every key that a section accepts, through tables and named sections, and its type."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        kinds = [field.type, *typing.get_args(field.type)]
        inner = [k for k in kinds if isinstance(k, type) and issubclass(k, Section)]
        path = before + field.encode_name
        if inner:
            found |= keys(inner[0], f"{path}.")
        elif field.name != "name" or before == "project.":
            found[path] = field.type
    return found


def test_every_key_that_is_accepted_is_used():
    accepted = keys(Config)
    assert set(accepted) == set(READ) | set(ONLY)
    house = Path(__file__).parents[2] / "tidemill"
    source = "".join(p.read_text() for p in sorted(house.rglob("*.py")) if p.parent != house / "config")
    for key, words in READ.items():
        assert words in source, f"{key} is accepted, and nothing reads it any more"
    for key, value in ONLY.items():
        assert typing.get_args(accepted[key]) == (value,)


@pytest.mark.parametrize("value", ["5", '"x"', "[1]", "true", "{ a = 1 }"])
@pytest.mark.parametrize(
    "section", [*(f.name for f in msgspec.structs.fields(Config)), "release.p", "data.d", "gates.slices"]
)
def test_a_section_of_another_shape_is_a_clear_error(section, value):
    with pytest.raises(ConfigError) as caught:
        parse(f"{section} = {value}\n")
    assert str(caught.value.place).startswith("tidemill.toml")


def test_a_project_without_data_or_with_a_bad_name_is_refused():
    with pytest.raises(ConfigError, match="no dataset"):
        parse('[project]\nname = "shop"\n[model]\ntask = "recommend"')
    with pytest.raises(ConfigError, match="no project name"):
        parse(BASE.replace('"shop"', '"../shop"'))
    with pytest.raises(ConfigError, match=r"needs a name"):
        parse('[project]\nname = "shop"\n[data]\nsource = "x"\n[model]\ntask = "recommend"')


def test_a_missing_or_broken_file_says_where(tmp_path):
    with pytest.raises(ConfigError, match="tidemill new"):
        load(tmp_path / "tidemill.toml")
    (tmp_path / "tidemill.toml").write_text("[project\nname=")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "tidemill.toml")
    (tmp_path / "tidemill.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "tidemill.toml")


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_clear_error(text):
    for candidate in (text, BASE + text):
        try:
            config = parse(candidate)
        except ConfigError:
            continue
        assert isinstance(config, Config)


def test_the_baselines_named_here_are_those_that_can_be_built():
    from tidemill.config import BASELINES
    from tidemill.tasks.ranking import learners
    from tidemill.tasks.tabular import trees

    assert BASELINES["recommend"] == tuple(learners.METHODS)
    for task in ("classify", "regress"):
        assert {trees.recipe_of(name, task)["method"] for name in BASELINES[task]} == {"constant"}


def test_the_operations_that_are_early_are_those_that_exist():
    from tidemill.config import unsupported as later
    from tidemill.features.transforms import OPS
    from tidemill.model.prepare import TABLES

    assert set(later.OPS) == set(OPS) and set(later.TABLES) == set(TABLES)
    assert {f.encode_name for f in msgspec.structs.fields(FeatureConfig)} == later.KEYS
