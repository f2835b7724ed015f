"""Foreign learners, the child's side: ``python -m tidemill.tasks.tabular.learners.foreign.main``, started by `fitted`.

It may use so much memory as it is told; what takes longer than its time is killed. Answers a model in ONNX, and what it is fed with.
"""

from __future__ import annotations

import resource

import numpy as np

from tidemill.errors import ModelError
from tidemill.process.guarded import parent
from tidemill.process.limited import next_of
from tidemill.process.memory import held, let
from tidemill.store.artifacts.codecs import decode, encode
from tidemill.tasks.tabular.learners.foreign.rows import Learned
from tidemill.types import JsonObject


def main() -> None:
    """Make one model after the other."""
    channel = parent()
    if channel is None:
        raise SystemExit("whoever fits models starts this process")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _warm()
    while (asked := next_of(channel)) is not None:
        data = bytes(channel.receive_bytes(asked["bytes"]))
        try:
            model, spec = _made(asked, data[: asked["file"]], data[asked["file"] :])
        except ModelError as exc:
            channel.send({"error": exc.message, "hint": exc.hint})
        except SystemExit as exc:
            channel.send(
                {"error": f"it ends its process (SystemExit: {exc})", "hint": "raise what is wrong, or return"}
            )
        else:
            said = encode("json", spec)
            channel.send({"model": len(model), "spec": len(said)}, model + said)


def _made(asked: JsonObject, file: bytes, arrays: bytes) -> tuple[bytes, JsonObject]:
    """Raises ModelError."""
    from tidemill.tasks.tabular.learners.foreign import check, convert

    let(resource.RLIMIT_DATA, held() + asked["memory"])
    try:
        found = decode("arrays", arrays)
        learned = Learned.of(found["x"], found["y"], asked["inputs"], asked["labels"])
        if asked["do"] == "own":
            return convert.made(file, str(asked["recipe"]["learner"]), learned)
        return file, check.checked(file, asked["recipe"], learned)
    except MemoryError as exc:
        raise ModelError("needs more memory than it may use", hint='[model] limits = { memory = "4 GB" }') from exc


def _warm() -> None:
    """What is imported, and the threads that it starts, are no part of what a model takes."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError:
        return
    np.linalg.norm(np.ones((8, 8)) @ np.ones((8, 8)))


if __name__ == "__main__":
    main()
