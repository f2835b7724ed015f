"""tidemill.toml is decoded strictly: what is wrong is named with line, key and the hint."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.config.decode import load, parse
from tidemill.config.policies import stages
from tidemill.config.resolve import Config, File
from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.types import DAY

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
    (endpoint,) = config.endpoints[""].values()
    assert (endpoint.name, endpoint.model, list(config.data)) == ("shop", "shop", ["sales"])
    assert config.model["shop"].split.test == "28 days"
    assert (endpoint.policies.gates.refit.margin, endpoint.policies.gates.baseline.superior_to) == ("", "all")
    assert endpoint.policies.rollout[-1].share == "100 %"
    assert endpoint.policies.gates.approval is None


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
        ('[features.b]\nfrom = "salez"\nentity = "c"', "tidemill.toml:9", "did you mean 'sales'?"),
        (
            '[features.b]\nfrom = "sales"\nx = { op = "sum", halflife = "1 d" }',
            "tidemill.toml:10",
            "did you mean 'half_life'?",
        ),
        ('[retrain]\non = ["drift", "decai"]', "tidemill.toml:9", "did you mean 'decay'?"),
        ('[retrain]\non = [\n  "drift",\n  "decy",\n]', "tidemill.toml:11", "did you mean 'decay'?"),
        ('[retrain]\non = [{ new_dat = "5 %" }]', "tidemill.toml:9", "did you mean 'new_data'?"),
        ('[retrain]\non = [{ new_data = "0 %" }]', "tidemill.toml:9", "write it as '5 %' or '1000 rows'"),
        ('[retrain]\non = [{ new_data = "0 rows" }]', "tidemill.toml:9", "always true"),
        ("[retrain]\non = [{}]", "tidemill.toml:9", "new data or a schedule"),
        ('[retrain]\non = [{ schedule = "0 3 1 *" }]', "tidemill.toml:9", "a schedule has five fields"),
        ('[retrain]\nbudget = { cpu = "a while" }', "tidemill.toml:9", "is not a length of time"),
        ('[retrain]\nbudget = { every = "fortnight" }', "tidemill.toml:9", "is not a length of time"),
        ('[environment.production]\nrollout = [{ share = "25" }]', "tidemill.toml:9", "is not a share"),
        ('[environment.production]\nrollout = [{ share = "50 %" }]', "tidemill.toml:9", "must end with everybody"),
        ('[release.a]\nrollback_on = { eror = "1 %" }', "tidemill.toml:9", "did you mean 'errors'?"),
        ('[release.a]\nrollback_on = { p99 = "1 %" }', "tidemill.toml:9", "is not a length of time"),
        ("[environment.a]\n[release.b]", "tidemill.toml:9", "keep one spelling"),
        ('[environment.a]\nafter = "b"', "tidemill.toml:9", "no earlier environment 'b'"),
        ("[endpoint.shopp]", "tidemill.toml:8", "did you mean 'shop'?"),
        ('[endpoint.x]\nmodel = "shopp"', "tidemill.toml:9", "did you mean 'shop'?"),
        ("[endpoint.shop.environment.live]", "tidemill.toml:8", "no environment 'live'"),
        ('[endpoint.shop.gates]\nrefit = { margin = "2 pct" }', "tidemill.toml:9", "is not a share"),
        ("[endpoint.shop]\n[endpoint.shop]", "tidemill.toml", "not valid TOML"),
        ('inputs = { views = ["baskt"] }', "tidemill.toml:8", "no view 'baskt'"),
        ('rows = { from = "salez" }', "tidemill.toml:8", "did you mean 'sales'?"),
        ('[jobs]\ntrain = "long"', "tidemill.toml:9", "is not a length of time"),
        ('[gates]\nrefit = { margin = "2 pct" }', "tidemill.toml:9", "is not a share"),
        ("[gates]\nslices = { by = [] }", "tidemill.toml:9", "by no column"),
        ("[gates]\nslices = { max_gap = 0.2 }", "tidemill.toml:9", "'by' is missing"),
        ('[gates]\nslices = { by = ["country"], max_gap = 0 }', "tidemill.toml:9", "max_gap"),
        ('[gates]\nslices = { by = ["country"], gap = 0.1 }', "tidemill.toml:9", "did you mean 'max_gap'?"),
        ('[gates]\nslices = { by = ["country"], confidence = 1 }', "tidemill.toml:9", "confidence"),
        ('[environment.a]\nrollout = [{ shadow = true, for = "1 day", share = "5 %" }]', "tidemill.toml:9", "no share"),
        ("[environment.a]\nrollout = [{ shadow = true }]", "tidemill.toml:9", "needs a time"),
        ('[environment.a]\nrollout = [{ shadow = true, for = "1 day" }]', "tidemill.toml:9", "end with everybody"),
        ('[endpoint.shop.gates]\nslices = { by = "country" }', "tidemill.toml:9", "got `str`"),
        ("[monitor]\ndrift = { false_alarms = { at_most = 0 } }", "tidemill.toml:9", "no promise about false alarms"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_way_out(extra, place, words):
    with pytest.raises(ConfigError) as caught:
        parse(BASE + extra)
    assert caught.value.place == place
    assert words in str(caught.value)


TABLE = BASE.replace("recommend", "regress")
DATA = "tidemill.toml:4"
VIEW = '[features.b]\nfrom = "sales"\nentity = "customer"\n'
LATER = [
    *(
        (BASE.replace("data/*.parquet", f"{scheme}://a/b"), DATA, f"a source at {scheme}://")
        for scheme in ("s3", "postgresql", "postgres", "mysql", "gs", "az", "kafka", "https")
    ),
]


@pytest.mark.parametrize(("text", "place", "what"), LATER, ids=[what for _, _, what in LATER])
def test_what_is_documented_and_not_built_is_not_available_yet(text, place, what):
    with pytest.raises(NotAvailableYet) as caught:
        parse(text)
    assert caught.value.message == f"{what} is not available yet"
    assert caught.value.place == place
    assert caught.value.hint and caught.value.code == "not_available_yet"


def test_the_example_of_the_user_guide_is_built():
    """Every key of the documented example is accepted."""
    config = parse(GUIDE)
    policies = config.endpoints[""]["shop"].policies
    assert stages(policies.rollout)[0] == {"share": 0.0, "span": DAY, "requests": 0, "shadow": True}
    gates = policies.gates
    assert gates.approval and gates.approval.roles == ("product-owner",)
    assert gates.slices and (gates.slices.by, gates.slices.gap) == (("country",), 0.2)
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
[environment.production]
rollout = [{ shadow = true, for = "1 day" }, { share = "25 %", for = "2 days", min_requests = 200 }, { share = "100 %" }]
rollback_on = { errors = "1 %", p99 = "50 ms", hit_rate_drop = "20 %" }
[monitor]
window = "1 day"
drift = { columns = "all", false_alarms = { at_most = 1, every = "quarter" } }
[retrain]
on = ["drift", "decay", { new_data = "5 %" }, { schedule = "0 3 * * 1" }]
cooldown = "3 days"
budget = { cpu = "1 hour", every = "week" }
"""


