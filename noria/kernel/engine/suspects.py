"""What code says that a fingerprint cannot see: the clock, chance, the environment, files opened by native code.

Audit events show files, sockets and processes while a step runs. There are none for the clock, for reading the
environment, for random numbers, nor for files that Rust or C opens (polars, Delta): those are told by their names in
the code that a step reaches. So a value that comes through a variable (``now = obj.clock``) is not seen.
"""

from __future__ import annotations

_CLOCK = {
    *(f"time.{n}" for n in ("time", "time_ns", "localtime", "gmtime", "ctime", "monotonic", "monotonic_ns")),
    *(f"time.{n}" for n in ("perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time")),
    *(f"datetime.datetime.{n}" for n in ("now", "utcnow", "today")),
    "datetime.date.today",
}
_CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom", "random.SystemRandom", "noria.types.new_id"}
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
    return f"files (.{name})" if name in _WRITES or name.startswith("sink_") else ""
