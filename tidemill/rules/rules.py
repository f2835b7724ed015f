"""The rules of an endpoint, applied to what its model offers: the same online and offline."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import numpy as np

from tidemill.config.amounts import some_share, some_time
from tidemill.config.rules import RulesSection, json_of
from tidemill.features.items import EMPTY, ItemTable
from tidemill.features.online import History
from tidemill.rules.asked import Asked
from tidemill.rules.exposure import drawn
from tidemill.rules.limits import limits
from tidemill.rules.pick import pick
from tidemill.rules.told import Told
from tidemill.rules.universe import Universe
from tidemill.rules.view import View, by_name, view_of
from tidemill.rules.where import STORE, When, Where, applies, names_in, text_of, values_of
from tidemill.tasks.port import Answered
from tidemill.tasks.ranking.ranked import Best, Ranked
from tidemill.types import JsonObject, Micros, canonical, digest

VIEWS = 64
"""Contexts of which is remembered what the rules make of the item table."""
UNIVERSES = 8
"""Models of which is remembered which of their items are where in the table."""
AHEAD, GROWTH = (4, 16), 8
"""So many items for each of the answer, and so many more, are looked at first; and so many times as many each time after."""

NOBODY = np.empty(0, np.bool_)
_encode = msgspec.json.Encoder().encode


class _Known:
    """What is remembered of one table."""

    def __init__(self, table: ItemTable, universes: Sequence[Universe] = ()) -> None:
        self.table, self._universes = table, universes
        self.views: dict[tuple[Universe, bytes], View] = {}

    def moved(self, table: ItemTable) -> _Known:
        return _Known(table, [one for one in self._universes if one.fits(table)])

    def universe(self, catalogue: Sequence[str]) -> Universe:
        found = next((one for one in self._universes if one.catalogue is catalogue), None)
        if found is None:
            found = Universe.of(catalogue, self.table)
            self._universes = [*self._universes[1 - UNIVERSES :], found]
        return found


class Rules:
    """``digest``: which rules these are. What they make of a table in a context is made once. Several threads may ask."""

    def __init__(self, section: RulesSection) -> None:
        self.section = section
        self.json = json_of(section)
        self.digest = digest(canonical(self.json))
        self._within: Micros = some_time(section.bought_within) if section.bought_within else 0
        self._most = section.diversity.at_most if section.diversity else None
        self._share = some_share(section.exposure.share) if section.exposure else 0.0
        self._reads = sorted(names_in(_reading(section)) | {STORE})
        self._by_name = by_name(section)
        self._known = _Known(EMPTY)

    @property
    def mark(self) -> str:
        """As answers name them."""
        return self.digest.removeprefix("sha256:")[:16]

    def answer(
        self, ranked: Ranked, history: History, subject: str, at: Micros, watermark: int, items: ItemTable, draw: str
    ) -> Answered:
        """The list as it is answered, with `reasons`. ``draw``: the prediction's id. Raises BadRequest, ModelError."""
        bought: set[str] = set()
        if self._within:
            bought = history.since(subject, at - self._within, at, watermark).union(ranked.just)
        return self.apply(ranked, bought, items, draw)

    def apply(self, ranked: Ranked, bought: Collection[str], items: ItemTable, draw: str) -> Answered:
        """As `answer`, of what the subject bought too lately to be shown: nothing else of it, of time or of the store is read."""
        universe, view = self._view(ranked, items)
        told = Told(self.mark, universe, view, self._most, ranked.offer.others)
        asked = self._asked(ranked, bought, universe, view, told)
        codes, scores = self._exposed(asked, *self._listed(asked, told), draw, told)
        names = asked.names(codes)
        output: JsonObject = {"items": names, "scores": scores}
        output |= {"flags": ranked.flags} if ranked.flags else {}
        return Answered({**output, "reasons": told.json(codes, names, ranked.k)}, ranked.cold, ranked.flags)

    def _view(self, ranked: Ranked, table: ItemTable) -> tuple[Universe, View]:
        known = self._known
        if known.table.contents is not table.contents:  # another thread may use the one before meanwhile
            known = self._known = known.moved(table)
        universe = known.universe(ranked.catalogue)
        said = [ranked.context.get(name) for name in self._reads]
        key = universe, _encode(said)  # as text: 1 and true are two contexts
        found = known.views.get(key)
        if found is None:
            if len(known.views) >= VIEWS:
                known.views.clear()
            found = known.views[key] = view_of(self.section, universe, table, ranked.context)
        return universe, found

    # the steps --------------------------------------------------------------------------------------------------------

    def _asked(self, ranked: Ranked, bought: Collection[str], universe: Universe, view: View, told: Told) -> Asked:
        """What may be answered: of the items that a view keeps those that this request's own lists and the history leave."""
        keep, hidden, named_alone = view.keep, set[str](), list[set[str]]()
        for name, alone, rule in self._by_name:
            if not applies(rule.when, ranked.context):
                continue
            named = values_of(rule.items, ranked.context)
            if named is None:
                told.skipped.append(name)
                continue
            texts = set(map(text_of, named))
            if alone:
                keep = told.only(texts, keep, name)
                named_alone.append(texts)
            else:
                keep = told.without(texts - hidden, keep, name)
                hidden |= texts
        if bought:
            keep = told.without(set(bought) - hidden, keep, "bought_within")
            hidden.update(bought)
        if not ranked.offer.others:
            return Asked(ranked, universe, view, keep, NOBODY)
        own = [
            bool(keep[universe.code(name)]) and name not in hidden and all(name in texts for texts in named_alone)
            for name in ranked.offer.others
        ]
        return Asked(ranked, universe, view, keep, np.array(own, np.bool_))

    def _listed(self, asked: Asked, told: Told) -> tuple[list[int], list[float]]:
        """(code, score) of the k best that break no limit."""
        k, times = asked.k, AHEAD[0]
        if asked.view.kind is None and not asked.view.quotas:
            found = self._first(asked, k, told)[0]
            return found.codes.tolist(), found.scores.tolist()
        while True:
            first, whole = self._first(asked, times * k + AHEAD[1], told)
            every, limited = limits(asked, first, whole, self._most, times)
            picked = pick(k, limited)
            if not picked.hungry:
                told.picked(picked, every.codes)
                return every.codes[picked.places].tolist(), every.scores[picked.places].tolist()
            times *= GROWTH

    def _first(self, asked: Asked, m: int, told: Told) -> tuple[Best, bool]:
        """The first m, what the model has no score for behind; and whether these are all that there are."""
        found = asked.best(m)
        if len(found.codes) == m:
            return found, False
        fill = asked.unscored(found.codes)
        told.filled = set(fill.codes.tolist())
        both = (np.concatenate([one, more[: m - len(one)]]) for one, more in zip(found, fill))
        return Best(*both), len(found.codes) + len(fill.codes) <= m

    def _exposed(
        self, asked: Asked, codes: list[int], scores: list[float], draw: str, told: Told
    ) -> tuple[list[int], list[float]]:
        """With the items that are drawn for some of the places."""
        if asked.view.exposed is None or not codes:
            return codes, scores
        exposed, left = asked.view.exposed, asked.keep.copy()
        left[[code for code in codes if code < asked.universe.nowhere]] = False
        group = exposed[left[exposed]]
        places = drawn(draw, len(codes), len(group), self._share)
        told.propensity = [round(place.propensity, 9) for place in places]
        found = [int(group[place.number]) if place.of_group else codes[place.number] for place in places]
        for place, code in zip(places, found):
            if place.of_group:
                told.moved(code, "exposure")
        return found, [
            asked.score(code) if place.of_group else scores[place.number] for place, code in zip(places, found)
        ]


def _reading(section: RulesSection) -> list[tuple[Where, When]]:
    pairs = [(rule.where, rule.when) for _, _, rule in section.named()]
    return [*pairs, *([(section.exposure.where, section.exposure.when)] if section.exposure else [])]
