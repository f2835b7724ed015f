"""Fingerprints: the same for what computes the same, another for anything that changes what is computed."""

from __future__ import annotations

import json
import os
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
from tidemill.engine.fingerprint.code_dependencies import Reach, reach
from tidemill.engine.fingerprint.fingerprint import fingerprint, fingerprint_inputs

Load = Callable[..., ModuleType]
quiet = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

STEPS = """
    from __future__ import annotations
    import json
    from tidemill import step
    from helpers import scale, Shape
    import helpers as h

    FACTOR = 3
    TABLE = {"a": 1}
    UNUSED = 0

    def near(x):
        return x + 1

    @step
    def work(x: int = 1) -> int:
        return near(x) * FACTOR + scale(x) + h.shift(x) + Shape(x).area() + TABLE["a"]

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


def found(load: Load, steps: str = STEPS, helpers: str = HELPERS) -> Reach:
    return reach(load(steps=steps, helpers=helpers).work)


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

    first = reach(load_module(steps=source(one, 0, "")).work).sources
    second = reach(load_module(steps=source(two, lines, comment)).work).sources
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
        fingerprint(fingerprint_inputs(some.definition, Reach(), p, i, 0, None)) for p, i in (first, second, first)
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

    assert "seed" not in fingerprint_inputs(some.definition, Reach(), {}, {}, 7, None)
    assert fingerprint_inputs(takes.definition, Reach(), {}, {}, 7, None)["seed"] == 7
    assert fingerprint_inputs(declared.definition, Reach(), {}, {}, 7, "data of May")["version"] == "data of May"


@pytest.mark.parametrize("what", ["fingerprint.fingerprint.PYTHON", "fingerprint.fingerprint.codecs.VERSION"])
def test_another_python_or_codec_is_another_fingerprint(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    before = fingerprint(fingerprint_inputs(some.definition, Reach(), {}, {}, 0, None))
    monkeypatch.setattr(f"tidemill.engine.{what}", "another")
    assert fingerprint(fingerprint_inputs(some.definition, Reach(), {}, {}, 0, None)) != before


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
    assert reach(module.work).libraries == {"numpy", "polars"}
    libraries = fingerprint_inputs(some.definition, reach(module.work), {}, {}, 0, None)["libraries"]
    import numpy
    import polars

    assert libraries == {"numpy": numpy.__version__, "polars": polars.__version__}
    assert fingerprint_inputs(some.definition, reach(module.other), {}, {}, 0, None)["libraries"]["yaml"] != "?"


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
    assert set(reach(module.work).sources) == {"steps:work", *wanted}
    assert "pack.lazy" not in sys.modules, "reading must not import"


def test_circles_end(load_module: Load) -> None:
    module = load_module(
        steps="import other\ndef work(x): return other.ping(x)\ndef pong(x): return work(x)\n",
        other="import steps\ndef ping(x): return steps.pong(x)\n",
    )
    assert set(reach(module.work).sources) == {"steps:work", "other:ping", "steps:pong"}


def test_closures_and_nested_functions(load_module: Load) -> None:
    source = """
        def helper(x): return x
        def make(n):
            def work(x):
                return helper(x) * n
            return work
        def over(f):
            return lambda x: f(x)
    """
    module = load_module(steps=source)
    two, three = reach(module.make(2)).sources, reach(module.make(3)).sources
    assert two != three and two == reach(module.make(2)).sources
    assert "steps:helper" in two
    assert "steps:helper" in reach(module.over(module.helper)).sources


def test_a_function_without_a_file() -> None:
    space: dict[str, Any] = {"__name__": "shell"}
    exec("K = 2\ndef inner(x): return x\ndef work(x): return inner(x) * K", space)
    before = reach(space["work"]).sources
    assert set(before) == {"shell:work", "shell:inner", "shell:work.K"}
    space["K"] = 3
    assert reach(space["work"]).sources != before


def test_a_file_that_changed_after_it_was_loaded_counts_as_it_runs(load_module: Load) -> None:
    """A process that goes on with old code must not store its results under the new code's fingerprint."""
    module = load_module(steps="K = 1\ndef near(x): return x + K\ndef work(x): return near(x)\n")
    before = reach(module.work).sources
    Path(str(module.__file__)).write_text("K = 22\ndef near(x): return x - K\ndef work(x): return near(x)\n")
    stale = reach(module.work).sources
    assert stale["steps:work"] == before["steps:work"]
    assert stale["steps:near"].startswith("loaded:") and stale["steps:K"].startswith("loaded:")
    fresh = load_module(steps="K = 22\ndef near(x): return x - K\ndef work(x): return near(x)\n")
    assert not set(reach(fresh.work).sources.values()) & {stale["steps:near"], stale["steps:K"]}


