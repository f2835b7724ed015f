"""What code says that a fingerprint cannot see: the clock, chance, the environment, files opened by native code.

Audit events show files, sockets and processes while a step runs. There are none for the clock, for reading the
environment, for random numbers, nor for files that Rust or C opens (polars, Delta): those are told by their names in
the code that a step reaches. So a value that comes through a variable (``now = obj.clock``) is not seen.
"""

from __future__ import annotations

from collections.abc import Collection

_CLOCK = {
    *(f"time.{n}" for n in ("time", "time_ns", "localtime", "gmtime", "ctime", "monotonic", "monotonic_ns")),
    *(f"time.{n}" for n in ("strftime", "asctime", "clock_gettime", "clock_gettime_ns")),
    *(f"time.{n}" for n in ("perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time")),
    *(f"datetime.datetime.{n}" for n in ("now", "utcnow", "today")),
    "datetime.date.today",
}
_CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "random.SystemRandom", "tidemill.types.new_id"}
_SEEDED = {"random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence"}
_NOT_CHANCE = {"Generator", "BitGenerator", "PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"}
_ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getlogin", "os.getcwd", "os.uname", "os.cpu_count"}
_ENVIRONMENT |= {"socket.gethostname", "platform.node", "sys.argv"}
_FILES = {f"os.path.{n}" for n in ("exists", "isfile", "isdir", "getmtime", "getsize")} | {"os.stat"}
_NATIVE = (
    "polars.read_",
    "polars.scan_",
    "deltalake.DeltaTable",
    "deltalake.write_",
    "pyarrow.parquet.",
    "pyarrow.dataset.",
)
_LOOKS = ("exists", "is_file", "is_dir", "is_symlink", "stat", "lstat")
_READS_FILES = ("open", "read_text", "read_bytes", "iterdir", "glob", "rglob")
_READS = ("open", "io.open", "numpy.load", "numpy.genfromtxt", "numpy.fromfile", "joblib.load", "sqlite3.connect")
_READS_OF = (
    "pandas.read_",
    "numpy.loadtxt",
    "subprocess.",
    "urllib.request.",
    "requests.",
    "httpx.",
    "glob.",
    "importlib.resources.",
)
_LOADERS = {"importlib.import_module", "importlib.__import__", "__import__", "runpy.run_path", "runpy.run_module"}
_WRITES = ("write_parquet", "write_csv", "write_ipc", "write_delta", "write_ndjson", "write_json", "write_database")


def suspicion(dotted: str, bare: bool) -> str:
    """What to say about a name such as ``numpy.random.default_rng``, or "". ``bare``: called without arguments.

    >>> suspicion("time.time", True), suspicion("numpy.random.default_rng", False)
    ('clock (time.time)', '')
    """
    if dotted in _CLOCK:
        return f"clock ({dotted})"
    if dotted in _ENVIRONMENT or dotted.startswith(("os.environ.", "sys.argv.")):
        return f"environment ({dotted})"
    if dotted in _FILES or dotted.startswith(_NATIVE):
        return f"files ({dotted})"
    if dotted in _LOADERS:
        return f"code known only when it runs ({dotted})"
    if dotted in _SEEDED:
        return f"chance without the seed ({dotted})" if bare else ""
    if dotted in _CHANCE or dotted.startswith("secrets."):
        return f"chance without the seed ({dotted})"
    head, _, last = dotted.rpartition(".")
    if head in ("random", "numpy.random") and last not in _NOT_CHANCE:
        return f"chance without the seed ({dotted})"
    return ""


def suspicious_method(name: str) -> str:
    """What to say about a method of this name on an object that nobody knows, or ""."""
    return f"files (.{name})" if name in _WRITES or name in _LOOKS or name.startswith("sink_") else ""


def unseeded(method: str, arguments: int, keywords: Collection[str | None]) -> str:
    """What to say about a call of a method that draws by itself unless it is given a seed, or "".

    ``rng.sample(rows, 3)`` and ``rng.shuffle(rows)`` draw from a generator that the code made: those are no suspects.

    >>> unseeded("sample", 1, ()), unseeded("sample", 1, ("seed",)), unseeded("sample", 2, ())
    ('chance without the seed (.sample)', '', '')
    """
    most = {"sample": 1, "shuffle": 0, "rvs": 99}.get(method)
    if most is None or arguments > most or {"seed", "random_state", "k", "counts", None} & set(keywords):
        return ""
    return f"chance without the seed (.{method})"


def read_at_import(name: str, dotted: bool) -> str:
    """What to say about a name called, or a method where not ``dotted``, while a module is imported: no step is watched
    then, and its value counts for nothing in a fingerprint."""
    if name in _READS or name.startswith(_READS_OF) if dotted else name in _READS_FILES:
        return f"files read at import ({'' if dotted else '.'}{name})"
    return ""
