"""How a server may be reached: this machine alone, over TLS, behind a named proxy; and how one that is stopped lets its clients go."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.serve import released
from tests.serve.conftest import home, project  # noqa: F401 - the fixtures
from tests.serve.real import Scorer, scorer
from tidemill.config.network import ServeSection
from tidemill.errors import BadRequest, Forbidden, ServeError
from tidemill.scope.project import Project
from tidemill.serve.client import Client
from tidemill.serve.http.door import Door, trusting

NAME = "models.example"
NAMED = ServeSection(names=(NAME,))
PROXIED = ServeSection(names=(NAME,), proxies=("10.0.0.5", "127.0.0.9"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of `NAME` that it signed itself, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "key.pem").chmod(0o600)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def asked(door: Door, peer: str, host: str = NAME, **headers: str) -> bytes:
    sent = {b"host": host.encode(), **{k.replace("_", "-").encode(): v.encode() for k, v in headers.items()}}
    return door.check({"client": (peer, 5000)}, sent)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::"])
def test_off_loopback_nothing_is_listened_at_that_others_could_read(host: str) -> None:
    with pytest.raises(BadRequest):
        Door.of(NAMED, host)
    with pytest.raises(BadRequest):
        Door.of(ServeSection(proxies=("10.0.0.5",)), host)  # under no name
    assert Door.of(PROXIED, host).host == host


def test_files_that_are_no_certificate_and_its_key_are_said_before_anything_starts(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    cert, key = pair
    with pytest.raises(BadRequest):
        Door.of(NAMED, "0.0.0.0", cert)
    for one, other in ((cert, cert), (str(tmp_path / "nothing"), key), (cert, str(tmp_path / "nothing"))):
        with pytest.raises(ServeError) as caught:
            Door.of(NAMED, "127.0.0.1", one, other)
        assert caught.value.place in (one, other) and caught.value.hint
    open_key = tmp_path / "key.pem"
    open_key.write_bytes(Path(key).read_bytes())
    open_key.chmod(0o644)
    with pytest.raises(ServeError) as caught:
        Door.of(NAMED, "127.0.0.1", cert, str(open_key))
    assert "chmod" in caught.value.hint


def test_a_closed_door_knows_this_machine_s_own_name_alone() -> None:
    assert asked(Door(), "127.0.0.1", "127.0.0.1:8080") == asked(Door(), "127.0.0.1", "localhost") == b"http"
    for host in (NAME, "", "localhost.evil.example", "127.0.0.1@evil.example", "localhost/x", "localhost:0"):
        with pytest.raises(Forbidden):
            asked(Door(), "127.0.0.1", host)


def test_a_named_proxy_speaks_for_clients_that_came_over_tls() -> None:
    door = Door.of(PROXIED, "0.0.0.0")
    assert asked(door, "10.0.0.5", x_forwarded_proto="https") == b"https"
    assert asked(door, "10.0.0.5", f"{NAME}:443", x_forwarded_proto="https") == b"https"
    assert asked(door, "127.0.0.1", "localhost:8080") == b"http"  # the command line
    for peer, host, headers in (
        ("10.0.0.6", NAME, {"x_forwarded_proto": "https"}),
        ("10.0.0.5", NAME, {"x_forwarded_proto": "http"}),
        ("10.0.0.5", NAME, {}),
        ("10.0.0.5", "evil.example", {"x_forwarded_proto": "https"}),
        ("10.0.0.6", "localhost", {}),
        ("", NAME, {"x_forwarded_proto": "https"}),
    ):
        with pytest.raises(Forbidden):
            asked(door, peer, host, **headers)


def test_a_proxy_on_this_machine_is_not_taken_for_its_own_commands() -> None:
    door = Door.of(ServeSection(names=(NAME,), proxies=("127.0.0.1",)), "127.0.0.1")
    assert asked(door, "127.0.0.1", "localhost:8080") == b"http"
    assert asked(door, "127.0.0.1", x_forwarded_proto="https") == b"https"
    for host, headers in (
        ("localhost", {"x_forwarded_proto": "http"}),
        ("localhost", {"x_forwarded_proto": "https"}),
        ("127.0.0.1:8080", {"x_forwarded_for": "203.0.113.7"}),
        (NAME, {}),
    ):
        with pytest.raises(Forbidden):
            asked(door, "127.0.0.1", host, **headers)
    with pytest.raises(BadRequest):
        Door.of(ServeSection(proxies=("127.0.0.1",)), "127.0.0.1")


def test_a_certificate_s_file_is_found_from_anywhere(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(pair[0]).parent)
    door = Door.of(NAMED, "127.0.0.1", "cert.pem", "key.pem")
    assert (door.cert, door.key) == pair


def test_a_certificate_that_is_gone_is_no_server_that_does_not_run(tmp_path: Path) -> None:
    (tmp_path / ".tidemill").mkdir()
    for cert in (tmp_path / "gone.pem", tmp_path / "tidemill.toml"):
        up = {"host": "127.0.0.1", "port": 1, "token": "t", "cert": str(cert)}
        (tmp_path / "tidemill.toml").write_text("no certificate")
        (tmp_path / ".tidemill/up.json").write_text(json.dumps(up))
        with pytest.raises(ServeError) as caught:
            Client.of(tmp_path)
        assert caught.value.place == str(cert) and caught.value.hint


def issued(name: str, signer: Any = None) -> tuple[Any, Any]:
    """A certificate and its key; nobody's: signed by itself, and may sign others."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    by, with_key = signer or (None, key)
    made = x509.CertificateBuilder(
        by.subject if by else subject, subject, key.public_key(), x509.random_serial_number()
    )
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    return made.sign(with_key, SHA256()), key


