"""What the types let through, and what would stop the loop or a release much later, is refused where it is written."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.config.decode import load, parse
from tidemill.errors import ConfigError

BASE = """[project]
name = "shop"
[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
"""
VIEW = '[features.b]\nfrom = "sales"\nentity = "customer"\n'
ITEMS = 'items = { op = "decayed_count", by = "item", half_life = "9 days" }'
MORE = 'source = "x"\ncontract = "y"\n'


@pytest.mark.parametrize("name", ["../../pwned", "a@b", "a/b", "", "Sales", "-x", "a" * 64, "sales__quarantine", "é"])
def test_a_name_that_becomes_a_folder_is_letters_and_digits(name):
    with raised(ConfigError, "tidemill.toml") as caught:
        parse(BASE + f'[data."{name}"]\n{MORE}')
    assert repr(name) in caught.value.message


@pytest.mark.parametrize("kind", ["features", "environment"])
def test_so_is_a_name_in_refs_and_addresses(kind):
    with raised(ConfigError, "tidemill.toml") as caught:
        parse(BASE + f'[{kind}."../x"]\n' + ('from = "sales"\n' if kind == "features" else ""))
    assert "'../x'" in caught.value.message and f"[{kind}.NAME]" in caught.value.message


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('[monitor]\nwindow = "0 days"', "is no time at all"),
        ('[model.split]\ntest = "0 days"', "is no time at all"),
        ('[gates]\nlatency = { p99 = "0 ms" }', "is no time at all"),
        ('[retrain]\ncooldown = "99999999999999 days"', "longer than a century"),
        *(
            (f"[gates]\n{gate} = {{ confidence = {value} }}", f"confidence {float(value)} is none")
            for gate in ("refit", "method", "baseline")
            for value in ("95.0", "nan", "0.0", "1.0", "-1.0")
        ),
        ("[gates]\napproval = { roles = [] }", "asks for nobody"),
        ('[endpoint.shop]\nexplain = "sometimes"', "explain: invalid"),
        ('[endpoint.shop]\nexplain = { share = "0 %" }', "explain: '0 %' is no share at all"),
        ('[endpoint.shop.environment.live]\nexplain = { share = "lots" }\n[environment.live]', "is not a share"),
        ('[gates]\napproval = { roles = ["owner", " "] }', "asks for nobody"),
        (VIEW + ITEMS.replace("9 days", "soon"), "items: 'soon' is not a length of time"),
        (VIEW + ITEMS.replace("9 days", "0 days"), "items: '0 days' is no time at all"),
        (VIEW + ITEMS.replace("9 days", "-3 days"), "is not a length of time"),
        (VIEW + ITEMS.replace("decayed_count", "decayd_count"), "did you mean 'decayed_count'?"),
    ],
)
def test_what_no_part_could_work_with_is_refused_with_its_line(said, words):
    with pytest.raises(ConfigError) as caught:
        parse(BASE + said)
    assert words in str(caught.value)
    assert str(caught.value.place).partition(":")[2], "the line is said"


@pytest.mark.parametrize(("key", "line"), [("source", 4), ("contract", 5)])
def test_an_empty_source_or_contract_is_refused(key, line):
    with raised(ConfigError, f"tidemill.toml:{line}") as caught:
        parse(BASE.replace(f'{key} = "', f'{key} = " " # "'))
    assert caught.value.message.startswith(key)


@pytest.mark.parametrize(
    ("text", "cause"), [("a = " + "[" * 3_000, RecursionError), ("a = " + "9" * 5_000, ValueError)]
)
def test_what_python_cannot_read_is_not_valid_toml(text, cause):
    with raised(ConfigError, "tidemill.toml", hint=False) as caught:
        parse(text)
    assert type(caught.value.__cause__) is cause


def test_a_file_that_an_editor_marked_as_utf_8_is_read(tmp_path):
    path = tmp_path / "tidemill.toml"
    path.write_text(BASE, "utf-8-sig")
    assert load(path).project.name == "shop"


@pytest.mark.parametrize("word", ["champion", "challenger", "latest", "v1", "v12"])
def test_no_model_endpoint_or_project_is_called_like_a_version_of_one(word):
    for said in (
        BASE.replace('"shop"', f'"{word}"'),
        BASE.replace("[model]", f"[model.{word}]"),
        BASE + f"[endpoint.{word}]\nmodel = 'shop'\n",
    ):
        with pytest.raises(ConfigError) as caught:
            parse(said)
        assert repr(word) in caught.value.message and caught.value.hint
    parse(BASE.replace('"shop"', f'"{word}s"').replace("[model]", f"[model.{word}-1]"))


@pytest.mark.parametrize("key", ["source", "contract"])
@pytest.mark.parametrize(
    "path", ["/abs/x.csv", "~/x.csv", "../x.csv", "data/../../x.csv", "data/{..,x}/a.csv", "a\\u0000b.csv", "a\\nb.csv"]
)
def test_a_path_leads_nowhere_else(key, path):
    text = BASE.replace("data/*.parquet" if key == "source" else "contracts/sales.yaml", path)
    line = 4 if key == "source" else 5
    with raised(ConfigError, f"tidemill.toml:{line}") as caught:
        parse(text)
    assert caught.value.message.startswith(f"{key}: ")


@pytest.mark.parametrize(
    "path", ["data/a..b.csv", "data/.../x.csv", "data/**/*.{csv,parquet}", "daten/käufe 2024.csv", "steps:own"]
)
def test_a_path_inside_is_taken(path):
    assert parse(BASE.replace("data/*.parquet", path)).data["sales"].source == path


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1:80", "http://127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1@x.org:80", "file:///x"],
)
def test_a_process_runs_on_this_machine(url):
    text = BASE.replace('"recommend"', '"regress"')
    with raised(ConfigError, "tidemill.toml:8"):
        parse(f'{text}[model.process]\nurl = "{url}"\n')
    parse(f'{text}[model.process]\nurl = "http://127.0.0.1:9000"\n')