MANY = """[project]
name = "shop"
[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"
[data.visits]
source = "visits/*.csv"
contract = "contracts/visits.yaml"
[model.recommend]
task = "recommend"
rows = { from = "sales" }
[model.returns]
task = "classify"
rows = { from = "visits" }
[gates]
refit = { margin = "3 %" }
latency = { p99 = "9 ms" }
[environment.staging]
rollout = [{ share = "100 %" }]
[environment.production]
after = "staging"
rollout = [{ share = "10 %", for = "1 day" }, { share = "100 %" }]
[endpoint.returns.gates]
latency = { p99 = "80 ms" }
[endpoint.shadow]
model = "recommend"
[endpoint.recommend.environment.production]
rollout = [{ share = "50 %" }, { share = "100 %" }]
[endpoint.recommend.environment.production.retrain]
cooldown = "9 days"
"""


def test_an_endpoint_overrides_by_key_and_its_environment_wins():
    config = parse(MANY)
    assert list(config.environment) == ["staging", "production"] and list(config.endpoints) == ["", "production"]
    first, later = config.endpoints[""], config.endpoints["production"]
    assert {name: endpoint.model for name, endpoint in first.items()} == {
        "shadow": "recommend",
        "recommend": "recommend",
        "returns": "returns",
    }
    gates = first["returns"].policies.gates
    assert (gates.refit.margin, gates.latency.p99) == ("3 %", "80 ms"), "a whole key is replaced, and no other"
    assert first["recommend"].policies.gates.latency.p99 == "9 ms"
    shares = {name: later[name].policies.rollout[0].share for name in later}
    assert shares == {"recommend": "50 %", "returns": "10 %", "shadow": "10 %"}
    assert first["recommend"].policies.rollout[0].share == "100 %"
    assert (first["recommend"].policies.retrain.cooldown, later["recommend"].policies.retrain.cooldown) == (
        "3 days",
        "9 days",
    )