def shake(mine: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    """A handshake in memory. Raises ssl.SSLError."""
    to, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = mine.wrap_bio(back, to), theirs.wrap_bio(to, back, server_side=True)
    for side in (client, server) * 3:
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()


def test_who_signed_the_certificate_vouches_for_nobody_else(tmp_path: Path) -> None:
    above = issued("above")
    for name in ("mine", "other"):
        cert, key = issued(name, above)
        pem = cert.public_bytes(Encoding.PEM) + above[0].public_bytes(Encoding.PEM)
        (tmp_path / name).write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    servers = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in ("mine", "other")}
    for name, context in servers.items():
        context.load_cert_chain(tmp_path / name)
    shake(trusting(str(tmp_path / "mine")), servers["mine"])
    with pytest.raises(ssl.SSLError):
        shake(trusting(str(tmp_path / "mine")), servers["other"])


@pytest.fixture
def served(project: Project, pair: tuple[str, str]) -> Iterator[Scorer]:  # noqa: F811
    """Over TLS, at an address that is not the one of this machine's own commands."""
    toml = project.root / "tidemill.toml"
    toml.write_text(f'{toml.read_text()}\n[serve]\nnames = ["{NAME}"]\nproxies = ["127.0.0.9"]\ndrain = "5 s"\n')
    with scorer(project, "--host", "127.0.0.2", "--tls-cert", pair[0], "--tls-key", pair[1]) as running:
        yield running


def ask(
    running: Scorer, cert: str, path: str = "/healthz", host: str = NAME, of: str = "127.0.0.3", **more: Any
) -> tuple[int, Any, Any]:
    context, sent = (
        trusting(cert),
        {"Host": host, "Authorization": f"Bearer {running.token}", **more.pop("headers", {})},
    )
    address = ("127.0.0.2", running.port)
    with closing(http.client.HTTPSConnection(*address, timeout=30, context=context, source_address=(of, 0))) as client:
        client.request(more.get("method", "GET"), path, more.get("body"), sent)
        answer = client.getresponse()
        data = answer.read()
        return answer.status, answer.headers, json.loads(data) if "json" in answer.headers["content-type"] else data


