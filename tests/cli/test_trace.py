"""`tidemill trace` in words: where each row stands, and what is not shown."""

from __future__ import annotations

from tidemill.cli import trace
from tidemill.cli.output import Answer

FILE = "sha256:" + "5a" * 32


def row(n, **more):
    found = {"at": f"2011-01-{n + 1:02}T09:00:00Z", "item": f"item-{n}", "value": 1.0, "row": n}
    return {**found, "file": FILE, "path": "data/sales/2011-01.parquet", **more}


def shown(parts):
    Answer(None, parts).give(as_json=False)


def test_a_long_history_says_how_much_is_not_shown(capsys):
    shown(trace._history([row(n) for n in range(27)]))
    out = capsys.readouterr().out
    assert "the last 20 of 27 rows (--json has all of them)" in out
    assert "item-7 " in out and "item-6 " not in out and out.count("data/sales/2011-01.parquet") == 20


def test_a_short_history_is_whole_and_names_its_files_as_it_can(capsys):
    shown(trace._history([row(0), row(1, path=None), row(2, path=None, file=None, row=None)]))
    out = capsys.readouterr().out
    assert "of 3" not in out and "live, not in a file yet" in out and FILE[:19] in out and FILE not in out
    shown(trace._history([]))
    assert "what is popular" in capsys.readouterr().out
    shown(trace._history([], trace._instead({"k": 3, "recent": ["mug", "lamp"]})))
    assert "mug, lamp" in capsys.readouterr().out, "a stranger's answer came from what the request named"


def test_a_row_that_weighs_is_named_by_file_and_row(capsys):
    rows = [row(n, weight=0.5 - n / 10) for n in range(3)]
    shown(trace._reason({"item": "tea", "score": 0.25, "rows": rows}, 2))
    out = capsys.readouterr().out
    assert "+0.5  item-0" in out and "data/sales/2011-01.parquet row 1\n" in out
    assert "the first 2 of 3 rows (--top shows more)" in out and "row 2" not in out
    shown(trace._reason({"item": "tea", "score": 0.25, "rows": []}, 2))
    assert "no row of the subject" in capsys.readouterr().out
