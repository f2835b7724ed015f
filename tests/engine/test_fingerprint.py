"""Fingerprints: the same for what computes the same, another for anything that changes what is computed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tidemill.engine import step
from tidemill.engine.fingerprint.code_dependencies import CodeDependencies, code_dependencies
from tidemill.engine.runner.prepare import fingerprint, fingerprint_inputs

Load = Callable[..., ModuleType]
quiet = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

STEPS = """
    from __future__ import annotations
    import json
    from tidemill import step
    from helpers import scale, Shape
    from helpers import shift

    FACTOR = 3
    TABLE = {"a": 1}
    UNUSED = 0

    def near(x):
        return x + 1

    @step
    def work(x: int = 1) -> int:
        return near(x) * FACTOR + scale(x) + shift(x) + Shape(x).area() + TABLE["a"]

    def unrelated():
        return 1
"""
HELPERS = """
    LIMIT = 10

    def scale(x):
        return min(deep(x), LIMIT)

    def deep(x):
        return x * 2

    def shift(x):
        return x - 1

    class Shape:
        def __init__(self, side):
            self.side = side

        def area(self):
            return self.side ** 2

    def unrelated():
        return 2
"""


def found(load: Load, steps: str = STEPS, helpers: str = HELPERS) -> CodeDependencies:
    return code_dependencies(load(steps=steps, helpers=helpers).work)


def test_what_a_step_reaches(load_module: Load) -> None:
    sources = found(load_module).sources
    assert next(iter(sources)) == "steps:work"
    assert set(sources) == {
        *(f"steps:{name}" for name in ("work", "near", "FACTOR", "TABLE")),
        *(f"helpers:{name}" for name in ("scale", "deep", "LIMIT", "shift", "Shape")),
    }


@pytest.mark.parametrize(
    "old,new,changed",
    [
        ("return near(x) *", "return near(x) +", "steps:work"),
        ("x: int = 1", "x: int = 2", "steps:work"),
        ("return x + 1", "return x + 2", "steps:near"),
        ("FACTOR = 3", "FACTOR = 4", "steps:FACTOR"),
        ('{"a": 1}', '{"a": 2}', "steps:TABLE"),
        ("min(deep(x)", "max(deep(x)", "helpers:scale"),
        ("return x * 2", "return x * 3", "helpers:deep"),
        ("LIMIT = 10", "LIMIT = 11", "helpers:LIMIT"),
        ("x - 1", "x - 1.0", "helpers:shift"),
        ("self.side ** 2", "self.side ** 3", "helpers:Shape"),
    ],
)
def test_a_change_of_anything_reached_is_seen_and_named(load_module: Load, old: str, new: str, changed: str) -> None:
    before = found(load_module).sources
    after = found(load_module, STEPS.replace(old, new), HELPERS.replace(old, new)).sources
    assert {name for name in before if before[name] != after.get(name)} == {changed}


@pytest.mark.parametrize(
    "old,new",
    [
        ("UNUSED = 0", "UNUSED = 1"),
        ("return 1\n", "return 5\n"),
        ("return 2\n", "return 5\n"),
        ("return x + 1", "# why\n        return (x  +  1)"),
        ("return x + 1", '"""Says what."""\n        return x + 1'),
        ("def work(x: int = 1) -> int:", 'def work(x: int = 1) -> int:\n        """New words."""'),
        ("@step\n", "@step(retry=(OSError,), attempts=5)\n"),
        ("import json", "import json, csv"),
        ("class Shape:", 'class Shape:\n        """A square."""\n'),
        ("    FACTOR = 3", "    # the factor\n\n\n    FACTOR = 3  # three"),
    ],
)
def test_what_changes_nothing_is_not_seen(load_module: Load, old: str, new: str) -> None:
    before = found(load_module).sources
    assert found(load_module, STEPS.replace(old, new), HELPERS.replace(old, new)).sources == before


@quiet
@given(
    one=st.tuples(st.integers(-3, 3), st.sampled_from(["+", "-", "*"])),
    two=st.tuples(st.integers(-3, 3), st.sampled_from(["+", "-", "*"])),
    lines=st.integers(0, 5),
    comment=st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=20),
)
def test_same_code_same_digest_other_code_other_digest(
    load_module: Load, one: tuple[int, str], two: tuple[int, str], lines: int, comment: str
) -> None:
    def source(value: tuple[int, str], space: int, words: str) -> str:
        body = "\n" * space + f"    # {words}\n"
        return f"C = {value[0]}\n{body}def work(x):\n{body}    '''{words}'''\n    return x {value[1]} C\n"

    first = code_dependencies(load_module(steps=source(one, 0, "")).work).sources
    second = code_dependencies(load_module(steps=source(two, lines, comment)).work).sources
    assert (first == second) == (one == two)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=5,
)


@step
def some(x: Any) -> Any:
    return x


@settings(max_examples=150, deadline=None)
@given(
    first=st.tuples(st.dictionaries(st.sampled_from("ab"), plain), st.dictionaries(st.sampled_from("xy"), st.text())),
    second=st.tuples(st.dictionaries(st.sampled_from("ab"), plain), st.dictionaries(st.sampled_from("xy"), st.text())),
)
def test_parameters_and_inputs_make_the_fingerprint(first: Any, second: Any) -> None:
    prints = [
        fingerprint(fingerprint_inputs(some.definition, CodeDependencies(), p, i, 0, None))
        for p, i in (first, second, first)
    ]
    assert prints[0] == prints[2]
    assert (prints[0] == prints[1]) == (repr(sorted_deep(first)) == repr(sorted_deep(second)))


def sorted_deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: sorted_deep(value[k]) for k in sorted(value)}
    return [sorted_deep(v) for v in value] if isinstance(value, (list, tuple)) else value


def test_the_seed_counts_only_with_a_context_and_the_version_when_declared() -> None:
    @step
    def takes(x: int, ctx: Any) -> int:
        return x

    @step(version="data of May")
    def declared(x: int) -> int:
        return x

    assert "seed" not in fingerprint_inputs(some.definition, CodeDependencies(), {}, {}, 7, None)
    assert fingerprint_inputs(takes.definition, CodeDependencies(), {}, {}, 7, None)["seed"] == 7
    assert (
        fingerprint_inputs(declared.definition, CodeDependencies(), {}, {}, 7, "data of May")["version"]
        == "data of May"
    )


@pytest.mark.parametrize("what", ["fingerprint.environment.PYTHON", "runner.prepare.codecs.VERSION"])
def test_another_python_or_codec_is_another_fingerprint(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    before = fingerprint(fingerprint_inputs(some.definition, CodeDependencies(), {}, {}, 0, None))
    monkeypatch.setattr(f"tidemill.engine.{what}", "another")
    assert fingerprint(fingerprint_inputs(some.definition, CodeDependencies(), {}, {}, 0, None)) != before


def test_libraries_are_those_that_the_reached_code_uses(load_module: Load) -> None:
    module = load_module(
        steps="""
        import numpy as np
        import scipy.stats
        import yaml

        def work(x):
            import polars as pl
            return pl.DataFrame({"x": np.ones(x)})

        def other():
            return yaml.safe_load("1"), scipy.stats.norm
        """
    )
    assert code_dependencies(module.work).libraries == {"numpy", "polars"}
    libraries = fingerprint_inputs(some.definition, code_dependencies(module.work), {}, {}, 0, None)["libraries"]
    import numpy
    import polars

    assert libraries == {"numpy": numpy.__version__, "polars": polars.__version__}
    assert (
        fingerprint_inputs(some.definition, code_dependencies(module.other), {}, {}, 0, None)["libraries"]["yaml"]
        != "?"
    )


def test_imports_of_every_shape_are_followed(load_module: Load) -> None:
    module = load_module(
        steps="""
        import pack.inner.deep
        from pack import inner as i
        from pack.star import *
        from pack.again import moved

        def work(x):
            from pack.lazy import late
            return pack.inner.deep.bottom(x) + i.middle(x) + starred(x) + moved(x) + late(x)
        """,
        **{
            "pack/__init__": "",
            "pack/inner/__init__": "def middle(x): return x\n",
            "pack/inner/deep": "from ..side import beside\ndef bottom(x): return beside(x)\n",
            "pack/side": "def beside(x): return x\n",
            "pack/star": "def starred(x): return x\n",
            "pack/again": "from pack.side import beside as moved\n",
            "pack/lazy": "def late(x): return x\n",
        },
    )
    wanted = {"pack.inner.deep:bottom", "pack.side:beside", "pack.inner:middle", "pack.star:starred", "pack.lazy:late"}
    assert set(code_dependencies(module.work).sources) == {"steps:work", *wanted}
    assert "pack.lazy" not in sys.modules, "reading must not import"


def test_circles_end(load_module: Load) -> None:
    stars = load_module(
        steps="from other import *\ndef work(x): return ping(nowhere)\n",
        other="from steps import *\ndef ping(x): return x\n",
    )
    assert set(code_dependencies(stars.work).sources) == {"steps:work", "other:ping"}
    module = load_module(
        steps="import other\ndef work(x): return other.ping(x)\ndef pong(x): return work(x)\n",
        other="import steps\ndef ping(x): return steps.pong(x)\n",
    )
    assert set(code_dependencies(module.work).sources) == {"steps:work", "other:ping", "steps:pong"}


def test_what_a_function_closes_over_is_not_seen(load_module: Load) -> None:
    """It counts by its own source, and its results are not reused unless that is declared."""
    source = """
        def helper(x): return x
        def make(n):
            def work(x):
                return helper(x) * n
            return work
    """
    module = load_module(steps=source)
    two, three = code_dependencies(module.make(2)), code_dependencies(module.make(3))
    assert two.sources == three.sources and set(two.sources) == {"steps:make.<locals>.work", "steps:helper"}
    assert list(two.unseen) == ["what make.<locals>.work closes over"]


def test_a_function_without_a_file_says_that_its_source_is_not_seen() -> None:
    space: dict[str, Any] = {"__name__": "shell"}
    exec("def work(x): return x", space)
    found = code_dependencies(space["work"])
    assert not found.sources and len(found.unseen) == 1


def test_a_module_used_as_such_counts_whole(load_module: Load) -> None:
    helpers = "from other import far\ndef one(): return 1\ndef two(): return 2\n"
    module = load_module(steps="import helpers as h\ndef work(): return h.one()\n", helpers=helpers, other="far = 1\n")
    wanted = {"steps:work", "helpers:one", "helpers:two", "other:far"}
    assert set(code_dependencies(module.work).sources) == wanted


def test_tidemill_counts_by_its_version(load_module: Load) -> None:
    module = load_module(steps="from tidemill.features.as_of import table\ndef work(): return table\n")
    found = code_dependencies(module.work)
    assert set(found.sources) == {"steps:work"} and found.libraries == {"tidemill"}


def test_a_file_that_changed_after_it_was_looked_at_counts_as_it_runs(load_module: Load) -> None:
    """A process that goes on with old code must not store its results under the new code's fingerprint."""
    module = load_module(steps="K = 1\ndef near(x): return x + K\ndef work(x): return near(x)\n")
    before = code_dependencies(module.work).sources
    text = "K = 22\ndef near(x): return x - K\ndef work(x): return near(x)\n"
    Path(str(module.__file__)).write_text(text)
    assert code_dependencies(module.work).sources == before
    importlib.invalidate_caches()
    after = code_dependencies(importlib.reload(module).work).sources
    assert {name for name in before if before[name] != after[name]} == {"steps:K", "steps:near"}


