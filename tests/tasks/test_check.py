"""What only a task can say of a configuration is refused with its line, and what a task names can be built."""

from __future__ import annotations

import pytest

from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.tasks.check import check
from tidemill.tasks.table import TASKS, task_of, training_of

BASE = """[project]
name = "shop"
[data.sales]
source = "data/*.parquet"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
"""
TABLE = BASE.replace("recommend", "regress")
VIEW = '[features.b]\nfrom = "sales"\nentity = "customer"\n'


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (BASE.replace("recommend", "recomend"), "tidemill.toml:7", "did you mean 'recommend'?"),
        (BASE + 'learners = ["rankr"]', "tidemill.toml:8", "did you mean 'ranker'?"),
        (BASE + 'metric = "auc"', "tidemill.toml:8", "unknown metric 'auc'"),
        (BASE + '[gates]\nbaseline = { superior_to = "popularty" }', "tidemill.toml:9", "did you mean 'popularity'?"),
        (BASE + '[gates]\nmethod = { metric = "mae" }', "tidemill.toml:9", "unknown metric 'mae'"),
        (TABLE + '[gates]\nbaseline = { superior_to = "ease" }', "tidemill.toml:9", "for regress"),
    ],
)
def test_unknown_names_are_refused_with_line_and_hint(text, place, words):
    with pytest.raises(ConfigError) as caught:
        check(text)
    assert caught.value.place == place and words in str(caught.value)


EARLY = [
    *(
        (BASE + VIEW + f"x = {{ {feature} }}", "tidemill.toml:11")
        for feature in (
            'op = "sum", column = "quantity"',
            'op = "count", by = "item"',
            'op = "hour"',
            'op = "decayed_count", half_life = "9 days"',
            'op = "decayed_count", by = "item", half_life = "9 days", window = "90 days"',
        )
    ),
    (TABLE + VIEW + 'x = { op = "count", by = "item" }', "tidemill.toml:11"),
]


@pytest.mark.parametrize(("text", "place"), EARLY)
def test_what_no_model_of_the_task_would_read_is_not_available_yet(text, place):
    with pytest.raises(NotAvailableYet) as caught:
        check(text)
    assert caught.value.place == place and caught.value.hint


def test_what_the_task_reads_passes():
    check(BASE + VIEW + 'x = { op = "decayed_count", by = "item", half_life = "9 days" }')
    check(TABLE + VIEW + 'x = { op = "mean", column = "count", window = "7 days" }\ny = { op = "hour" }')
    check(TABLE.replace("regress", "classify") + '[gates]\nbaseline = { superior_to = "prior" }')


def test_each_model_and_endpoint_is_checked_by_its_own_task():
    two = BASE.replace("[model]", "[model.shop]") + '[model.hours]\ntask = "regress"\nmetric = "mae"\n'
    check(two + '[endpoint.hours.gates]\nbaseline = { superior_to = "mean" }\n')
    with pytest.raises(ConfigError) as caught:
        check(two + '[endpoint.shop.gates]\nbaseline = { superior_to = "mean" }\n')
    assert caught.value.place == "tidemill.toml:12"


@pytest.mark.parametrize("task", ["steps", "steps:", "steps:a.b", "steps:1x", "recommend:x", "recommend:", "", ":x"])
def test_a_task_of_ones_own_has_the_name_of_a_function(task):
    with pytest.raises(ConfigError):
        task_of(task)


def test_every_task_has_both_sides():
    for name in TASKS:
        text = "steps:mine" if name == "steps" else name
        assert task_of(text).name == name and (training_of(text).histories is not None) == task_of(text).history
