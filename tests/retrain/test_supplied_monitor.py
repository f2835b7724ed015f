"""A monitor that a package brings: found by its entry point, closed with the others, its alarm told as theirs are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.test_supplied import lay
from tidemill.errors import ConfigError
from tidemill.monitor.alerts import raise_alarms
from tidemill.monitor.monitors import OWN, monitors
from tidemill.types import DAY

from .conftest import Shop

PACKAGE = """
from tidemill.monitor.monitors import Monitor, Story
from tidemill.monitor.windows import close, due
from tidemill.store.payloads import PlatformWindow


def close_silent(endpoint, now):
    counts = [(start, end, len(endpoint.live.predictions.list(**endpoint.here, since=start, until=end)))
              for start, end in due(endpoint, "silence", now)]
    return [close(endpoint, "silence", start, end, 1, PlatformWindow(), alarm=not n) for start, end, n in counts]


def tell(endpoint, window, past):
    return Story(("nobody asks",), window.start, {"answer": "perhaps"}, {"answers": 0})


SILENCE = Monitor("silence", "platform", close_silent, tell)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    packages = tmp_path / "packages"
    packages.mkdir()
    lay(packages, "tidemill_silence", "[tidemill.monitors]\nsilence = tidemill_silence:SILENCE\n")
    (packages / "tidemill_silence.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(packages)
    monitors.cache_clear()
    yield packages
    sys.modules.pop("tidemill_silence", None)
    monitors.cache_clear()


def test_its_windows_are_closed_and_its_alarm_is_told(shop: Shop, installed: Path) -> None:
    assert [*monitors()] == [*(monitor.name for monitor in OWN), "silence"]
    endpoint, now = shop.project.endpoint(), shop.days[0].start + DAY
    closed = [*monitors()["silence"].close(endpoint, now)]
    assert closed and all(window.alarm for window in closed)
    events = raise_alarms(endpoint, closed, now)
    assert [event.data["what"] for event in events] == [["nobody asks"]]
    assert [alarm.monitor for alarm in shop.project.store.alarms.list(endpoint="shop")] == ["silence"]


def test_its_name_is_nobody_elses(installed: Path) -> None:
    lay(installed, "tidemill_other", "[tidemill.monitors]\ndrift = tidemill_silence:SILENCE\n")
    with pytest.raises(ConfigError) as wrong:
        monitors()
    assert wrong.value.place == "tidemill.monitors"