@pytest.mark.parametrize(
    "body,says",
    [
        ("import polars as pl\n    return pl.scan_parquet('x').collect()", "files (scan_parquet) in steps"),
        ("import polars as pl\n    return pl.read_csv('x')", "files (read_csv) in steps"),
        ("return x.write_parquet('out')", "files (write_parquet) in steps"),
        ("from deltalake import DeltaTable\n    return DeltaTable('x')", "files (DeltaTable) in steps"),
        ("return x.read_text()", ""),
    ],
)
def test_files_that_native_code_opens_are_told_by_name(load_module: Load, body: str, says: str) -> None:
    module = load_module(steps=f"def work(x):\n    {body}\n")
    assert list(code_dependencies(module.work).unseen) == ([says] if says else [])


@pytest.mark.parametrize(
    "source,old,new",
    [
        ("TABLE = {}\ndef fill(t, v): t['a'] = v\nfill(TABLE, 1)\ndef work(): return TABLE\n", "TABLE, 1", "TABLE, 2"),
        ("match 1:\n    case 1:\n        def help(): return 1\ndef work(): return help()\n", "return 1", "return 2"),
        (
            "try:\n    K = 1\nexcept* OSError:\n    def help(): return 1\nelse:\n    def help(): return 2\ndef work(): return help()\n",
            "return 2",
            "return 3",
        ),
    ],
)
def test_what_a_module_does_to_its_values_counts(load_module: Load, source: str, old: str, new: str) -> None:
    before = code_dependencies(load_module(steps=source).work).sources
    assert code_dependencies(load_module(steps=source.replace(old, new)).work).sources != before


def test_a_folder_that_its_repository_ignores_is_in_none(tmp_path: Path) -> None:
    """A demo below a checkout, say: that one's commit says nothing of the project."""
    from tidemill.engine.fingerprint.environment import code_state
    from tidemill.store.artifacts.local import LocalArtifacts

    shop, kept = tmp_path / "shop", LocalArtifacts(tmp_path.parent / f"{tmp_path.name}-artifacts")
    shop.mkdir()
    (shop / "tidemill.toml").write_text("")
    (tmp_path / ".gitignore").write_text("/shop/\n")
    for line in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"]):
        subprocess.run(["git", *line], cwd=tmp_path, check=True)
    assert code_state(shop, kept, 0) == ({}, [])
    assert code_state(tmp_path, kept, 0)[0]["dirty"] is False
