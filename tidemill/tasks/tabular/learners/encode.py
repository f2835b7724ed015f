"""Columns of very many categories as numbers: the mean of the target in each, shrunk to that of all. numpy only.

LightGBM keeps `NATIVE` categories of a column apart; of more it would drop the rare ones. What training sees of a row comes from the
other rows (five parts in turn, as scikit-learn's TargetEncoder): a category that a few rows have would else tell their own targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.learners.port import F8, Asked, Problem, Row

FILE = "encoding.npz"
NATIVE = 255
"""So many categories a column may have for LightGBM to take them as they are: its bins."""
SMOOTH = 10.0
"""As many rows of the mean of all are added to each category."""
PARTS = 5
I8 = NDArray[np.int64]


@dataclass(frozen=True)
class Encoding:
    """For each column (``places``) the number that stands for a category: the last two of ``tables`` are rare ones and what is missing.

    Of more than two labels the share of each is a number: the first one takes the column's place, the others come after all columns.
    """

    places: tuple[int, ...]
    tables: tuple[F8, ...]

    @staticmethod
    def of(problem: Problem) -> Encoding | None:
        """That of all rows; None where no column has so many categories."""
        places = tuple(place for place in problem.categories if len(problem.inputs[place].categories) > NATIVE)
        if not places:
            return None
        targets = _targets(problem)
        return Encoding(places, tuple(_means(*_codes(problem, place), targets) for place in places))

    @property
    def more(self) -> int:
        """How many columns come after the others."""
        return sum(table.shape[1] - 1 for table in self.tables)

    def made(self, x: F8) -> F8:
        """Rows as trees take them: the columns' numbers, and those that are more."""
        codes = [_code(x[..., place], len(table)) for place, table in zip(self.places, self.tables, strict=True)]
        return self._put(x, [table[code] for table, code in zip(self.tables, codes, strict=True)])

    def crossed(self, problem: Problem) -> F8:
        """The rows of training: each by the means of the other parts."""
        targets, part, found = _targets(problem), parts(len(problem.y)), []
        for place in self.places:
            code, size = _codes(problem, place)
            out = np.empty_like(targets)
            for one in range(PARTS):
                rest = part != one
                out[~rest] = _means(code[rest], size, targets[rest])[code[~rest]]
            found.append(out)
        return self._put(problem.x, found)

    def _put(self, x: F8, numbers: list[F8]) -> F8:
        out = np.array(x, np.float64)
        for place, one in zip(self.places, numbers, strict=True):
            out[..., place] = one[..., 0]
        return np.concatenate([out, *(one[..., 1:] for one in numbers)], axis=-1)

    def bytes(self) -> bytes:
        arrays = {f"t{place}": table for place, table in zip(self.places, self.tables, strict=True)}
        return encode("arrays", arrays)

    @staticmethod
    def read(bundle: Bundle) -> Encoding:
        arrays = decode("arrays", file_of(bundle, FILE))
        places = tuple(sorted(int(name[1:]) for name in arrays))
        return Encoding(places, tuple(arrays[f"t{place}"] for place in places))

    def before(self, asked: Asked) -> Asked:
        """A learner of encoded rows, asked with rows as they are."""

        def row(row: Row) -> F8:
            return asked.row(self.made(np.asarray(row, np.float64)))

        terms = asked.terms and asked.terms._replace(
            of=lambda x: self._back(asked.terms.of(self.made(x)), x.shape[1]),  # type: ignore[union-attr]
            score=lambda x: asked.terms.score(self.made(x)),  # type: ignore[union-attr]
        )
        return Asked(row, lambda rows: asked.rows(self.made(rows)), terms)

    def _back(self, made: F8, columns: int) -> F8:
        """Terms of the columns that were there: what several numbers of one add is its own."""
        out, at = np.concatenate([made[..., :columns], made[..., -1:]], axis=-1), columns
        for place, table in zip(self.places, self.tables, strict=True):
            out[..., place] += made[..., at : at + table.shape[1] - 1].sum(axis=-1)
            at += table.shape[1] - 1
        return out


def parts(n: int) -> I8:
    """The part of each row, drawn: in rows of 300 products week by week every fifth one is of the same products."""
    return np.asarray(np.random.default_rng(0).permutation(n) % PARTS)


def more(problem: Problem) -> int:
    """`Encoding.more` of these rows."""
    labels = len(problem.labels or ())
    wide = [place for place in problem.categories if len(problem.inputs[place].categories) > NATIVE]
    return len(wide) * (labels - 1 if labels > 2 else 0)


def _code(column: F8, size: int) -> I8:
    return np.nan_to_num(column, nan=size - 1).astype(np.int64)


def _codes(problem: Problem, place: int) -> tuple[I8, int]:
    size = len(problem.inputs[place].categories) + 2
    return _code(problem.x[:, place], size), size


def _targets(problem: Problem) -> F8:
    """rows x outputs: the value; of two labels whether it is the second, of more whether it is each."""
    if problem.labels is None or len(problem.labels) == 2:
        return problem.y[:, None]
    return np.eye(len(problem.labels))[problem.y.astype(np.int64)]


def _means(code: I8, size: int, targets: F8) -> F8:
    counts = np.bincount(code, minlength=size)[:, None]
    sums = np.stack([np.bincount(code, one, size) for one in targets.T], axis=1)
    return np.asarray((sums + SMOOTH * targets.mean(axis=0)) / (counts + SMOOTH))
