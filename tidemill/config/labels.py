"""What ``rows`` and ``label`` of a model may say together, apart from the contracts: `tidemill.labels` reads them with those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tidemill.config.amounts import some_time
from tidemill.config.sections import DataConfig, FeatureViewConfig, LabelSection, ModelSection, RowsSection
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, Micros, did_you_mean

LABEL_OPS = ("any", "none", "count", "sum", "value")
"""What the rows within the time say: whether there is one (or none), how many, a column's sum, or its value."""
OF_COLUMN = ("sum", "value")


def op_of(label: LabelSection) -> str:
    """The operation that is meant, of a label from a dataset: its column's value where one is named, else whether a row came."""
    return label.op or ("value" if label.column else "any")


def horizon(model: ModelSection) -> Micros:
    """How long after its moment a row's label is open; 0 where it comes when it comes."""
    label = model.label
    if label is None or not label.within:
        return 0
    return some_time(label.within) + (some_time(label.after) if label.after else 0)


def patience(model: ModelSection, data: dict[str, DataConfig]) -> str:
    """How long after an answer its label is awaited: the horizon, and what the rows that decide it need to come. "": nothing said."""
    if model.label is None or not model.label.within:
        return ""
    rows = model.rows.from_ if model.rows else next(iter(data))
    late = data[model.label.from_ or rows].complete_after or "1 day"
    span = horizon(model) + some_time(late)
    return f"{span // DAY} days" if span % DAY == 0 else f"{span // SECOND} s"


def own_views(features: Mapping[str, FeatureViewConfig], dataset: str, entity: str) -> list[str]:
    """What a model sees that names no views: those of its dataset. Whose rows are entities sees those of these and of the calendar;
    counts by item are a recommender's."""
    own = [view for view in features.values() if view.from_ == dataset]
    if entity:
        own = [v for v in own if v.entity in (None, entity) and not any(f.by for f in v.features.values())]
    return [view.name for view in own]


def check_rows(model: ModelSection) -> None:
    """Raises ConfigError for rows that are none."""
    rows = model.rows
    if rows is None:
        return
    if bool(rows.entity) != bool(rows.every):
        raise ConfigError("entity and every go together", hint='write { from = "…", entity = "…", every = "28 days" }')
    if rows.active and not rows.entity:
        raise ConfigError("active is said of an entity", hint="leave it out: each row is a moment")
    for span in filter(None, (rows.every, rows.active)):
        some_time(span)
    if rows.entity and not (model.label and model.label.from_):
        hint = f'write label = {{ from = "{rows.from_}", op = "none", within = "90 days" }}'
        raise ConfigError("an entity at a moment has no column to predict", hint=hint)


def check_label(model: ModelSection, datasets: Iterable[str]) -> None:
    """Raises ConfigError for a label that is none. ``datasets``: those of the project; a model without ``rows`` is of the first."""
    label = model.label
    if label is None:
        return
    for span in filter(None, (label.within, label.after)):
        some_time(span)
    if label.from_:
        _check_from(model, label)
        _check_key(label, model.rows or RowsSection(next(iter(datasets), "")))
    elif not label.column:
        raise ConfigError("neither a column nor a dataset", hint='write { column = "…" } or { from = "…", … }')
    elif label.op or label.on or label.after:
        raise ConfigError("op, on and after go with from", hint="name the dataset whose rows say the label")
    elif label.otherwise is not None and not label.within:
        raise ConfigError("else needs within: until then the label may come", hint='write within = "60 days"')


def _check_from(model: ModelSection, label: LabelSection) -> None:
    entity, op = model.rows.entity if model.rows else "", op_of(label)
    if not label.within:
        raise ConfigError("nobody knows when the label is settled", hint='write within = "60 days"')
    if op not in LABEL_OPS:
        raise ConfigError(f"unknown op {op!r}", hint=did_you_mean(op, LABEL_OPS))
    if not (label.on or entity):
        raise ConfigError(
            f"nothing says which rows of {label.from_} are meant", hint='write on = "…", a column of both'
        )
    if (op in OF_COLUMN) != bool(label.column):
        hint = 'write column = "…"' if op in OF_COLUMN else "leave column out, or use op sum or value"
        raise ConfigError(f"op {op!r} {'needs a' if op in OF_COLUMN else 'takes no'} column", hint=hint)
    if op != "value" and label.otherwise not in (None, 0):
        hint = "leave else out: where no row comes it is 0 (of none it is 1)"
        raise ConfigError(f"op {op!r} counts, so where no row comes the label is no {label.otherwise!r}", hint=hint)


def _check_key(label: LabelSection, rows: RowsSection) -> None:
    """Raises ConfigError where the rows that say the label are not those of a moment's own key, or are the moments themselves."""
    entity = rows.entity
    if entity and label.on not in ("", entity):
        hint = f'leave on out: a moment has its {entity} and nothing else; or write rows = {{ from = "{rows.from_}" }}'
        raise ConfigError(f"on = {label.on!r}: the rows are of {entity} each", hint=hint)
    if not entity and label.from_ == rows.from_:
        hint = f'write rows = {{ from = "{rows.from_}", entity = "{label.on}", every = "1 day" }}'
        raise ConfigError(f"each row of {rows.from_} would be among those that say its own label", hint=hint)
