# ruff: noqa: DTZ001  naive times are UTC, as in the table
"""What only a lake promises, or could break: its locks, its catalog and its files, in a folder and in S3."""

import importlib.util
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import obstore
import pytest
from click.testing import CliRunner
from obstore.store import S3Store
from servers import PostgresDatabase
from support.loader import Loader, over_stores
from support.needs import needs_scale
from support.servers import Bucket
from support.store_proxy import QUOTED, Fault, StoreProxy

from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.cli.query.reading import opened_configured, run_query
from pipefy_exports_dagster.cli.query.statements import one_that_reads
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    ConnectionFailedError,
    DatabaseLockedError,
    LocksUnavailableError,
    PipefyExportsError,
    QueryRefusedError,
    StorageError,
    StoreUnavailableError,
)
from pipefy_exports_dagster.tables import LoadReport, Slice
from pipefy_exports_dagster.tables.lake import LakeTables, lake_tables
from pipefy_exports_dagster.tables.lake.extensions import require_extensions
from pipefy_exports_dagster.tables.lake.names import ATTACHING
from pipefy_exports_dagster.tables.lake.object_store import create_store_secret
from pipefy_exports_dagster.tables.stores import store_at

WORKS = "a lock was taken and freed; a file was written, read and deleted"
in_a_folder = pytest.mark.parametrize("loader", ["lake"], indirect=True)
SliceOf = Callable[..., Slice]


@pytest.fixture
def shared(tmp_path: Path, catalog: PostgresDatabase, bucket: Bucket) -> Loader:  # noqa: ARG001
    """Loads into a lake as several machines have it: the catalog in Postgres, the files in an object store."""
    return Loader(tmp_path, lake_tables(Lake(f"{bucket.address}/tables"), scratch=tmp_path))


def lake_of(loader: Loader) -> LakeTables:
    assert isinstance(loader.tables, LakeTables)
    return loader.tables


def tried(lake: LakeTables) -> list[str]:
    return list(lake.tried(lock_timeout_s=0.1))


def keys_in(bucket: Bucket) -> list[str]:
    return [found["path"] for chunk in obstore.list(S3Store(bucket.name)) for found in chunk]


def answers(lake: LakeTables, sql: str) -> list[tuple[str | None, ...]]:
    """What `pipefy-exports query` would print."""
    with opened_configured(lake, on_note=lambda _: None) as opened:
        rows = run_query(opened, one_that_reads(sql), as_json=False)
        return [row for batch in rows.batches for row in batch]


@in_a_folder
def test_each_snapshot_says_which_export_it_is_of(loader: Loader) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    said = [message for (message,) in loader.query("SELECT commit_message FROM lake.snapshots()") if message]
    assert said == ["jobs last_month of organization 301: export export-1"]


@in_a_folder
def test_a_table_stays_partitioned_and_commented_when_a_type_widens(
    loader: Loader, slice_of: SliceOf
) -> None:
    loader.load_here(loader.csv("Número\n1\n"))
    loader.load_here(loader.csv("Número\nx\n"), slice_=slice_of(period_filter="current_month"))
    files = {
        path.parent.relative_to(loader.folder / "lake").as_posix()
        for path in (loader.folder / "lake").rglob("*.parquet")
    }
    place = "main/jobs/_organization_id=301/_period_filter"
    assert f"{place}=current_month" in files
    assert all(file.startswith("main/") and "/_organization_id=301/_period_filter=" in file for file in files)
    assert loader.headers() == ["Número"]
    assert "overlap" in loader.query("SELECT comment FROM duckdb_tables() WHERE table_name = 'jobs'")[0][0]
    assert loader.column("numero") == ["x", "1"]