@pytest.mark.parametrize(
    "body,says",
    [
        ("import time\n    return time.time()", "clock (time.time)"),
        ("from datetime import datetime\n    return str(datetime.now())", "clock (datetime.datetime.now)"),
        ("import random\n    return random.random()", "chance without the seed (random.random)"),
        ("import numpy as np\n    return np.random.default_rng().normal()", "chance"),
        ("import numpy as np\n    return np.random.normal()", "chance without the seed (numpy.random.normal)"),
        ("import uuid\n    return str(uuid.uuid4())", "chance without the seed (uuid.uuid4)"),
        ("import os\n    return os.environ['HOME']", "environment (os.environ)"),
        ("import os\n    return os.getenv('HOME')", "environment (os.getenv)"),
        ("import polars as pl\n    return pl.scan_parquet('x').collect()", "files (polars.scan_parquet)"),
        ("return x.write_parquet('out')", "files (.write_parquet)"),
        ("import numpy as np\n    return np.random.default_rng(3).normal()", ""),
        ("import random\n    return random.Random(3).random()", ""),
        ("import time\n    time.sleep(0)\n    return 1", ""),
        ("import time\n    return time.strftime('%H')", "clock (time.strftime)"),
        ("return x.exists()", "files (.exists)"),
        ("return x.stat().st_size", "files (.stat)"),
        ("return x.sample(3)", "chance without the seed (.sample)"),
        ("return x.sample(n=3, seed=1)", ""),
        ("import random\n    return random.Random(3).sample(x, 2)", ""),
        ("return x.shuffle()", "chance without the seed (.shuffle)"),
        ("import random\n    random.Random(3).shuffle(x)", ""),
        ("from scipy import stats\n    return stats.norm.rvs(size=3)", "chance without the seed (.rvs)"),
        ("from scipy import stats\n    return stats.norm.rvs(size=3, random_state=1)", ""),
        ("import importlib\n    return importlib.import_module('dyn').f()", "known only when it runs"),
        ("return __import__('dyn').f()", "known only when it runs"),
    ],
)
def test_what_the_code_says_that_a_fingerprint_cannot_see(load_module: Load, body: str, says: str) -> None:
    suspects = list(reach(load_module(steps=f"def work(x):\n    {body}\n").work).suspects)
    assert [s for s in suspects if says and says in s] or (not says and not suspects), suspects


READS = """
    import json
    import helpers
    from pathlib import Path
    import numpy as np

    def loaded(path):
        with open(path) as file:
            return json.load(file)

    def later(path):
        return Path(path).read_text()

    class Limits:
        most = 3
        def fresh(self):
            return Path("limits.json").read_text()

    {statement}

    def work(x):
        return VALUE, Limits
"""


@pytest.mark.parametrize(
    "statement,says",
    [
        ('VALUE = json.loads(Path("p.json").read_text()) if Path("p.json").exists() else {}', "(.read_text) in steps"),
        ('VALUE = json.load(open("p.json")) if False else 0', "(open) in steps"),
        ('VALUE = loaded("p.json") if False else 0', "(open) in steps"),
        ("VALUE = helpers.config() if False else 0", "(.read_bytes) in helpers"),
        ('VALUE = np.load("p.npy") if False else 0', "(numpy.load) in steps"),
        ('VALUE = {"later": later, "other": lambda: open("p.json")}', ""),
        ("VALUE = later", ""),
        ("VALUE = json.loads('1')", ""),
    ],
)
def test_what_is_read_while_a_module_is_imported_is_seen(load_module: Load, statement: str, says: str) -> None:
    """No step is watched then. A function that is only named there, and a method, read when they are called: watched."""
    helpers = "from pathlib import Path\ndef config():\n    return Path('p.json').read_bytes()\n"
    module = load_module(steps=READS.replace("{statement}", statement), helpers=helpers)
    found = [said for said in reach(module.work).suspects if "read at import" in said]
    assert found == ([f"files read at import {says}"] if says else [])


