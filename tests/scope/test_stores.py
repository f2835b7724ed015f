"""A project whose records are in PostgreSQL: a schema of its own, a password that is nowhere written, nothing begun anew in silence."""

from __future__ import annotations

import json
import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest

from tests.e2e.test_no_time import credit, lay
from tests.raised import raised
from tests.store.artifacts.conftest import _storage, bucket, storage  # noqa: F401 - the fixtures
from tests.store.artifacts.storage import Storage
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.cli.main import main
from tidemill.config.stores import StoresSection
from tidemill.data.ingest import ingest as verbs
from tidemill.data.ingest.register import Target
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.errors import ConfigError, Damaged, ProjectError, StoreBusy, StoreError
from tidemill.ops.doctor import examine as doctor
from tidemill.rebuild.verify.data import seen as seen_again
from tidemill.retrain.run_all import run_all
from tidemill.scope.project import open_project
from tidemill.scope.stores import Files, Server, keep_alone, stores_of
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Fence

if TYPE_CHECKING:
    from tests.store.sql.conftest import Server as Postgres

pytestmark = pytest.mark.postgres
Lay = Callable[..., Path]


@pytest.fixture
def address(server: Postgres) -> str:  # noqa: F811
    """Of an empty database: the socket's folder stands behind the question mark, as libpq takes it."""
    name = f"team_{server.schema()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://tidemill@/{name}?host={server.folder}&port={server.port}"


def lay_at(root: Path, address: str, name: str = "credit", more: str = "") -> Path:
    made = lay(root)
    toml = (root / "tidemill.toml").read_text().replace('name = "credit"', f'name = "{name}"', 1)
    (root / "tidemill.toml").write_text(f'{toml}[stores]\nmetadata = "{address}"\n{more}')
    return made


def test_the_loop_keeps_its_records_in_a_schema_and_all_else_under_a_prefix(
    tmp_path: Path,
    address: str,
    storage: Storage,  # noqa: F811
    bucket: str,  # noqa: F811
) -> None:
    prefix = storage.address(bucket)
    root = lay_at(tmp_path / "one", address, more=f'artifacts = "{prefix}"\ntables = "{prefix}"\n')
    (root / "data/a.csv").write_text(credit(400))
    with open_project(root) as project:
        assert run_all(project).release is not None
        released = project.endpoint().champion()
        identity = project.id
    assert released is not None
    assert not list((root / ".tidemill").glob("*.db"))
    assert not list((root / ".tidemill/artifacts").iterdir()) and not list((root / ".tidemill/tables").iterdir())
    shutil.rmtree(root / ".tidemill")  # copies, locks and logs
    with open_project(root, reading=True) as again:
        assert again.endpoint().champion() == released and again.id == identity
        model = again.store.models.get(released.model)
        assert get_bundle(again.artifacts, model.bundle).files
        storage.status, storage.only = "403 Forbidden", "PUT"  # from now on it is there to be read
        assert [one.well for one in doctor(again) if one.what == "stores"] == [False]
        storage.well()
        assert all(one.well for one in doctor(again) if one.what in ("artifacts", "tables"))
        (data,) = model.data
        (seen,) = seen_again(again, [data])
        assert (
            not seen.wrong
            and open_tables(again).read("credit").collect().height == again.store.datasets.get("credit").rows
        )
    with psycopg.connect(address) as plain:
        found = plain.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('models', 'predictions')")
        assert found.fetchall() == [("tidemill_credit",)]


def test_two_projects_share_a_database_and_know_nothing_of_each_other(tmp_path: Path, address: str) -> None:
    one, other = (open_project(lay_at(tmp_path / name, address, name)) for name in ("first", "second"))
    one.store.settings.set("x", 1)
    assert other.store.settings.get("x") is None and one.id != other.id
    one.close()
    other.close()


def test_a_schema_that_is_another_project_s_is_refused(tmp_path: Path, address: str) -> None:
    open_project(lay_at(tmp_path / "one", address, "my-shop")).close()
    with pytest.raises(ProjectError) as caught:
        open_project(lay_at(tmp_path / "other", address, "my_shop"))
    assert "tidemill_my_shop" in caught.value.message


def test_a_folder_that_has_run_is_not_begun_anew_where_its_records_are_missing(tmp_path: Path, address: str) -> None:
    root = lay_at(tmp_path / "one", address)
    (root / "data/a.csv").write_text(credit(50))
    with open_project(root) as project:
        project.artifacts.put(b"something")
    with psycopg.connect(address, autocommit=True) as plain:
        plain.execute("DROP SCHEMA tidemill_credit CASCADE")
    with pytest.raises(Damaged):
        open_project(root)
    with psycopg.connect(address) as plain:
        assert plain.execute("SELECT to_regnamespace('tidemill_credit')").fetchone() == (None,)
    shutil.rmtree(root / ".tidemill")
    open_project(root).close()


def test_the_password_comes_from_the_environment_or_a_file_and_is_in_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = StoresSection(metadata="postgresql://tidemill@127.0.0.1:1/shop")
    monkeypatch.setenv("TIDEMILL_METADATA_PASSWORD", "h/u:s@h")
    found = stores_of(section, "shop", tmp_path)
    assert isinstance(found, Server) and "h%2Fu%3As%40h" in found.url and "h%2F" not in repr(found) + found.place
    with pytest.raises(StoreError) as refused:
        found.metadata(False)
    assert "h/u" not in repr(refused.value.problem()) and "h%2F" not in repr(refused.value.problem())
    monkeypatch.delenv("TIDEMILL_METADATA_PASSWORD")
    monkeypatch.setenv("TIDEMILL_METADATA_PASSWORD_FILE", str(tmp_path / "secret"))
    with raised(ConfigError, str(tmp_path / "secret")):
        stores_of(section, "shop", tmp_path)
    (tmp_path / "secret").write_text("hush\n")
    found = stores_of(section, "shop", tmp_path)
    assert isinstance(found, Server) and ":hush@" in found.url
    monkeypatch.delenv("TIDEMILL_METADATA_PASSWORD_FILE")
    assert stores_of(section, "shop", tmp_path).place == section.metadata
    assert isinstance(stores_of(StoresSection(), "shop", tmp_path), Files)


