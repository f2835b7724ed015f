"""noria.toml is decoded strictly: what is wrong is named with line, key and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.config import Config, load, parse
from noria.errors import ConfigError, NotAvailableYet

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
    recipes = Path(__file__).parents[1] / "noria/recipes"
    for template in recipes.glob("*/template/noria.toml"):
        assert isinstance(parse(template.read_text().replace("{name}", "shop")), Config)


def test_features_keep_their_names_apart_from_the_views_own_keys():
    view = parse(
        BASE + '[features.basket]\nfrom = "sales"\nentity = "customer"\nitems = { op = "count", by = "item" }'
    ).features["basket"]
    assert (view.from_, view.entity, list(view.features)) == ("sales", "customer", ["items"])


@pytest.mark.parametrize(
    ("extra", "place", "words"),
    [
        ('metrik = "x"', "noria.toml:8", "did you mean 'metric'?"),
        ('[data.other]\nsourc = "x"\ncontract = "y"', "noria.toml:9", "did you mean 'source'?"),
        ('[gates]\nlatency = { p9 = "1 ms" }', "noria.toml:9", "did you mean 'p99'?"),
        ("[monitr]\nx = 1", "noria.toml:8", "did you mean 'monitor'?"),
        ('[monitor]\nwindow = "oops"', "noria.toml:9", "is not a length of time"),
        ("[retrain]\ncooldown = 3", "noria.toml:9", "expected `str`, got `int`"),
        ('metric = "auc"', "noria.toml:8", "unknown metric 'auc'"),
        ('[features.b]\nfrom = "salez"\nentity = "c"', "noria.toml:9", "did you mean 'sales'?"),
        (
            '[features.b]\nfrom = "sales"\nx = { op = "sum", halflife = "1 d" }',
            "noria.toml:10",
            "did you mean 'half_life'?",
        ),
        ('[retrain]\non = ["drift", "decai"]', "noria.toml:9", "did you mean 'decay'?"),
        ('[retrain]\non = [\n  "drift",\n  "new date 5%",\n]', "noria.toml:11", "did you mean 'new data 5%'?"),
        ('[retrain]\non = ["schedule 0 3 1 *"]', "noria.toml:9", "a schedule has five fields"),
        ('[retrain]\nbudget = "1 hour"', "noria.toml:9", "write it as '1 cpu-hour / week'"),
        ('[release.production]\nrollout = ["25 2 days", "100%"]', "noria.toml:9", "is not a stage of a rollout"),
        ('[release.production]\nrollout = ["50% 1 day"]', "noria.toml:9", "must end with '100%'"),
        ('[release.a]\nrollback_on = ["eror > 1%"]', "noria.toml:9", "did you mean 'errors > 1%'?"),
        ('[gates]\nrefit = { margin = "2 pct" }', "noria.toml:9", "is not a share"),
        ('[monitor]\ndrift = { false_alarms = "often" }', "noria.toml:9", "no promise about false alarms"),
        ('[gates]\nbaseline = { superior_to = "popularty" }', "noria.toml:9", "did you mean 'popularity'?"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_way_out(extra, place, words):
    with pytest.raises(ConfigError) as caught:
        parse(BASE + extra)
    assert caught.value.place == place
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "extra",
    [
        '[gates]\nslices = { by = ["country"], max_gap = 0.2 }',
        '[release.production]\nrollout = ["shadow 1 day", "100%"]',
        '[data.far]\nsource = "s3://bucket/x"\ncontract = "y"',
    ],
)
def test_what_is_documented_and_not_built_says_so(extra):
    with pytest.raises(NotAvailableYet, match="not available yet"):
        parse(BASE + extra)


def test_forecast_is_not_available_yet():
    with pytest.raises(NotAvailableYet, match="forecast"):
        parse(BASE.replace("recommend", "forecast"))


def test_a_project_without_data_or_with_a_bad_name_is_refused():
    with pytest.raises(ConfigError, match="no dataset"):
        parse('[project]\nname = "shop"\n[model]\ntask = "recommend"')
    with pytest.raises(ConfigError, match="no project name"):
        parse(BASE.replace('"shop"', '"../shop"'))
    with pytest.raises(ConfigError, match=r"needs a name"):
        parse('[project]\nname = "shop"\n[data]\nsource = "x"\n[model]\ntask = "recommend"')


def test_a_missing_or_broken_file_says_where(tmp_path):
    with pytest.raises(ConfigError, match="noria new"):
        load(tmp_path / "noria.toml")
    (tmp_path / "noria.toml").write_text("[project\nname=")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "noria.toml")
    (tmp_path / "noria.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "noria.toml")


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_clear_error(text):
    for candidate in (text, BASE + text):
        try:
            config = parse(candidate)
        except ConfigError:
            continue
        assert isinstance(config, Config)


def test_the_baselines_named_here_are_those_that_can_be_built():
    from noria.config import BASELINES
    from noria.model import learners
    from noria.model.learners import trees

    assert BASELINES["recommend"] == tuple(learners.METHODS)
    for task in ("classify", "regress"):
        assert {trees.recipe_of(name, task)["method"] for name in BASELINES[task]} == {"constant"}