@in_a_folder
def test_a_view_and_a_default_of_a_user_survive_a_widening(loader: Loader, slice_of: SliceOf) -> None:
    loader.load_here(loader.csv("a,b\n1,x\n"))
    loader.execute(
        "ALTER TABLE jobs ADD COLUMN mine VARCHAR DEFAULT 'here'; CREATE VIEW v AS SELECT a FROM jobs"
    )
    report = loader.load_here(loader.csv("a,b\nz,x\n"), slice_=slice_of(period_filter="current_month"))
    assert report.broken_views == ()
    assert loader.query("SELECT a FROM v ORDER BY a") == [("1",), ("z",)]
    assert loader.column("mine") == ["here", "here"]


@in_a_folder
def test_nobody_else_on_this_machine_can_read_it(loader: Loader) -> None:
    before = os.umask(0o022)
    try:
        loader.load_here(loader.csv("a\n1\n"))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in loader.folder.iterdir()}
    assert modes["lake"] == 0o700
    assert modes["catalog.ducklake"] == 0o600


@in_a_folder
def test_a_query_reads_the_lake_and_nothing_else(loader: Loader, tmp_path: Path) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    (tmp_path / "secret.csv").write_text("x\n1\n")
    lake = lake_of(loader)
    assert answers(lake, "SELECT a FROM jobs") == [("1",)]
    assert answers(lake, "SELECT count(*) FROM lake.snapshots()") == [("2",)]
    assert answers(lake, "PIVOT jobs ON _period_filter USING count(*)")
    refused = [
        f"FROM read_csv('{tmp_path}/secret.csv')",
        f"FROM '{tmp_path}/catalog.ducklake'",
        "FROM glob('/etc/*')",
        "FROM ducklake_expire_snapshots('lake', older_than => now())",
        "FROM lake.cleanup_old_files(cleanup_all => true)",
        "SELECT * FROM query('FROM ducklake_' || 'cleanup_old_files(''lake'', cleanup_all => true)')",
        "PIVOT (FROM ducklake_delete_orphaned_files('lake', cleanup_all => true)) ON path",
        "FROM postgres_query('__ducklake_metadata_lake', 'SELECT 1')",
    ]
    for sql in refused:
        with pytest.raises(QueryRefusedError):
            answers(lake, sql)
    assert loader.column("a") == [1]


@in_a_folder
def test_a_lake_that_is_not_there_yet_is_named(loader: Loader) -> None:
    lake = lake_of(loader)
    for look in (lake.query_sources, lambda: lake.connect_to_read(lock_timeout_s=1)):
        with pytest.raises(PipefyExportsError, match=r"no lake at .* yet: materialize a partition first"):
            look()


@in_a_folder
def test_another_data_path_than_the_lake_was_made_with_is_one_clear_error(loader: Loader) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    loader.lake = replace(lake_of(loader), data_path=str(loader.folder / "elsewhere"))
    with pytest.raises(ConfigurationError, match=r"made with another .*PIPEFY_EXPORTS_LAKE_DATA_PATH"):
        loader.load_here(loader.csv("a\n2\n"))


@in_a_folder
def test_past_the_deadline_the_reader_that_keeps_a_load_waiting_is_told_of(loader: Loader) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    with (
        lake_of(loader).connect_to_read(lock_timeout_s=1),
        pytest.raises(DatabaseLockedError, match="another connection of this process"),
        lake_of(loader).open_to_write(table="jobs", lock_timeout_s=0.1),
    ):
        pass


def test_an_extension_of_another_duckdb_is_named_with_the_version_that_it_needs(
    loader: Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "duckdb_extension_ducklake"
    (package / "extensions" / "v1.4.0").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))  # where DuckDB's INSTALL puts extensions
    lake = lake_tables(Lake(str(tmp_path / "l"), str(tmp_path / "c.ducklake")), scratch=tmp_path)
    loader.lake = lake
    with pytest.raises(
        ConfigurationError, match=rf"is for DuckDB 1\.4\.0, and this is DuckDB {duckdb.__version__}"
    ):
        loader.load_here(loader.csv("a\n1\n"))


