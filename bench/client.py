"""A client that costs little: raw sockets, kept alive. ``python -m bench.client`` reads a job as JSON from standard input, writes a report.

``closed``: every connection asks again as soon as it is answered. ``open``: requests leave at their times whatever comes back, and the
latency counts from the time at which a request was due.
"""

from __future__ import annotations

import collections
import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Line:
    """One connection and the request that is on its way."""

    sock: socket.socket
    due: float = 0.0
    got: bytes = b""


@dataclass
class Load:
    job: dict[str, Any]
    took: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.idle: collections.deque[Line] = collections.deque()
        for _ in range(self.job["connections"]):
            sock = socket.create_connection(("127.0.0.1", self.job["port"]), timeout=60)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = Line(sock)
            self.selector.register(sock, selectors.EVENT_READ, line)
            self.idle.append(line)

    def send(self, due: float) -> None:
        line = self.idle.popleft()
        line.due, line.got = due, b""
        line.sock.sendall(self.request(self.sent))
        self.sent += 1

    def request(self, number: int) -> bytes:
        order = self.job.get("order")
        subject = order[number % len(order)] if order else number % self.job.get("subjects", 1000)
        body: bytes = self.job["body"].replace("NUMBER", str(subject)).encode()
        head = f"POST {self.job['path']} HTTP/1.1\r\nHost: 127.0.0.1:{self.job['port']}\r\nContent-Type: application/json\r\n"
        more = "".join(f"{name}: {value}\r\n" for name, value in self.job["headers"].items())
        return f"{head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def hear(self, seconds: float) -> None:
        for key, _ in self.selector.select(max(seconds, 0.0)):
            line: Line = key.data
            line.got += line.sock.recv(65_536)
            head, found, body = line.got.partition(b"\r\n\r\n")
            if not found or len(body) < _length(head):
                continue
            self.took.append(time.perf_counter() - line.due)
            if head[9:12] == b"200":
                self.bodies.append(body)
            else:
                self.failed.append(line.got.decode(errors="replace")[-300:])
            self.idle.append(line)

    def closed(self) -> None:
        while len(self.took) < self.job["requests"]:
            while self.idle and self.sent < self.job["requests"]:
                self.send(time.perf_counter())
            self.hear(30.0)

    def open(self) -> None:
        gap, total = 1.0 / self.job["rate"], int(self.job["rate"] * self.job["seconds"])
        began = time.perf_counter()
        while len(self.took) < total:
            now = time.perf_counter()
            while self.idle and self.sent < total and began + self.sent * gap <= now:
                self.send(began + self.sent * gap)
            waits = began + self.sent * gap - time.perf_counter() if self.sent < total and self.idle else 1.0
            self.hear(waits)


def _length(head: bytes) -> int:
    name = b"content-length:"
    at = head.lower().find(name)
    return int(head[at + len(name) :].split(b"\r\n", 1)[0])


def main() -> None:
    job = json.load(sys.stdin)
    load = Load(job)
    began, cpu = time.perf_counter(), time.process_time()
    load.open() if "rate" in job else load.closed()
    seconds = time.perf_counter() - began
    took = sorted(load.took)
    ids = [json.loads(body).get("prediction_id", "") for body in load.bodies] if job.get("ids") else []
    found = {name: took[min(len(took) - 1, int(len(took) * share))] * 1e3 for name, share in QUANTILES.items()}
    report = {"n": len(took), "ok": len(load.bodies), "failed": load.failed[:5], "seconds": seconds, "ids": ids}
    json.dump({**report, **found, "client_cpu": time.process_time() - cpu}, sys.stdout)


QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}

if __name__ == "__main__":
    main()
