"""A process that learns a straight line with numpy alone, and on demand does what a process should not: ``plain.py [FAULT [FOLDER]]``."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

FAULT, FOLDER = (*sys.argv[1:], "", "")[:2] if __name__ == "__main__" else ("", "")
MODELS: dict[str, dict[str, Any]] = {}


def numbers(rows: list[list[Any]]) -> np.ndarray[Any, Any]:
    """Numbers and truth values as they are, and a one."""
    kept = [[float(v) if isinstance(v, int | float) else 0.0 for v in row] for row in rows]
    return np.hstack([np.array(kept), np.ones((len(kept), 1))])


def fit(body: dict[str, Any]) -> dict[str, Any]:
    if FAULT == "dies":
        os._exit(9)
    if FAULT == "eats":
        held = []
        while True:
            held.append(bytearray(50_000_000))
    weights = np.linalg.lstsq(numbers(body["rows"]), np.array(body["target"], float), rcond=None)[0]
    if body.get("start") and FAULT != "cold":
        weights = np.load(io.BytesIO(base64.b64decode(body["start"])))
    buffer = io.BytesIO()
    np.save(buffer, weights)
    return {"model": base64.b64encode(buffer.getvalue()).decode()}


def load(body: dict[str, Any]) -> dict[str, Any]:
    data = base64.b64decode(body["model"])
    name = "sha256:" + hashlib.sha256(data).hexdigest()
    MODELS[name] = {"weights": np.load(io.BytesIO(data)), "labels": body["labels"]}
    return {"model": "sha256:another" if FAULT == "loads another" else name}


def predict(body: dict[str, Any]) -> dict[str, Any]:
    model = MODELS[body["model"]]
    told = numbers(body["rows"]) @ model["weights"]
    if model["labels"]:
        told = np.clip(told, 0, 1)
    outputs = [[float(one)] for one in told]
    if FAULT == "one row":
        outputs = outputs[:1]
    if FAULT == "another's":
        return {"model": "sha256:another", "outputs": outputs}
    if FAULT == "no number":
        outputs[0] = [float("nan")]
    if FAULT == "draws":
        outputs = [[float(np.random.default_rng().random())] for _ in outputs]
    return {"model": body["model"], "outputs": outputs}


def embed(body: dict[str, Any]) -> dict[str, Any]:
    """How often each of three letters stands in a text."""
    if FOLDER:
        with open(Path(FOLDER) / "asked", "a") as file:
            file.writelines(f"{text}\n" for text in body["texts"])
    model = "another" if FAULT == "another's" else "letters-1"
    return {"model": model, "vectors": [[float(text.count(letter)) for letter in "abc"] for text in body["texts"]]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        own = "" if FAULT == "another instance" else os.environ["TIDEMILL_INSTANCE"]
        status = 404 if FAULT == "not ready" else 200
        self.say(status, {"instance": own, "more": "x" * 100_000 if FAULT == "talks" else ""})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told = self.path == "/predict" and FOLDER and (Path(FOLDER) / "now").exists()
        fault = (Path(FOLDER) / "now").read_text() if told else ""
        if fault == "dies":
            os._exit(3)
        if fault == "hangs":
            time.sleep(600)
        if fault == "forgets":
            MODELS.clear()
            (Path(FOLDER) / "now").unlink()
        if self.path == "/predict" and FAULT == "trickles":
            self.send_response(200)
            self.send_header("content-length", "1000000")
            self.end_headers()
            while True:
                self.wfile.write(b" ")
                time.sleep(0.05)
        if self.path == "/predict" and FAULT == "floods":
            self.send_response(200)
            self.send_header("content-length", "1000000000")
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b" " * 1_000_000)
        try:
            found = {"/fit": fit, "/load": load, "/predict": predict, "/embed": embed}[self.path](body)
        except KeyError:
            self.say(404, {})
        else:
            self.say(200, found)

    def say(self, status: int, found: dict[str, Any]) -> None:
        data = json.dumps(found).encode()
        if FAULT == "no JSON" and self.path == "/predict":
            data = b"<html>"
        self.send_response(status)
        claimed = len(data) + 5_000 if FAULT == "lies about sizes" and self.path == "/predict" else len(data)
        self.send_header("content-length", str(claimed))
        self.end_headers()
        self.wfile.write(data)
        if claimed != len(data):
            self.close_connection = True


if __name__ == "__main__":
    if FAULT == "never ready":
        time.sleep(600)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
