"""`tidemill feedback`: an outcome without a time happened now; one that is not kept is told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tidemill.cli.predict import feedback
from tidemill.recipes.new import new_project
from tidemill.scope.project import open_project
from tidemill.serve.bodies import outcomes_of
from tidemill.tasks.ranking.outcomes import ItemOutcome
from tidemill.types import SECOND


class Server:
    """Takes what the real decoder takes; answers what it is told to."""

    sent: list[dict[str, object]] = []
    reply: dict[str, object] = {}

    @classmethod
    def of(cls, root):
        return cls()

    def post(self, path, body):
        outcomes_of(json.dumps(body).encode(), 1 << 60, ItemOutcome)
        Server.sent += body
        return {"outcomes": len(body), **Server.reply}

    def close(self):
        pass


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tidemill.ops.server.Client", Server)
    Server.sent = []
    new_project(tmp_path / "shop")
    with open_project(tmp_path / "shop") as project:
        project.store.settings.set("mode", "replay")
        project.store.settings.set("clock", 1_300_000_000 * SECOND)
    return str(tmp_path / "shop")


LINE = {"key": "order-1/22423", "subject": "12347", "item": "22423", "value": 1}


def test_an_outcome_without_a_time_happened_now(shop):
    Server.reply = {"new": 2, "repeated": 0, "conflicting": []}
    lines = "\n".join(json.dumps(line) for line in (LINE, {**LINE, "key": "2", "at": "2011-01-01"}))
    told = CliRunner().invoke(feedback, ["--project", shop], input=lines)
    assert (told.exit_code, told.output) == (0, "2 outcomes kept\n")
    assert [line["at"] for line in Server.sent] == ["2011-03-13T07:06:40Z", "2011-01-01"]


def test_what_is_not_kept_is_told(shop):
    Server.reply = {"new": 0, "repeated": 0, "conflicting": ["order-1/22423"], "unknown_predictions": ["pred_x"]}
    told = CliRunner().invoke(feedback, ["--project", shop], input=json.dumps(LINE))
    assert told.exit_code == 4
    assert "not kept, their keys hold other outcomes: order-1/22423" in told.output and "pred_x" in told.output


def test_a_label_is_shown_with_the_probabilities_of_all(shop, monkeypatch):
    from tidemill.cli.predict import predict

    Server.reply = {"value": "no", "probability": 0.75, "probabilities": {"yes": 0.25, "no": 0.75}}
    monkeypatch.setattr(Server, "post", lambda self, path, body: Server.reply)
    told = CliRunner().invoke(predict, ["--project", shop, "--inputs", "{}"])
    assert told.exit_code == 0
    lines = [line.split() for line in told.output.splitlines()]
    assert ["no", "0.75000"] in lines and ["yes", "0.25000"] in lines


def test_a_predicted_value_has_all_its_digits(shop, monkeypatch):
    from tidemill.cli.predict import predict

    monkeypatch.setattr(Server, "post", lambda self, path, body: {"value": 1234.5678})
    told = CliRunner().invoke(predict, ["--project", shop, "--inputs", "{}"])
    assert told.output.split() == ["value", "1234.5678"]


def test_a_label_is_told_as_its_probability_names_it(shop, monkeypatch):
    from tidemill.cli.predict import predict

    reply = {"cold": False, "value": True, "probability": 0.75, "probabilities": {"true": 0.75, "false": 0.25}}
    monkeypatch.setattr(Server, "post", lambda self, path, body: reply)
    lines = [
        line.split() for line in CliRunner().invoke(predict, ["--project", shop, "--inputs", "{}"]).output.splitlines()
    ]
    assert ["cold", "false"] in lines and ["value", "true"] in lines and ["true", "0.75000"] in lines
