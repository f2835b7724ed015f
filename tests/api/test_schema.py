"""The whole interface as its own document describes it, asked by schemathesis over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.test_api import tell
from tests.serve import released
from tests.serve.asking import opened
from tests.serve.real import scorer
from tests.tiers import both

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Any:
    root = tmp_path_factory.mktemp("schema") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(root.parent / "home"))
        with opened(root) as project:
            released.champion(tell(project), 7)
            with scorer(project) as running:
                yield running


def bounded(examples: int) -> settings:
    """The same few in every run, others in the long run of the night."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples < 100,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


APART = (
    "/logout",
    "/replay/clock",
    "/replay/state",
    "/api/replay",
)  # ends the session; in a replay only; the made decisions have no evidence


@pytest.mark.parametrize("examples", both(3, 300))
def test_every_operation_keeps_its_word(server: Any, examples: int) -> None:
    document = server.ask("GET", "/api/openapi.json")[1]
    schema = schemathesis.openapi.from_dict(document)
    headers = {"Authorization": f"Bearer {server.token}"}
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in APART:
            continue
        asked.append(operation.label)

        @bounded(examples)
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(base_url=f"http://127.0.0.1:{server.port}", headers=headers, checks=CHECKS)

        ask()
    assert len(asked) > 30