@pytest.mark.parametrize(
    "secret", ["h/u:s@h", "hu' s\\h\"=", "hush%41&password=x", "hush\x01é", "hus\x00h", "hush\udcff"]
)
def test_a_wrong_password_is_refused_at_once_and_echoed_nowhere(
    tmp_path: Path,
    server: Postgres,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    secret: str,
) -> None:
    caplog.set_level(1)
    with psycopg.connect(server.url(), autocommit=True) as plain:
        plain.execute("DROP ROLE IF EXISTS guarded")
        plain.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        with server.guarded("guarded"):
            plain.execute("SELECT pg_reload_conf()")
            lay_at(tmp_path, f"postgresql://guarded@127.0.0.1:{server.port}/postgres")
            monkeypatch.chdir(tmp_path)
            monkeypatch.setattr("os.environ", {**os.environ, "TIDEMILL_METADATA_PASSWORD": secret})
            with pytest.raises((StoreError, ConfigError)) as caught:
                open_project(tmp_path)
            with pytest.raises(SystemExit):
                main(["status", "--json"])
    assert not isinstance(caught.value, StoreBusy)
    whole = "".join(traceback.format_exception(caught.value)) + repr(caught.value.problem())
    said = whole + "".join(capfd.readouterr()) + caplog.text
    assert '"code": "' in said and not [part for part in (secret, quote(secret, "", errors="replace")) if part in said]
    assert "hus" not in said and "h/u" not in said and "hu'" not in said


def test_a_copy_keeps_to_itself(tmp_path: Path, address: str) -> None:
    root = lay_at(tmp_path / "copy", address)
    keep_alone(root)
    with open_project(root) as copy:
        copy.store.settings.set("x", 1)
    assert (root / ".tidemill/tidemill.db").exists()
    with psycopg.connect(address) as plain:
        assert plain.execute("SELECT to_regnamespace('tidemill_credit')").fetchone() == (None,)


def test_two_machines_take_the_same_files_and_each_row_is_there_once(
    tmp_path: Path,
    address: str,
    storage: Storage,  # noqa: F811
    bucket: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = "".join(f'{key} = "{storage.address(bucket)}"\n' for key in ("artifacts", "tables"))
    roots = [lay_at(tmp_path / name, address, more=more) for name in ("one", "other")]
    with open_project(roots[0]) as one, open_project(roots[1]) as other:
        before = len(storage.asked)
        first = ingest(one, "credit")
        assert first is not None and ingest(other, "credit") is None
        assert len(storage.asked) - before < 20, "a bucket is far away"
        for root in roots:
            (root / "data/2.csv").write_text(credit(40, first=5_000))
            (root / f"data/{root.name}.csv").write_text(credit(30, first=9_000 if root == roots[0] else 7_000))
        for machine in (one, other):
            made = ingest(machine, "credit")
        assert made is not None and made.version == 3
        loans = open_tables(one).read("credit").collect()["loan"]
        assert len(loans) == loans.n_unique() == made.rows == 1_500 + 40 + 30 + 30
        assert [v.version for v in one.store.datasets.list(dataset="credit")] == [1, 2, 3]
        for root in roots:
            (root / "data/3.csv").write_text(credit(20, first=11_000))
        real = verbs.check_columns

        def overtaken(into: Target) -> bool:
            monkeypatch.setattr(verbs, "check_columns", real)
            assert ingest(one, "credit") is not None
            return real(into)

        monkeypatch.setattr(verbs, "check_columns", overtaken)
        assert ingest(other, "credit") is None, "the table is not short: it was looked at before"


def test_of_a_bucket_that_cannot_be_trusted_or_is_another_s_nothing_is_begun(
    tmp_path: Path,
    storage: Storage,  # noqa: F811
    bucket: str,  # noqa: F811
) -> None:
    roots = [lay(tmp_path / name) for name in ("one", "other")]
    for root in roots:
        toml = (root / "tidemill.toml").read_text()
        (root / "tidemill.toml").write_text(f'{toml}[stores]\ntables = "{storage.address(bucket)}"\n')
    storage.drop = True
    with pytest.raises(StoreError) as caught:
        open_project(roots[0])
    assert "If-None-Match" in caught.value.hint
    storage.drop = False
    toml = (roots[0] / "tidemill.toml").read_text()
    (roots[0] / "tidemill.toml").write_text(toml.replace("/shop?", "/other?").replace("tables", "artifacts"))
    storage.status, storage.only = "403 Forbidden", "PUT"
    with pytest.raises(StoreError):
        open_project(roots[0])
    storage.well()
    (roots[0] / "tidemill.toml").write_text(toml)  # where nothing has begun, it may begin elsewhere
    with open_project(roots[0]) as one:
        one.fence_by(Fence("loop", 3))
        ingest(one, "credit")
        (entry,) = open_tables(one).store.log("credit", 1)
        assert {"txn": {"appId": "lease:loop", "version": 3}} in map(json.loads, entry.splitlines())
    with pytest.raises(ProjectError) as refused:
        open_project(roots[1])
    assert one.id in refused.value.message
    (roots[0] / "tidemill.toml").write_text((roots[0] / "tidemill.toml").read_text().partition("[stores]")[0])
    with pytest.raises(ProjectError) as refused:
        open_project(roots[0])
    assert "tidemill move" in refused.value.hint