def extension_file(name: str) -> Path:
    wheel = importlib.util.find_spec(f"duckdb_extension_{name}")
    assert wheel
    assert wheel.origin
    folder = Path(wheel.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / f"{name}.duckdb_extension"


@pytest.mark.usefixtures("signed_extensions")
def test_extensions_are_those_that_duckdb_signed_and_one_that_was_changed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_scale()
    require_extensions(("ducklake", "postgres_scanner", "httpfs"))
    content = bytearray(extension_file("httpfs").read_bytes())
    content[len(content) // 2] ^= 1
    changed = tmp_path / "duckdb_extension_httpfs" / "extensions" / f"v{duckdb.__version__}"
    changed.mkdir(parents=True)
    (changed.parents[1] / "__init__.py").touch()
    (changed / "httpfs.duckdb_extension").write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigurationError) as refused:
        require_extensions(("httpfs",))
    assert f"extension httpfs does not load from {changed}" in str(refused.value)
    assert "pip install --force-reinstall --no-deps duckdb-extension-httpfs" in str(refused.value)


@pytest.mark.usefixtures("bucket")
def test_slices_are_replaced_widened_and_read_where_several_machines_share_them(
    shared: Loader, bucket: Bucket, slice_of: SliceOf
) -> None:
    first = shared.load_here(shared.csv("a,b\n1,x\n2,y\n"))
    assert first.rows == 2
    shared.load_here(shared.csv("a,b,c\nz,x,1\n"), slice_=slice_of(period_filter="current_month"))
    newer = slice_of(export_id="export-2", exported_at=datetime(2026, 11, 5))
    shared.load_here(shared.csv("a,b\n3,x\n"), slice_=newer)
    with pytest.raises(PipefyExportsError, match="already holds export 'export-2'"):
        shared.load_here(shared.csv("a,b\n4,x\n"))
    assert shared.column("a") == ["z", "3"]
    kept = keys_in(bucket)
    assert tried(lake_of(shared)) == [f"{lake_of(shared)}: {WORKS}"]
    assert keys_in(bucket) == kept
    assert answers(lake_of(shared), "SELECT count(*) FROM jobs") == [("2",)]
    with pytest.raises(QueryRefusedError):
        answers(lake_of(shared), "FROM postgres_query('__ducklake_metadata_lake', 'SELECT 1')")
    with lake_of(shared).connect_to_read(lock_timeout_s=1) as connection:
        shared.load_here(shared.csv("a,b\n5,x\n"), slice_=replace(newer, export_id="export-3"))
        assert connection.execute("SELECT a FROM jobs WHERE _export_id = 'export-3'").fetchall() == [("5",)]


def test_eight_slices_at_once_all_arrive_and_one_first_slice_twice_arrives_once(
    shared: Loader, slice_of: SliceOf
) -> None:
    """Without a lock most of the first fail, and both of the second succeed (tried)."""
    source = shared.csv("a,b\n1,x\n")

    def load(period: str) -> LoadReport:
        return shared.load_here(source, slice_=slice_of(period_filter=period))

    with ThreadPoolExecutor(10) as pool:
        for report in pool.map(load, [*(f"slice-{nth}" for nth in range(8)), "twice", "twice"]):
            assert report.rows == 1
    counted = shared.query("SELECT _period_filter, count(*) FROM jobs GROUP BY 1")
    assert sorted(counted) == [*((f"slice-{nth}", 1) for nth in range(8)), ("twice", 1)]


def test_a_lock_that_was_lost_lets_nothing_be_committed(shared: Loader, catalog: PostgresDatabase) -> None:
    shared.load_here(shared.csv("a\n1\n"))

    def end_the_session(milestone: str) -> None:
        if milestone == "in_transaction":
            catalog.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
            )

    with pytest.raises(LocksUnavailableError):
        shared.load("a\n2\n", on_milestone=end_the_session)
    assert shared.column("a") == [1]