@pytest.mark.parametrize(
    "source,old,new",
    [
        ("TABLE = {}\ndef fill(t, v): t['a'] = v\nfill(TABLE, 1)\ndef work(): return TABLE\n", "TABLE, 1", "TABLE, 2"),
        (
            "REG = {}\ndef put(f): REG[f.__name__] = f\n@put\ndef one(): return 1\ndef work(): return REG\n",
            "return 1",
            "return 2",
        ),
        ("match 1:\n    case 1:\n        def help(): return 1\ndef work(): return help()\n", "return 1", "return 2"),
        ("match {'a': 1}:\n    case {'a': k}: pass\ndef work(): return k\n", "'a': 1", "'a': 2"),
        (
            "try:\n    K = 1\nexcept* OSError:\n    def help(): return 1\nelse:\n    def help(): return 2\ndef work(): return help()\n",
            "return 2",
            "return 3",
        ),
    ],
)
def test_what_a_module_does_to_its_values_counts(load_module: Load, source: str, old: str, new: str) -> None:
    before = reach(load_module(steps=source).work).sources
    assert reach(load_module(steps=source.replace(old, new)).work).sources != before


def test_what_is_imported_and_then_passed_about_is_still_followed(load_module: Load) -> None:
    module = load_module(steps="import numpy as np\nnp.seterr(over='warn')\ndef work(): return np.random.normal()\n")
    found = reach(module.work)
    assert "numpy" in found.libraries
    assert list(found.suspects) == ["chance without the seed (numpy.random.normal) in steps"]


@pytest.mark.parametrize(
    "change", [lambda m: m.TABLE.update(a=2), lambda m: m.LIST.append(1), lambda m: setattr(m.Box, "k", 5)]
)
def test_a_value_that_was_changed_after_the_import_counts_as_it_is(load_module: Load, change: Any) -> None:
    module = load_module(
        steps="""
        from dataclasses import dataclass
        from enum import IntEnum
        TABLE = {"a": 1}
        LIST = []
        MEMO = {}
        class Box:
            k = 1
        class Kind(IntEnum):
            one = 1
        @dataclass(slots=True)
        class Slots:
            k: int = 1
        def work():
            return TABLE, LIST, Box.k, MEMO, Kind.one, Slots
        """
    )
    before = reach(module.work).sources
    assert not [digest for digest in before.values() if digest.startswith("loaded:")]
    module.MEMO["compiled"] = object()
    assert reach(module.work).sources == before, "what a cache holds is no data"
    change(module)
    assert reach(module.work).sources != before


CHANGED = """
WORDS = {"a"}
DEEP = [{"k": ({"a"}, 1)}]
def work(): return WORDS, DEEP
"""
CHANGES = """
import json, steps
from tidemill.engine.fingerprint.code_dependencies import reach
steps.WORDS.update("bcdefgh")
steps.DEEP[0]["k"][0].update(("x", letter) for letter in "bcdefgh")
print(json.dumps(reach(steps.work).sources))
"""


def test_what_a_set_was_changed_to_is_the_same_in_every_process(tmp_path: Path) -> None:
    """The order of a set of strings is drawn anew by each interpreter."""
    (tmp_path / "steps.py").write_text(CHANGED)
    found = []
    for seed in ("1", "2", "3"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))}
        told = subprocess.run([sys.executable, "-c", CHANGES], env=env, cwd=tmp_path, capture_output=True, check=True)
        found.append(json.loads(told.stdout))
    assert all(found[0][name].startswith("loaded:") for name in ("steps:WORDS", "steps:DEEP"))
    assert found[0] == found[1] == found[2]