def test_a_model_of_several_says_which_dataset_it_learns_from():
    with raised(ConfigError, "tidemill.toml:12") as caught:
        parse(MANY.replace('rows = { from = "visits" }', ""))
    assert "'returns'" in caught.value.message and 'rows = { from = "sales" }' in caught.value.hint


@pytest.mark.parametrize("value", ["5", '"x"', "[1]", "true", "{ a = 1 }"])
@pytest.mark.parametrize(
    "section", [*(f.name for f in msgspec.structs.fields(File)), "release.p", "data.d", "gates.slices"]
)
def test_a_section_of_another_shape_is_a_clear_error(section, value):
    with pytest.raises(ConfigError) as caught:
        parse(f"{section} = {value}\n")
    assert str(caught.value.place).startswith("tidemill.toml")


def test_a_project_without_data_or_with_a_bad_name_is_refused():
    with raised(ConfigError, "tidemill.toml:1") as caught:
        parse('[project]\nname = "shop"\n[model]\ntask = "recommend"')
    assert "[data.NAME]" in caught.value.hint
    with raised(ConfigError, "tidemill.toml:2") as caught:
        parse(BASE.replace('"shop"', '"../shop"'))
    assert "'../shop'" in caught.value.message
    with raised(ConfigError, "tidemill.toml:3") as caught:
        parse('[project]\nname = "shop"\n[data]\nsource = "x"\n[model]\ntask = "recommend"')
    assert "[data]" in caught.value.message and "[data.NAME]" in caught.value.hint


def test_a_missing_or_broken_file_says_where(tmp_path):
    with raised(ConfigError, str(tmp_path)) as caught:
        load(tmp_path / "tidemill.toml")
    assert "tidemill new NAME" in caught.value.hint
    (tmp_path / "tidemill.toml").write_text("[project\nname=")
    with raised(ConfigError, "tidemill.toml", hint=False) as caught:
        load(tmp_path / "tidemill.toml")
    assert isinstance(caught.value.__cause__, tomllib.TOMLDecodeError)
    (tmp_path / "tidemill.toml").write_bytes(b"\xff\xfe")
    with raised(ConfigError, str(tmp_path / "tidemill.toml"), hint=False) as caught:
        load(tmp_path / "tidemill.toml")
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_clear_error(text):
    for candidate in (text, BASE + text):
        try:
            config = parse(candidate)
        except ConfigError:
            continue
        assert isinstance(config, Config)


def test_the_operations_that_can_be_declared_are_those_that_exist():
    from tidemill.config.unsupported import OPS as DECLARED
    from tidemill.features.transforms import OPS

    assert set(DECLARED) == set(OPS)


def test_what_a_wrong_label_costs_is_above_nought_and_told_with_the_goal():
    base = '[project]\nname = "t"\n[data.d]\nsource = "x"\ncontract = "y"\n[model]\ntask = "classify"\n[goal]\n'
    goal = parse(base + "costs = { false_positive = 1, false_negative = 20 }").goal
    assert goal.costs and (goal.costs.false_positive, goal.costs.false_negative, goal.costs.positive) == (1, 20, "")
    assert goal.told == {"costs": "a false positive 1, a false negative 20"}
    assert goal.words == "", "the metric counts them: they are no words"
    for wrong in (
        "{ false_positive = 0, false_negative = 1 }",
        "{ false_positive = 1 }",
        "{ false_negative = -1, false_positive = 1 }",
    ):
        with pytest.raises(ConfigError) as caught:
            parse(base + f"costs = {wrong}")
        assert caught.value.place.startswith("tidemill.toml:9")
