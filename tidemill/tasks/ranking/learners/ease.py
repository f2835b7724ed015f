"""EASE (Steck 2019): a linear model that predicts each item from all others, in closed form.

    B = -P / diag(P), diagonal 0, with P = (X'X + λ)^-1;  score(i) = sum over j of x(j) B(j, i)

A search tries many λ: one eigendecomposition of the smaller Gram (X X' or X'X) serves them all, and `Asked.scores`
gives their scores at low rank without ever making B. A fit has one λ: a Cholesky factor of the same Gram is some five
times cheaper, and `rows` makes of it the rows that are kept. float64, so that results repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tidemill.errors import ModelError
from tidemill.features.transforms import decay
from tidemill.tasks.ranking.interactions import F8, I8, Interactions
from tidemill.tasks.ranking.learners.neighbours import pieces, strongest
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import scipy.sparse as sp

DEFAULTS: JsonObject = {"ridge": 100.0, "neighbours": 100, "power": 0.5, "head": 1500, "popular_days": 28}
SIDE = 3_000
"""The Gram is at most this large: beyond it (more subjects *and* more items) the subjects with most weight are kept."""


def rows(train: Interactions, recipe: JsonObject) -> tuple[I8, F8]:
    """(neighbours, weights), n x m, of all items. ``ridge`` is λ, ``neighbours`` are kept for each item.

    ``head``: so many items with most weight of late take part; the others have no neighbours: a row of the tail weighs 0.
    """
    matrix, head = heavy(train, int(recipe["half_life"]), float(recipe["power"]), int(recipe["head"]))
    blocks, width = predictors(matrix, float(recipe["ridge"])), len(head)
    near, strong = strongest(blocks, min(int(recipe["neighbours"]), width))
    neighbours = np.zeros((len(train.items), near.shape[1]), np.int64)
    weights = np.zeros(neighbours.shape)
    neighbours[head], weights[head] = head[near], strong
    return neighbours, weights


def predictors(matrix: sp.csr_array, ridge: float) -> Iterator[F8]:
    """B, in blocks of rows, of subjects x items: by the inverse of whichever Gram is smaller."""
    subjects, items = matrix.shape
    left = matrix.T.tocsr()
    if items <= subjects:
        inverse = _inverse((left @ matrix).toarray(), ridge)  # P itself
        diagonal = ridge * np.diagonal(inverse)
    else:  # P = (1 - X' (X X' + λ)^-1 X) / λ
        inside = np.ascontiguousarray((left @ _inverse((matrix @ left).toarray(), ridge)).T)
        diagonal = 1.0 - left.multiply(inside.T).sum(axis=1)
    for low, high in pieces(items):
        if items <= subjects:
            part = -ridge * inverse[low:high]
        else:
            part = np.asarray(left[low:high] @ inside)
        part /= diagonal[None, :]
        part[np.arange(len(part)), low + np.arange(len(part))] = 0.0
        yield part


def _inverse(gram: F8, ridge: float) -> F8:
    """(gram + λ)^-1 of a symmetric matrix, which is overwritten."""
    from scipy.linalg.lapack import dpotrf, dpotri

    gram[np.diag_indices(len(gram))] += ridge
    factor, failed = dpotrf(gram, lower=1, overwrite_a=1)
    inverse, failed = dpotri(factor, lower=1, overwrite_c=1) if not failed else (factor, failed)
    if failed:
        raise ModelError(f"the Gram of EASE cannot be inverted with ridge {ridge:g}", hint="a greater ridge")
    whole: F8 = np.tril(inverse) + np.tril(inverse, -1).T
    return whole


def heavy(train: Interactions, half_life: int, power: float, most: int) -> tuple[sp.csr_array, I8]:
    """(subjects x head, the head's items) as of ``train.end``: the items that take part, and at most `SIDE` subjects where both are many."""
    matrix = user_matrix(train, half_life, power)
    head = heaviest(np.asarray(matrix.sum(axis=0), np.float64).ravel(), most)
    matrix = matrix[:, head]
    if min(matrix.shape) > SIDE:
        matrix = matrix[heaviest(np.asarray(matrix.sum(axis=1), np.float64).ravel(), SIDE)]
    return matrix, head


def user_matrix(train: Interactions, half_life: int, power: float) -> sp.csr_array:
    """Subjects x items of decayed counts to a power, as of ``train.end``."""
    import scipy.sparse as sp

    weights = decay(train.end - train.at, half_life)
    shape = (len(train.users), len(train.items))
    found = sp.coo_array((weights, (train.user, train.item)), shape=shape).tocsr()
    found.sum_duplicates()
    found.data **= power
    return found


def heaviest(weights: F8, most: int) -> I8:
    """The places of the greatest weights, ascending; of equal ones the first."""
    return np.sort(np.argsort(-weights, kind="stable")[:most])


class Asked:
    """Histories (items x requests) put once to the factors of subjects x items, to be answered for any λ.

    X'X = loadings loadings' at rank r: ``loadings`` is items x r with orthogonal columns of squared length ``roots``.
    """

    def __init__(self, matrix: sp.csr_array, x: sp.csr_array) -> None:
        subjects, items = matrix.shape
        left = matrix.T.tocsr()
        if subjects <= items:
            roots, vectors = np.linalg.eigh((matrix @ left).toarray())
            self._loadings = np.asarray(left @ vectors)
        else:
            roots, vectors = np.linalg.eigh((left @ matrix).toarray())
            self._loadings = vectors * np.sqrt(np.maximum(roots, 0.0))
        self._roots = np.maximum(roots, 0.0)
        self._x, self._along = x.toarray(), np.asarray(x.T.tocsr() @ self._loadings)

    def scores(self, ridge: float) -> F8:
        """B'x, items x requests: P = (1 - loadings left loadings') / λ. Cost: 2 · requests · r · items."""
        loadings, left = self._loadings, 1 / (self._roots + ridge)
        diagonal = 1.0 - np.einsum("nr,nr,r->n", loadings, loadings, left)  # of λP
        found: F8 = loadings @ (self._along * left).T
        found -= self._x
        found /= diagonal[:, None]
        found += self._x
        return found
