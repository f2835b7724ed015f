"""Hosts on this machine: each with a network, a name, processes and a few folders of its own, on one switch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAMS = ("ip", "unshare", "nsenter", "runuser", "openssl", "curl", "psql", "git")
OWN = ("/srv", "/run", "/var/log/nginx", "/var/lib/nginx")
"""What a host has for itself, empty at first; and a copy of /etc."""
HOME = "/srv/home"

SCP = """#!/bin/bash
# scp between hosts that share a disk
files=()
for word in "$@"; do
  case $word in
    -*) continue ;;
    *:/*) word=$TEAM_HOSTS/${word%%:*}/${word#*:} ;;
    *:*) word=$TEAM_HOSTS/${word%%:*}{home}/${word#*:} ;;
  esac
  files+=("$word")
done
exec cp -r "${files[@]}"
""".replace("{home}", HOME)


@dataclass
class Host:
    name: str
    address: str
    pid: int  # of what keeps its namespaces
    disk: Path
    env: Mapping[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def _line(self, script: str) -> list[str]:
        at = ["nsenter", "-t", str(self.pid), "-m", "-n", "-u", "-p"]
        return [*at, "bash", "-euo", "pipefail", "-c", f"cd {HOME}\n{script}"]

    def run(self, script: str, timeout: float = 120) -> str:
        """What it says. Raises AssertionError where it fails."""
        with tempfile.TemporaryFile("w+") as out:  # no pipe: a daemon that stays would hold it
            done = subprocess.run(
                self._line(script), env=self.env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, timeout=timeout
            )
            out.seek(0)
            said = out.read()
        assert done.returncode == 0, f"{self.name}: {script}\n{said[-6000:]}"
        return said

    def start(self, script: str) -> subprocess.Popen[bytes]:
        """In a terminal of its own."""
        with (self.disk / "terminal.log").open("ab") as log:
            found = subprocess.Popen(self._line(script), env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.started.append(found)
        return found

    @property
    def said(self) -> str:
        """In its terminals."""
        log = self.disk / "terminal.log"
        return log.read_text()[-6000:] if log.exists() else ""


def missing() -> str:
    """Why there can be no hosts here; nothing where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if lacking := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"missing: {' '.join(lacking)}"
    done = subprocess.run(["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "true"], capture_output=True)
    return "" if done.returncode == 0 else f"no namespaces here: {done.stderr.decode().strip()}"


@contextmanager
def hosts(folder: Path, addresses: Mapping[str, str], names: Mapping[str, str]) -> Iterator[dict[str, Host]]:
    """Hosts by name. ``addresses``: each one's; ``names``: what /etc/hosts says beside."""
    if why := missing():
        pytest.skip(why)
    tools = folder / "tools"
    tools.mkdir()
    (tools / "scp").write_text(SCP)
    (tools / "scp").chmod(0o755)
    env = {
        "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": HOME,
        "LC_ALL": "C.UTF-8",
        "TEAM_HOSTS": str(folder),
        "OMP_NUM_THREADS": "1",
        "PIP_NO_INDEX": "1",
    }
    switch = f"tidemill-{os.getpid()}"
    _do("ip", "netns", "add", switch)
    with ExitStack() as undone:
        undone.callback(_do, "ip", "netns", "del", switch)
        _do("ip", "-n", switch, "link", "add", "br0", "type", "bridge")
        _do("ip", "-n", switch, "link", "set", "br0", "up")
        found = {
            name: _host(undone, folder, switch, name, address, {**addresses, **names}, env)
            for name, address in addresses.items()
        }
        yield found


def _do(*line: str) -> None:
    subprocess.run(line, check=True, capture_output=True)


def _host(
    undone: ExitStack, folder: Path, switch: str, name: str, address: str, known: Mapping[str, str], env: dict[str, str]
) -> Host:
    disk = folder / name
    for own in OWN:
        (disk / own[1:]).mkdir(parents=True)
    shutil.copytree("/etc", disk / "etc", symlinks=True, ignore_dangling_symlinks=True)
    lines = "".join(f"{at} {who}\n" for who, at in known.items())
    (disk / "etc/hosts").write_text(f"127.0.0.1 localhost\n{lines}")
    mounts = "".join(f"mount --bind {disk}{own} {own}\n" for own in (*OWN, "/etc"))
    script = f"hostname {name}\n{mounts}mkdir -p {HOME}\nip link set lo up\necho ready\nexec sleep infinity"
    line = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    holder = subprocess.Popen([*line, "bash", "-ec", script], stdout=subprocess.PIPE)
    host = Host(name, address, 0, disk, env)
    undone.callback(_end, holder, host)
    assert holder.stdout is not None and holder.stdout.readline() == b"ready\n"
    host.pid = int(Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()[0])
    _do("ip", "link", "add", f"tm{host.pid}", "type", "veth", "peer", "name", "eth0", "netns", str(host.pid))
    _do("ip", "link", "set", f"tm{host.pid}", "netns", switch)
    _do("ip", "-n", switch, "link", "set", f"tm{host.pid}", "master", "br0", "up")
    host.run(f"ip addr add {address}/24 dev eth0 && ip link set eth0 up")
    return host


def _end(holder: subprocess.Popen[bytes], host: Host) -> None:
    """With what keeps the process namespace all in it is killed."""
    holder.kill()
    holder.communicate()
    for process in host.started:
        process.wait()
