"""What a step touches while it runs that a fingerprint cannot see, caught by Python's audit events.

Seen: files and folders opened or changed by Python outside the artifact store and the installed code, sockets, other
processes, databases, and the global random generators. Threads that start while a step runs count as its own. Not seen:
what Rust and C open, ``os.stat``, the environment, the clock.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

_MOST = 20
_HARMLESS = ("/dev/null", "/proc/", "/sys/", "/etc/localtime", "/usr/share/zoneinfo")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dylib")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_local = threading.local()
_installed = False
_watched: list[Recorder] = []


class Recorder:
    """What one step touched, in the order it did. ``allowed``: folders that are the engine's own."""

    def __init__(self, root: Path, allowed: Iterable[Path] = ()) -> None:
        self.seen: dict[str, None] = {}
        self._root = f"{root}{os.sep}"
        copies = root / ".tidemill" / "copies"  # of what object storage holds, by digest
        self._allowed = tuple(f"{folder}{os.sep}" for folder in (*allowed, copies))
        self._temp = _temporary()
        self.base: FrameType | None = None
        self.earlier_threads: set[int | None] = set()  # threads that were there before the step began
        self._own: set[str] = set()  # temporary files and folders that the step itself made

    def see(self, what: str) -> None:
        """Take note; after twenty different things the rest is summed up."""
        if len(self.seen) < _MOST:
            self.seen[what.encode(errors="backslashreplace").decode()] = None  # a name on a disk need not be text
        else:
            self.seen["and more"] = None

    def file(self, verb: str, path: Any) -> None:
        if (name := self._outside(path)) is not None:
            self.see(f"{verb} {name.removeprefix(self._root)}")

    def made(self, path: Any) -> None:
        """The step made this file or folder: its own when it is a temporary one."""
        name = _name(path)
        if name and name.startswith(self._temp):
            self._own.add(name)
        else:
            self.file("writes", path)

    def _outside(self, path: Any) -> str | None:
        name = _name(path)
        if name is None or name.startswith(_HARMLESS) or (name + os.sep).startswith(self._allowed):
            return None
        if name.endswith(_CODE) or "/site-packages/" in name or "/dist-packages/" in name or "__pycache__" in name:
            return None
        if (
            name.startswith(_STDLIB)
            or name + os.sep == self._temp
            or any(name == own or name.startswith(own + os.sep) for own in self._own)
        ):
            return None
        return name


@contextmanager
def watching(recorder: Recorder) -> Iterator[None]:
    """Everything that this thread, and threads it starts, touch in here goes to the recorder; in another `watching` to this one alone."""
    _install()
    around = getattr(_local, "recorder", None)
    _local.recorder = recorder
    recorder.base = sys._getframe(2)  # that of the with statement
    recorder.earlier_threads = {thread.ident for thread in threading.enumerate()}
    with _lock:
        _watched.append(recorder)
    chance = _chance()
    try:
        yield
    finally:
        after = _chance()
        if after.keys() == chance.keys() and after != chance:  # of steps side by side each may have been the one
            recorder.see("chance without the seed (a global random generator)")
        recorder.base = None
        with _lock:
            _watched.remove(recorder)
        _local.recorder = around


_lock = threading.Lock()
_STDLIB = str(Path(os.__file__).parent) + os.sep


def _install() -> None:
    """The hook stays for the life of the process; while no step runs it returns at once."""
    global _installed
    with _lock:
        if not _installed:
            _installed = True
            sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watched:
        return
    handler = _HANDLERS.get(event)
    if handler is None:
        return
    recorder = getattr(_local, "recorder", None)
    for each in (recorder,) if recorder is not None else _parents():
        if not _in_import(sys._getframe(1), each.base):
            handler(each, args)


def _in_import(frame: FrameType | None, base: FrameType | None) -> bool:
    """What a module does while it is imported is no step's doing: it would not be seen were it loaded before. Nor is
    looking for the version of a library: that is in the fingerprint."""
    while frame is not None and frame is not base:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib") or name.endswith("importlib/metadata/__init__.py"):
            return True
        frame = frame.f_back
    return False


def _parents() -> list[Recorder]:
    """The steps that may have started this thread: those that began before it. The engine's own threads have none."""
    ident = threading.get_ident()
    born_in = [recorder for recorder in _watched if ident not in recorder.earlier_threads]
    return [] if born_in and threading.current_thread().name.startswith("tidemill-") else born_in


def _opened(recorder: Recorder, args: tuple[Any, ...]) -> None:
    path, mode, flags = args
    flags = flags if isinstance(flags, int) else 0
    if mode is None and _is_beside(path):
        return
    if flags & os.O_EXCL:
        recorder.made(path)
    else:
        recorder.file("writes" if flags & _WRITING else "reads", path)


def _is_beside(path: Any) -> bool:
    """A name relative to an open folder (``dir_fd``, which the event does not tell): the folder itself was seen."""
    return isinstance(path, (str, bytes)) and not os.path.isabs(path) and not os.path.lexists(path)  # noqa: PTH117


def _named(what: str) -> Callable[[Recorder, tuple[Any, ...]], None]:
    return lambda recorder, args: recorder.see(what)


def _path(verb: str) -> Callable[[Recorder, tuple[Any, ...]], None]:
    def handle(recorder: Recorder, args: tuple[Any, ...]) -> None:
        if not _is_beside(args[0]):
            recorder.file(verb, args[0])

    return handle


def _process(recorder: Recorder, args: tuple[Any, ...]) -> None:
    name = args[0] if args and isinstance(args[0], (str, bytes, os.PathLike)) else ""
    recorder.see(f"process {os.fsdecode(name) if name else '(fork)'}")


def _network(recorder: Recorder, args: tuple[Any, ...]) -> None:
    recorder.see(f"network {args[-1] if isinstance(args[-1], (str, tuple)) else ''}".strip()[:120])


_HANDLERS: dict[str, Callable[[Recorder, tuple[Any, ...]], None]] = {
    "open": _opened,
    "os.mkdir": lambda recorder, args: recorder.made(args[0]),
    **{e: _path("reads") for e in ("os.listdir", "os.scandir", "glob.glob", "os.walk")},
    **{e: _path("changes") for e in ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link", "os.symlink")},
    **{e: _path("opens database") for e in ("sqlite3.connect", "dbm.open")},
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"), _network),
    **dict.fromkeys(("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty"), _process),
    **{e: _named("environment changed") for e in ("os.putenv", "os.unsetenv")},
    "os.chdir": _named("current folder changed"),
}


@cache
def _temporary() -> str:
    return os.path.realpath(os.environ.get("TMPDIR", "/tmp")) + os.sep  # noqa: S108


def _name(path: Any) -> str | None:
    """The absolute path as text; None for a file descriptor, an in-memory database and the like."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    text = os.fsdecode(path)
    return None if text.startswith((":memory:", "file::memory")) else os.path.abspath(text)  # noqa: PTH100 - not resolved: that asks the disk


def _chance() -> dict[str, Any]:
    """State of the global random generators, and of which modules there are: importing some draws numbers too."""
    found: dict[str, Any] = {f"modules {len(sys.modules)}": None}
    if (python := sys.modules.get("random")) is not None:
        found["random"] = hash(python.getstate())
    if "numpy" in sys.modules:
        from numpy import random as numpy  # loaded when first used: a step's first draw would hide behind that

        state: Any = numpy.get_state(legacy=False)["state"]
        found["numpy"] = (state.get("pos"), hash(state["key"].tobytes()) if "key" in state else repr(state))
    return found
