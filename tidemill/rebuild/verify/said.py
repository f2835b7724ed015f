"""What a rebuild showed, in words."""

from __future__ import annotations

from tidemill.rebuild.report import StepHeld, Verdict, Verified

WORDS: dict[Verdict, str] = {
    "identical": "identical",
    "same_answers": "the same answers",
    "different": "different",
    "not_possible": "not possible",
    "redacted": "not reproducible: redacted",
}


def sentences(found: Verified) -> list[str]:
    """What came of it, and what first differs."""
    held = found.held
    if held is None:
        return [why.said for why in found.why] + found.notes
    said = {
        "identical": "built again from its record, both fits are the same bytes, with the same figures",
        "same_answers": f"built again, its bytes differ and its answers do not: by at most {held.most:.1e} in {held.answers:,}",
        "different": f"built again, it is another model: {_apart(held.most, held.answers)}",
    }[held.verdict]
    first = next((step for step in held.steps if step.step == held.first and held.verdict != "identical"), None)
    return [said, *(_first(first) if first else []), *_figures(held.metrics), *found.notes]


def _apart(most: float, answers: int) -> str:
    return f"answers differ by up to {most:.3g} in {answers:,}" if most >= 0 else "its answers are others"


def _first(step: StepHeld) -> list[str]:
    head = f"the step {step.step} is the first that gave something else"
    if step.differs:
        return [f"{head}: {'; '.join(step.differs[:3])}"]
    return [f"{head}, from the same source, parameters, inputs and libraries: it depends on what no fingerprint sees"]


def _figures(metrics: dict[str, list[object]]) -> list[str]:
    return [f"recorded otherwise: {', '.join(sorted(metrics)[:5])}"] if metrics else []
