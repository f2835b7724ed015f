"""A process that opens a store loads no event loop with SQLAlchemy, and gets one where it asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tidemill.store.sql import open_metadata

OPENED = """
import sys
from tidemill.store.sql import open_metadata
store = open_metadata(sys.argv[1])
store.settings.set("mode", "replay")
store.close()
unused = ["asyncio", "importlib.metadata", "sqlalchemy.dialects.sqlite.aiosqlite"]
"""
UNUSED = OPENED + "print([name for name in unused if name in sys.modules])"
USED = (
    OPENED
    + """
import asyncio, importlib.metadata
import sqlalchemy.dialects.sqlite.aiosqlite
from sqlalchemy.util import compat, concurrency
async def one(): return 1
print(asyncio.run(one()), importlib.metadata.version("sqlalchemy") != "", compat.asyncio.TimeoutError is asyncio.TimeoutError)
waits = one()
print(concurrency.iscoroutine(waits), concurrency.is_exit_exception(TimeoutError()), compat.importlib_metadata_get("none"))
waits.close()
"""
)
BEFORE = "import asyncio, importlib.metadata\nkept = asyncio\n" + OPENED + "print(sys.modules['asyncio'] is kept)"
MEANWHILE = """
from tidemill.store.sql.light import lightly
with lightly():
    import asyncio, asyncio.events
    import sqlalchemy
print(asyncio.Lock.__name__, asyncio.events.__name__)
"""


def said(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def target(tmp_path):
    """A store that is there already: to make one takes more."""
    path = tmp_path / "tidemill.db"
    open_metadata(path).close()
    return str(path)


def test_what_nobody_uses_is_not_loaded(target):
    assert said(UNUSED, target) == ["[]"]


def test_what_is_used_later_is_the_module_itself(target):
    assert said(USED, target) == ["1 True True", "True True []"]


def test_what_was_there_before_stays(target):
    assert said(BEFORE, target) == ["True"]


def test_who_asks_while_it_is_loading_gets_it():
    assert said(MEANWHILE) == ["Lock asyncio.events"]