def test_over_tls_it_answers_to_its_name_and_to_no_other(served: Scorer, pair: tuple[str, str]) -> None:
    assert ask(served, pair[0])[0] == 200
    assert ask(served, pair[0], host="evil.example")[0] == 403
    assert ask(served, pair[0], host="localhost")[0] == 403  # from another machine
    assert ask(served, pair[0], host="localhost", of="127.0.0.1")[0] == 200  # this one's own commands
    status, _, problem = ask(served, pair[0], "/readyz")
    assert (status, problem["status"]) == (503, "not_ready")  # nothing is released yet
    plain = http.client.HTTPConnection("127.0.0.2", served.port, timeout=30)
    with closing(plain), pytest.raises((http.client.HTTPException, OSError)):
        plain.request("GET", "/healthz", headers={"Host": NAME})
        plain.getresponse()


def test_a_page_of_another_site_and_of_an_open_way_may_not_act(served: Scorer, pair: tuple[str, str]) -> None:
    for origin, status in ((f"https://{NAME}", 200), (f"http://{NAME}", 403), ("https://evil.example", 403)):
        found = ask(served, pair[0], "/control/refresh", method="POST", body=b"{}", headers={"Origin": origin})
        assert found[0] == status, origin


def test_a_client_trusts_that_very_certificate(served: Scorer, pair: tuple[str, str], tmp_path: Path) -> None:
    other = Path(pair[0]).with_name("other.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=1))
    other.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    with pytest.raises(ssl.SSLError):
        ask(served, str(other))


def test_one_that_is_stopped_says_so_and_answers_on_until_its_clients_are_gone(
    served: Scorer, pair: tuple[str, str]
) -> None:
    assert ask(served, pair[0])[1]["connection"] is None
    served.process.send_signal(signal.SIGTERM)
    said: tuple[int, Any, Any] = (0, None, {})
    while said[2].get("status") != "stopping":
        said = ask(served, pair[0], "/readyz")
    assert (said[0], said[1]["connection"]) == (503, "close")
    assert ask(served, pair[0])[0] == 200
    served.process.send_signal(signal.SIGTERM)  # a second time: at once
    assert served.process.wait(30) == 0


UP = """
import sys
from pathlib import Path
from tidemill.scope.project import open_project
from tidemill.process import supervised
from tidemill.serve import supervisor

class Child(supervised.Child):
    def __init__(self, module, *arguments, **more):
        super().__init__("tests.serve.idle_loop" if module == "tidemill.retrain" else module, *arguments, **more)

supervised.Child = Child
with open_project(Path(sys.argv[1])) as project:
    ready = lambda told: print(told["url"], flush=True)
    supervisor.up(project, "127.0.0.2", 0, on_ready=ready, cert=sys.argv[2], key=sys.argv[3])
"""


def test_this_machine_s_own_commands_find_a_server_that_speaks_tls(
    project: Project,  # noqa: F811
    pair: tuple[str, str],
) -> None:
    toml = project.root / "tidemill.toml"
    toml.write_text(f'{toml.read_text()}\n[serve]\nnames = ["{NAME}"]\n')
    released.champion(project)
    line = [sys.executable, "-c", UP, str(project.root), *pair]
    with subprocess.Popen(line, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout is not None and running.stdout.readline().startswith(f"https://{NAME}:".encode())
            with closing(Client.of(project.root)) as client:
                assert client.post("/predict/shop", {"subject": "7"})["items"] == ["top of 1"]
                assert client.get("/readyz") == {"status": "ready"}
        finally:
            running.terminate()
        assert running.wait(60) == 0


def test_people_open_the_address_of_the_proxy_where_nobody_else_is_answered() -> None:
    assert Door.of(PROXIED, "0.0.0.0").url(8080) == f"https://{NAME}"
    assert Door.of(PROXIED, "0.0.0.0").own(8080) == "http://127.0.0.1:8080"
    assert Door.of(PROXIED, "127.0.0.1").url(8080) == "http://127.0.0.1:8080"  # this machine's own people
    assert Door("0.0.0.0", "cert.pem", "key.pem", (NAME,)).url(8443) == f"https://{NAME}:8443"
