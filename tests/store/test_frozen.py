"""Records that are made when they are first needed are what `dataclasses` makes of the same class."""

from __future__ import annotations

import copy
import dataclasses
import threading

import msgspec
import pytest

from tidemill.store import chain, payloads, people, records
from tidemill.store.frozen import dataclass

RECORDS = [
    kind
    for module in (records, people, chain, payloads)
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == module.__name__ and "__slots__" in vars(kind) and kind.__slots__
]


def made(base):
    class Mug:
        """What is sold."""

        name: str
        sold: int = 0
        by: dict[str, int] = dataclasses.field(default_factory=dict)
        size: float | None = None

    Mug.__qualname__ = "Mug"
    return base(frozen=True, slots=True)(Mug)


MINE, THEIRS = made(dataclass), made(dataclasses.dataclass)
SAID = [
    [("blue",), {}],
    [("blue", 2), {"by": {"ann": 1}}],
    [(), {"name": "red", "size": 0.5}],
    [(), {}],
    [("blue", 1, {}, None, 5), {}],
    [("blue",), {"price": 1}],
]


@pytest.mark.parametrize(("given", "named"), SAID)
def test_what_it_is_given_it_takes_or_refuses_alike(given, named):
    try:
        theirs = THEIRS(*given, **named)
    except TypeError:
        with pytest.raises(TypeError):
            MINE(*given, **named)
        return
    mine = MINE(*given, **named)
    assert repr(mine) == repr(theirs)
    assert dataclasses.asdict(mine) == dataclasses.asdict(theirs)
    assert mine == MINE(*given, **named)
    assert mine != theirs
    assert mine == copy.deepcopy(mine) == dataclasses.replace(mine) == msgspec.convert(msgspec.to_builtins(mine), MINE)
    assert dataclasses.replace(mine, name="new").name == "new"


def test_it_is_told_alike_before_one_is_made():
    mine, theirs = made(dataclass), made(dataclasses.dataclass)
    told = [(f.name, f.type, f.default, f.default_factory) for f in dataclasses.fields(theirs)]
    assert [(f.name, f.type, f.default, f.default_factory) for f in dataclasses.fields(mine)] == told
    assert dataclasses.is_dataclass(made(dataclass))
    assert (mine.__slots__, mine.__match_args__, mine.__doc__) == (
        theirs.__slots__,
        theirs.__match_args__,
        theirs.__doc__,
    )


def test_it_is_frozen_and_has_slots():
    mug = MINE("blue")
    for change in (lambda: setattr(mug, "name", "red"), lambda: setattr(mug, "price", 1), lambda: delattr(mug, "name")):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(mug, "__dict__")


def test_hashes_are_those_of_equal_values():
    @dataclass(frozen=True, slots=True)
    class Key:
        a: str
        b: int = 1

    assert len({Key("a"), Key("a", 1), Key("b")}) == 2


def test_a_class_that_is_more_is_refused():
    with pytest.raises(TypeError):

        @dataclass(frozen=True, slots=True)
        class Own:
            a: str

            def __eq__(self, other: object) -> bool:
                return True


def test_threads_that_make_the_first_ones_make_the_same():
    for _ in range(50):
        kind, found = made(dataclass), []
        ready = threading.Barrier(4)

        def make(kind=kind, found=found, ready=ready):
            ready.wait()
            found.append(kind("blue", 1))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [kind("blue", 1)] * 4


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_record_says_its_fields(kind):
    assert [f.name for f in dataclasses.fields(kind)] == list(kind.__slots__)
