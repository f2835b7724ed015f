"""The inputs of answers without what is recalled: a column that is left out of them, or what views say of an entity without a file's rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tidemill.errors import NotFound
from tidemill.model import questions
from tidemill.model.history import NOTHING, Less
from tidemill.model.inputs import Inputs as Declared
from tidemill.model.prepare import refs_of
from tidemill.ref import Ref
from tidemill.rights.recall.named import What
from tidemill.types import JsonObject, Micros, parse_time

if TYPE_CHECKING:
    from tidemill.scope.project import Model
    from tidemill.store.records import Prediction


class Inputs:
    """Of answers of one endpoint's model."""

    def __init__(self, model: Model, what: What, asked: Sequence[Prediction]) -> None:
        self._model, self._what, self._asked = model, what, asked

    def without(self, one: Prediction) -> bytes:
        """What would have been asked, as the log has it; nothing where that is the same."""
        said = _said(one)
        if not said.get("inputs"):
            return b""
        own = self._less_column(said["inputs"]) if self._what.kind == "column" else said["inputs"]
        if (at := said.get("as_of")) and self._is_of_entities and (held := self._held(one, at)) is not None:
            own = held
        return b"" if own == said["inputs"] else json.dumps({**said, "inputs": own}, separators=(",", ":")).encode()

    def _less_column(self, inputs: JsonObject) -> JsonObject:
        if self._what.dataset != self._model.dataset.name:
            return inputs
        return {name: value for name, value in inputs.items() if name != self._what.name}

    @cached_property
    def _is_of_entities(self) -> bool:
        return self._model.section.rows is not None and Declared.of(self._model).moments is not None

    def _held(self, one: Prediction, at: str) -> JsonObject | None:
        """What views say of the entity without it; None where what was asked is not what they say of it: it was told by who asked."""
        was, less = (made.get((at, one.subject)) for made in self._views)
        return less if was is not None and was == _said(one)["inputs"] else None

    @cached_property
    def _views(self) -> tuple[Mapping[tuple[str, str], JsonObject], ...]:
        """By moment and entity, as it was and without."""
        moments: dict[str, set[str]] = {}
        for one in self._asked:
            said = _said(one)
            if one.subject and said.get("as_of") and said.get("inputs"):
                moments.setdefault(said["as_of"], set()).add(one.subject)
        return tuple(self._viewed(moments, less) for less in (NOTHING, self._what.less))

    def _viewed(self, moments: Mapping[str, set[str]], less: Less) -> dict[tuple[str, str], JsonObject]:
        found: dict[tuple[str, str], JsonObject] = {}
        for moment, names in moments.items():
            at = parse_time(moment)
            for one in self._asked_about(self._then(at), at, sorted(names), less):
                found[moment, one["subject"]] = one["inputs"]
        return found

    def _asked_about(self, data: list[str], at: Micros, names: list[str], less: Less) -> Iterator[JsonObject]:
        """Nothing of an entity that no row is of any more."""
        try:
            yield from questions.requests(questions.asked(self._model, data, at, names, less))
        except NotFound:
            for half in (names[: len(names) // 2], names[len(names) // 2 :]) if len(names) > 1 else ():
                yield from self._asked_about(data, at, half, less)

    def _then(self, at: Micros) -> list[str]:
        """The versions of the datasets that were the last ones at this moment."""
        found = []
        for ref in refs_of(self._model):
            name, last = Ref.versioned("dataset", ref)
            made = [one.version for one in self._model.project.store.datasets.list(dataset=name) if one.created <= at]
            found.append(str(Ref("dataset", name, max(made, default=last))))
        return found


def _said(one: Prediction) -> Any:
    return json.loads(one.inputs or b"{}")
