"""The item table as answers see it: what is known of items, by column, as of a position of the feed. numpy only.

An `ItemTable` never changes: what comes makes another one, which shares all columns that are the same. So an answer, its rules and its
explanation in another thread see one state, and the server puts the next one in its place between two answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.contract.items import item_tables

if TYPE_CHECKING:
    from tidemill.scope.project import Project

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

HELD = 200
"""Characters of a text that are held in memory, where rules and pages read it; the store has all of it."""
NUMBER, STRING = "number", "string"
_PART = 20_000
"""Rows that are read into a table at a time."""
_SPARE, _TIMES = 10_000, 4
"""Words of texts that no row has any more are let go when they are so many, and so many times the items."""
_known = msgspec.json.Decoder(dict[str, str | float | bool | None]).decode
Value = str | float | bool | None
Row = Sequence[Any]
"""(seq, dataset, item, store, JSON of its values), as `Items.standing` and the feed have it; {} : it is gone."""
Place = tuple[str, str]
"""A dataset, and a store ("": no store's)."""


@dataclass(frozen=True, slots=True)
class Values:
    """A column: by the items' numbers."""

    kind: str  # number | string
    array: NDArray[
        Any
    ]  # number: float64, NaN where it is not known; string: int32 codes of `words`, -1 where it is not known
    words: Sequence[str] = ()
    codes: Mapping[str, int] = field(default_factory=dict)  # of the words

    def code(self, word: str) -> int:
        """Of a word; -1: no item has it.

        >>> ItemTable.of({"kind": "string"}, [("mug", "", {"kind": "cup"})]).column("kind").code("cup")
        0
        """
        return self.codes.get(word[:HELD], -1)


@dataclass(frozen=True, slots=True)
class ItemTable:
    """What is known of items at a ``position``. Arrays are as long as ``names``; an item's number never changes.

    >>> table = ItemTable.of({"stock": "number"}, [("mug", "", {"stock": 3}), ("pan", "", {"stock": 0})], position=2)
    >>> table.numbers(["pan", "lid"]).tolist(), table.column("stock").array.tolist()
    ([1, -1], [3.0, 0.0])
    """

    position: int = 0
    names: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    """By column, `NUMBER` (also whole numbers, booleans as 0 and 1, and times in µs) or `STRING`."""
    of_dataset: Mapping[str, str] = field(default_factory=dict)
    """By column, the dataset that says it."""
    titled: str = ""
    """The column that says what an item is called."""
    datasets: frozenset[str] = frozenset()
    """Whose rows it takes; nothing said: any. What the store holds of a dataset that is none of the project's any more is not known."""
    _number: dict[str, int] = field(default_factory=dict)  # shared by tables that came of each other: it only grows
    _words: Mapping[str, tuple[list[str], dict[str, int]]] = field(default_factory=dict)  # by column; shared, too
    _arrays: Mapping[tuple[str, str], NDArray[Any]] = field(default_factory=dict)  # by store and column
    _there: Mapping[Place, NDArray[np.bool_]] = field(default_factory=dict)

    @staticmethod
    def of(
        kinds: Mapping[str, str],
        rows: Iterable[tuple[str, str, Mapping[str, Value]]] = (),
        position: int = 0,
        title: str = "",
        dataset: str = "items",
    ) -> ItemTable:
        """From the kinds of its columns, and (item, store, values)."""
        empty = ItemTable(kinds=dict(kinds), of_dataset=dict.fromkeys(kinds, dataset), titled=title)
        return empty.updated([(0, dataset, item, store, values) for item, store, values in rows], position)

    # what is asked ----------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> Mapping[str, str]:
        """The kind of each column."""
        return self.kinds

    @property
    def stores(self) -> tuple[str, ...]:
        """Of which something is known."""
        return tuple(sorted({store for _, store in self._there if store}))

    @property
    def gone(self) -> NDArray[np.bool_]:
        """Of which items nothing is known any more."""
        there = np.zeros(len(self.names), np.bool_)
        for found in self._there.values():
            there[: len(found)] |= found
        return ~there

    @property
    def contents(self) -> object:
        """The same object in all tables that say the same, whatever their position."""
        return self._arrays

    def numbers(self, items: Sequence[str]) -> I8:
        """Of each item its number; -1 of one of which nothing is known."""
        get, n = self._number.get, len(self.names)
        found = np.fromiter((get(item, -1) for item in items), np.int64, len(items))
        found[found >= n] = -1  # of an item that came later
        there = np.zeros(len(found), np.bool_)
        for some in self._there.values():
            inside = (found >= 0) & (found < len(some))
            there[inside] |= some[found[inside]]
        found[~there] = -1
        return found

    def column(self, name: str, store: str = "") -> Values | None:
        """A column, of a shop's rows where its dataset has a row a store; None where no dataset has it."""
        kind = self.kinds.get(name)
        if kind is None:
            return None
        array = self._arrays.get((store, name))
        array = self._arrays.get(("", name)) if array is None else array
        return Values(kind, _long(array, len(self.names), kind), *self._words.get(name, ()))

    def title(self, item: str) -> str:
        """What an item is called; "" where nothing says it."""
        array, number = self._arrays.get(("", self.titled)), self._number.get(item, -1)
        if array is None or not 0 <= number < len(array) or (code := int(array[number])) < 0:
            return ""
        return self._words[self.titled][0][code]

    @property
    def titles(self) -> Titles:
        """What items are called, by item."""
        return Titles(self)

    def row(self, item: str, store: str = "") -> dict[str, Value]:
        """All that is known of an item."""
        found: dict[str, Value] = {}
        for name in self.kinds if self.numbers([item])[0] >= 0 else ():
            values = self.column(name, store)
            if values is not None:
                cell = values.array[self._number[item]]
                known = cell >= 0 if values.kind == STRING else not np.isnan(cell)
                found[name] = None if not known else values.words[cell] if values.kind == STRING else float(cell)
        return found

    # what comes -------------------------------------------------------------------------------------------------------

    def at(self, position: int) -> ItemTable:
        """The same, which is also what is known at this position."""
        return replace(self, position=position)

    def updated(self, rows: Sequence[Row], position: int) -> ItemTable:
        """With these rows in place of what was known of their items."""
        rows = [row for row in rows if row[1] in self.datasets] if self.datasets else rows
        if not rows:
            return self.at(position)
        made = _Made(self, rows)
        for place, some in made.places.items():
            made.take(place, some)
        return made.table(position)


class Titles(Mapping[str, str]):
    """The names of a table's items that have one."""

    def __init__(self, table: ItemTable) -> None:
        self._table = table

    def __getitem__(self, item: str) -> str:
        if found := self._table.title(item):
            return found
        raise KeyError(item)

    def __iter__(self) -> Iterator[str]:
        return filter(self._table.title, self._table.names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


EMPTY = ItemTable()


def begun(project: Project) -> ItemTable | None:
    """The table of a project's item datasets, as their contracts say it, without a row; None where it has none."""
    tables = item_tables(project)
    if not tables:
        return None
    kinds, of_dataset, title = dict[str, str](), dict[str, str](), ""
    for dataset, columns in tables.items():
        for name, kind in columns.kinds.items():
            if of_dataset.setdefault(name, dataset) == dataset:
                kinds[name] = kind
        title = title or ("" if columns.store else columns.title)
    return ItemTable(kinds=kinds, of_dataset=of_dataset, titled=title, datasets=frozenset(tables))


def filled(table: ItemTable, rows: Iterable[Row], position: int) -> ItemTable:
    """With these rows, a part of them at a time."""
    source = iter(rows)
    while part := list(islice(source, _PART)):
        table = table.updated(part, position)
    return table.at(position)


def advanced(project: Project, table: ItemTable, position: int) -> ItemTable:
    """As it was known to a later answer, by the rows between: for many answers, in the order of their positions."""
    rows = project.live.items.between(table.position, position) if table.kinds else ()
    return filled(table, rows, position)


def item_table(project: Project, position: int | None = None) -> ItemTable:
    """What is known of items, or was known to an answer of this position."""
    table, at = begun(project), project.live.online.last_seq() if position is None else position
    return EMPTY.at(at) if table is None else filled(table, project.live.items.standing(at), at)


class _Made:
    """The next table while it is made: a copy of each column that something comes into."""

    def __init__(self, before: ItemTable, rows: Sequence[Row]) -> None:
        self._before, self._number = before, before._number
        if len(self._number) > len(before.names):  # another table came of it, with items of its own
            self._number = dict(zip(before.names, range(len(before.names))))
        new = [name for name in dict.fromkeys(row[2] for row in rows) if name not in self._number]
        self.names = (*before.names, *new) if new else before.names
        self._number.update(zip(new, range(len(before.names), len(self.names))))
        self._kinds, self._of = dict(before.kinds), dict(before.of_dataset)
        self._words = dict(before._words)
        self._arrays, self._there = dict(before._arrays), dict(before._there)
        self.places: dict[Place, dict[int, Any]] = {}  # of each item its last row
        for _, dataset, item, store, known in rows:
            self.places.setdefault((dataset, store), {})[self._number[item]] = known

    def take(self, place: Place, rows: Mapping[int, Any]) -> None:
        """The rows of one place, column by column."""
        dataset, store = place
        known = [_known(one) if isinstance(one, str | bytes) else one for one in rows.values()]
        numbers = np.fromiter(rows, np.int64, len(rows))
        self._there[place] = there = self._copy(self._there.get(place), np.bool_, False)
        there[numbers] = [bool(one) for one in known]
        self._learn(dataset, known)
        for name, of in self._of.items():
            if of == dataset:
                values = [one.get(name) for one in known]
                if (store, name) in self._arrays or any(value is not None for value in values):
                    self._put(store, name, numbers, values)

    def _learn(self, dataset: str, known: Sequence[Mapping[str, Value]]) -> None:
        """The columns that came since the table was begun, by their values."""
        for name in {name for one in known for name in one} - self._of.keys():
            value = next((one[name] for one in known if one.get(name) is not None), None)
            if value is not None:
                self._of[name], self._kinds[name] = dataset, STRING if isinstance(value, str) else NUMBER

    def _put(self, store: str, name: str, numbers: I8, values: Sequence[Value]) -> None:
        string, before = self._kinds[name] == STRING, self._arrays.get((store, name))
        new = np.array(self._coded(name, values), np.int32) if string else _numbers(values)
        if before is not None and int(numbers.max()) < len(before) and _same(before[numbers], new):
            return  # as of most columns of a row whose stock has changed
        array = self._copy(before, np.int32, -1) if string else self._copy(before, np.float64, np.nan)
        array[numbers] = new
        self._arrays[store, name] = array

    def _copy(self, before: NDArray[Any] | None, kind: type[np.generic], nothing: float) -> NDArray[Any]:
        """One's own, as long as there are names."""
        made = np.full(len(self.names), nothing, kind)
        if before is not None:
            made[: len(before)] = before
        return made

    def _coded(self, name: str, values: Sequence[Value]) -> list[int]:
        words, codes = self._words.setdefault(name, ([], {}))
        found = []
        for value in values:
            text = value[:HELD] if isinstance(value, str) else None if value is None else str(value)
            code = -1 if text is None else codes.get(text, -1)
            if code < 0 and text is not None:
                code = codes[text] = len(words)
                words.append(text)
            found.append(code)
        return found

    def table(self, position: int) -> ItemTable:
        for name in [name for name, (words, _) in self._words.items() if len(words) > self._spare]:
            self._spell(name)
        return replace(
            self._before,
            position=position,
            names=self.names,
            kinds=self._kinds,
            of_dataset=self._of,
            _number=self._number,
            _words=self._words,
            _arrays=self._arrays,
            _there=self._there,
        )

    @property
    def _spare(self) -> int:
        return _SPARE + _TIMES * len(self.names)

    def _spell(self, name: str) -> None:
        """Let go of the words that no row has any more: those that are left have other codes in this table."""
        words, mine = self._words[name][0], [key for key in self._arrays if key[1] == name]
        used = np.unique(np.concatenate([self._arrays[key] for key in mine]))
        used = used[used >= 0]
        codes = np.full(len(words) + 1, -1, np.int32)
        codes[used] = np.arange(len(used), dtype=np.int32)
        for key in mine:
            self._arrays[key] = codes[self._arrays[key]]
        left = [words[code] for code in used.tolist()]
        self._words[name] = (left, {word: code for code, word in enumerate(left)})


def _numbers(values: Sequence[Value]) -> F8:
    """What is no number is not known."""
    return np.array([value if isinstance(value, int | float) else None for value in values], np.float64)


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype == np.float64)


def _long(array: NDArray[Any] | None, n: int, kind: str) -> NDArray[Any]:
    """The array as long as there are items."""
    if array is not None and len(array) == n:
        return array
    made: NDArray[Any] = np.full(n, -1, np.int32) if kind == STRING else np.full(n, np.nan)
    if array is not None:
        made[: len(array)] = array
    return made