def secrets_of(environment: dict[str, str]) -> Iterator[str]:
    return (value for name, value in environment.items() if "PASSWORD" in name or "SECRET" in name)


def test_no_error_and_no_query_shows_a_password_or_a_key(
    shared: Loader, catalog: PostgresDatabase, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.load_here(shared.csv("a\n1\n"))
    shown = str(
        answers(lake_of(shared), "SELECT * FROM duckdb_secrets()")
        + answers(lake_of(shared), "SELECT database_name, path FROM duckdb_databases()")
        + answers(lake_of(shared), "SELECT name, value FROM duckdb_settings()")
    )
    errors = {}
    for name, wrong, expected in (
        ("PGPASSWORD", "s3cr3t-of-postgres", StorageError),
        ("PGDATABASE", "s3cr3t_database", StorageError),
        ("PGPORT", "1", (LocksUnavailableError, ConnectionFailedError)),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", StoreUnavailableError),
        ("AWS_ENDPOINT_URL", "ftp://s3cr3t", ConfigurationError),
        ("AWS_ALLOW_HTTP", "false", ConfigurationError),
        ("AWS_ACCESS_KEY_ID", "", ConfigurationError),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, wrong)
            with pytest.raises(expected) as caught:
                shared.load_here(shared.csv("a\n2\n"))
            errors[name, wrong] = f"{caught.value!r} {caught.value.__cause__!r}"
    shown += str(list(errors.values()))
    for secret in (*secrets_of(catalog.environment), *secrets_of(bucket.environment), "s3cr3t"):
        assert secret not in shown
    assert shared.column("a") == [1]


def test_the_catalogs_address_may_be_in_a_variable_of_its_own(
    tmp_path: Path, postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path / "lake"), catalog_env="LAKE_DSN")
    loader = Loader(tmp_path, lake_tables(lake, scratch=tmp_path))
    with pytest.raises(ConfigurationError, match="LAKE_DSN, which is not set"):
        loader.load_here(loader.csv("a\n1\n"))
    monkeypatch.setenv("LAKE_DSN", f"{postgres_database.url}?connect_timeout=10")
    loader.load_here(loader.csv("a\n1\n"))
    assert loader.column("a") == [1]


def age(loader: Loader, table: str, column: str, days: int) -> None:
    """Let what the catalog has written down have happened some days earlier."""
    with duckdb.connect(loader.folder / "catalog.ducklake") as connection:
        connection.execute(f"UPDATE {table} SET {column} = {column} - INTERVAL {days} DAY")


@in_a_folder
def test_maintenance_forgets_merges_and_deletes_what_is_old_and_leaves_the_last_day_alone(
    loader: Loader, slice_of: SliceOf
) -> None:
    newer, today = slice_of(exported_at=datetime(2026, 11, 5)), slice_of(period_filter="current_month")
    loader.load_here(loader.csv("a\n1\n2\n"))
    loader.load_here(loader.csv("a\n3\n"), slice_=newer)
    lake, files = lake_of(loader), loader.folder / "lake" / "main" / "jobs"
    of_a_killed_load, under_way = files / "killed.parquet", files / "under_way.parquet"
    of_a_killed_load.touch()
    under_way.touch()

    def maintained(days: int) -> dict[str, int]:
        return {each.what: each.count for each in lake.maintain(days=days, lock_timeout_s=5)}

    nothing = {"snapshots expired": 0, "old files deleted": 0, "orphaned files deleted": 0}
    assert maintained(days=0) == nothing
    loader.execute("INSERT INTO jobs SELECT * REPLACE (4 AS a) FROM jobs")
    age(loader, "ducklake_snapshot", "snapshot_time", 3)
    os.utime(of_a_killed_load, (time.time() - 3 * 86_400,) * 2)
    loader.load_here(loader.csv("a\n5\n"), slice_=today)
    [(young,)] = loader.query("SELECT max(snapshot_id) FROM lake.snapshots()")
    loader.load_here(loader.csv("a\n6\n"), slice_=replace(today, exported_at=datetime(2026, 11, 5)))
    rows = loader.query("FROM jobs ORDER BY ALL")
    assert maintained(days=2) == {
        "snapshots expired": 4,
        "files merged": 2,
        "old files deleted": 0,  # who reads one now began before it was forgotten
        "orphaned files deleted": 1,
    }
    assert not of_a_killed_load.exists()
    age(loader, "ducklake_files_scheduled_for_deletion", "schedule_start", 3)
    assert maintained(days=2) == nothing | {"old files deleted": 3}
    left = sorted(path.parent.name for path in files.rglob("*.parquet"))
    assert left == ["_period_filter=current_month"] * 2 + ["_period_filter=last_month", "jobs"]
    assert under_way.exists()
    assert loader.query("FROM jobs ORDER BY ALL") == rows
    assert loader.query(f"SELECT a FROM jobs AT (VERSION => {young}) ORDER BY a") == [(3,), (4,), (5,)]


def test_a_files_tables_are_taken_into_a_lake_and_what_is_there_is_counted_and_left(
    loader: Loader, slice_of: SliceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_scale()
    loader.load_here(loader.csv("Número,b\n1,x\n2,y\n"))
    loader.load_here(loader.csv("Número,b\n3,x\n"), slice_=slice_of(period_filter="current_month"))
    loader.execute("CREATE TABLE mine (n INTEGER)")
    file, data, catalog = loader.database, loader.folder / "l", loader.folder / "c.ducklake"
    monkeypatch.chdir(loader.folder)
    monkeypatch.setenv("PIPEFY_EXPORTS_DATABASE", str(file))
    monkeypatch.setenv("PIPEFY_EXPORTS_LAKE_DATA_PATH", str(data))
    monkeypatch.setenv("PIPEFY_EXPORTS_LAKE_CATALOG", str(catalog))

    def copied() -> tuple[int, str]:
        result = CliRunner().invoke(main, ["tables", "--copy-to"])
        return result.exit_code, " ".join(result.output.split())

    assert copied() == (0, "table rows rows in the file jobs 3 3 copied")
    types, headers, rows = loader.types(), loader.headers(), loader.query("FROM jobs ORDER BY ALL")
    loader.lake = lake_tables(Lake(str(data), str(catalog)), scratch=loader.folder)
    assert (loader.types(), loader.headers()) == (types, headers)
    assert loader.query("FROM jobs ORDER BY ALL") == rows
    assert copied() == (0, "table rows rows in the file jobs 3 3 was there")
    loader.execute("DELETE FROM jobs WHERE numero = 3")
    exit_code, said = copied()
    assert exit_code == 1
    assert "jobs 2 3 was there with other rows, left as it is" in said
    assert f"other rows than the file: jobs (2 rows there, 3 in {file}); they were left as they are" in said
    assert "drop the table there (DROP TABLE lake.jobs) and run the command again" in said
    assert len(loader.query("FROM jobs")) == 2


KILLED = """
import os, signal, sys
from datetime import date, datetime
from pathlib import Path
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.tables import Slice, load_file
from pipefy_exports_dagster.tables.lake import lake_tables
folder = Path(sys.argv[1])
lake = lake_tables(Lake(str(folder / "lake"), str(folder / "catalog.ducklake")), scratch=folder)
def kill(milestone):
    if milestone == "in_transaction":
        os.kill(os.getpid(), signal.SIGKILL)
slice_ = Slice("301", "last_month", date(2026, 11, 1), "e", datetime(2026, 11, 5))
load_file(Path(sys.argv[2]), database=lake, table="jobs", slice_=slice_, on_milestone=kill)
"""


@in_a_folder
def test_a_load_that_is_killed_in_its_transaction_leaves_the_slice_as_it_was(
    loader: Loader, slice_of: SliceOf
) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    command = [sys.executable, "-c", KILLED, str(loader.folder), str(loader.csv("a\nx\n"))]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert loader.column("a") == [1]
    assert loader.types() == {"a": "BIGINT"}
    loader.load_here(loader.csv("a\n3\n"), slice_=slice_of(exported_at=datetime(2026, 11, 6)))
    assert loader.column("a") == [3]


@over_stores
def test_names_without_a_schema_are_of_the_schema_that_is_asked_for(loader: Loader) -> None:
    store = store_at(loader.tables, read_copy=False)
    with store.open_to_write(table="t", schema="acme", lock_timeout_s=5) as opened:
        opened.connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    for schema, tables in (("acme", [("t",)]), ("main", []), ("of nobody", [])):
        with store.open_to_read(schema=schema, lock_timeout_s=5) as connection:
            here = "database_name = current_database() AND schema_name = current_schema()"
            assert (
                connection.execute(f"SELECT table_name FROM duckdb_tables() WHERE {here}").fetchall()
                == tables
            )


def test_a_lock_and_a_file_are_tried_before_there_is_a_lake_and_none_is_made(
    shared: Loader, bucket: Bucket
) -> None:
    assert tried(lake_of(shared)) == [f"{lake_of(shared)}: {WORKS}"]
    assert not lake_of(shared).exists()
    assert keys_in(bucket) == []


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (("PUT", Fault.DENIED), r"may not .*; a file could not be written and read below s3://[^/]*/tables$"),
        (("POST", Fault.DENIED), r"may not .*; a file could not be deleted below s3://[^/]*/tables/\.doctor"),
        (("POST", Fault.KEPT), r"a file could not be deleted below s3://[^/]*/tables/\.doctor"),
    ],
)
def test_keys_that_may_not_write_or_delete_are_told_of(
    refused: tuple[str, Fault], says: str, tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_tables(Lake(f"{bucket.address}/tables", str(tmp_path / "c.ducklake")), scratch=tmp_path)
    with StoreProxy(bucket.store.endpoint).running() as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        proxy.choose = lambda method, _path: refused[1] if method == refused[0] else None
        with pytest.raises(StorageError, match=says) as raised:
            tried(lake)
    assert QUOTED not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"AWS_ACCESS_KEY_ID": "k"},
            "s3://b/x, and AWS_SECRET_ACCESS_KEY is not set: give the keys of a user",
        ),
        (
            {"AWS_PROFILE": "mine", "AWS_METADATA_ENDPOINT": "http://169.254.169.254"},
            "a lake takes none from where AWS_METADATA_ENDPOINT or AWS_PROFILE says$",
        ),
    ],
)
def test_keys_that_are_missing_are_named_with_what_is_not_read(given: dict[str, str], says: str) -> None:
    with duckdb.connect() as connection, pytest.raises(ConfigurationError, match=says):
        create_store_secret(connection, "s3://b/x", given)


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    lake = lake_tables(Lake("s3://no-such-bucket/x", str(tmp_path / "c.ducklake")), scratch=tmp_path)
    with pytest.raises(StorageError, match="there is no such bucket: create it; a file could not be written"):
        tried(lake)


@in_a_folder
def test_where_no_lake_is_yet_no_folder_is_made_to_try_it(loader: Loader) -> None:
    lake = lake_of(loader)
    assert tried(lake) == []
    assert not list(loader.folder.iterdir())
    loader.load_here(loader.csv("a\n1\n"))
    before = sorted(loader.folder.rglob("*"))
    assert tried(lake) == [f"{lake}: {WORKS}"]
    assert sorted(loader.folder.rglob("*")) == before
    with (
        lake.catalog_at.lock(ATTACHING, timeout_s=0),
        pytest.raises(DatabaseLockedError, match=f"process {os.getpid()}"),
    ):
        tried(lake)
