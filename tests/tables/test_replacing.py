# ruff: noqa: DTZ001  naive times are UTC, as in the table
# ruff: noqa: E501  files and cases read better in one line
import errno
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from support.loader import LAST_MONTH, Loader, over_stores
from support.waiting import eventually

from pipefy_exports_dagster.errors import (
    DatabaseLockedError,
    LoadFailedError,
    SupersededExportError,
    UnreadableFileError,
)
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged_file import ColumnToWrite, write_staged_file
from pipefy_exports_dagster.tables import Slice, load_file, read_copy_path, replace_slice, workspace
from pipefy_exports_dagster.tables.database import open_database

SliceOf = Callable[..., Slice]

LINEAGE = {
    "_organization_id": "VARCHAR",
    "_period_filter": "VARCHAR",
    "_requested_month": "DATE",
    "_export_id": "VARCHAR",
    "_exported_at": "TIMESTAMP",
    "_loaded_at": "TIMESTAMP",
    "_file_row": "BIGINT",
}


@pytest.mark.usefixtures("no_leftovers")
@over_stores
def test_a_workbook_and_a_csv_become_the_same_rows(loader: Loader, slice_of: SliceOf) -> None:
    workbook = loader.load([["ID", "Início", "Nome"], [7, datetime(2026, 11, 1, 8, 30), "Ana"]])
    text = loader.load(
        "ID,Início,Nome\n7,2026-11-01T08:30:00,Ana\n", slice_=slice_of(period_filter="current_month")
    )
    rows = loader.query("SELECT id, inicio, nome FROM jobs")
    assert rows == [(7, datetime(2026, 11, 1, 8, 30), "Ana")] * 2
    assert [workbook.file.kind, text.file.kind] == ["xlsx", "csv"]
    assert loader.types() == {"id": "BIGINT", "inicio": "TIMESTAMP", "nome": "VARCHAR"}


@over_stores
def test_the_lineage_says_where_each_row_comes_from(loader: Loader) -> None:
    loader.load("a,b\n1,2\n3,4\n")
    described = dict(
        loader.query(
            "SELECT column_name, column_type FROM (DESCRIBE jobs) WHERE column_name LIKE '\\_%' ESCAPE '\\'"
        )
    )
    assert described == LINEAGE
    rows = loader.query(f"SELECT {', '.join(name for name in LINEAGE if name != '_loaded_at')} FROM jobs")
    slice_ = ("301", "last_month", date(2026, 11, 1), "export-1", datetime(2026, 11, 2, 15))
    assert rows == [(*slice_, 1), (*slice_, 2)]


@over_stores
def test_a_zoned_export_time_is_stored_in_utc(loader: Loader, slice_of: SliceOf) -> None:
    loader.load(
        "a,b\n1,2\n", slice_=slice_of(exported_at=datetime.fromisoformat("2026-11-02T12:00:00-03:00"))
    )
    assert loader.query("SELECT _exported_at FROM jobs") == [(datetime(2026, 11, 2, 15),)]


@over_stores
def test_comments_hold_the_headers_and_say_that_partitions_overlap(loader: Loader) -> None:
    loader.load("Data de Início,It's\n1,2\n")
    comments = dict(
        loader.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'jobs'")
    )
    assert comments["data_de_inicio"] == "Data de Início"
    assert comments["it_s"] == "It's"
    assert "UTC" in comments["_exported_at"]
    assert "overlap" in loader.query("SELECT comment FROM duckdb_tables() WHERE table_name = 'jobs'")[0][0]


@over_stores
def test_a_load_replaces_its_slice_and_nothing_else(loader: Loader, slice_of: SliceOf) -> None:
    loader.load("a,b\n1,x\n2,x\n")
    loader.load("a,b\n3,x\n", slice_=slice_of(period_filter="current_month"))
    loader.load("a,b\n4,x\n", slice_=slice_of(organization_id="302"))
    loader.load("a,b\n5,x\n", slice_=slice_of(export_id="export-2", exported_at=datetime(2026, 11, 3)))
    assert sorted(loader.column("a")) == [3, 4, 5]


@over_stores
def test_the_same_export_can_be_loaded_again(loader: Loader) -> None:
    for _ in range(2):
        assert loader.load("a,b\n1,x\n").rows == 1
    assert loader.column("a") == [1]


@pytest.mark.parametrize(
    "older",
    [
        {"exported_at": datetime(2026, 11, 1)},
        {"requested_month": date(2026, 10, 1), "exported_at": datetime(2026, 12, 1)},
    ],
)
@over_stores
def test_an_older_export_never_replaces_a_newer_one(
    loader: Loader, slice_of: SliceOf, older: dict[str, date]
) -> None:
    loader.load("a,b\n1,x\n")
    with pytest.raises(SupersededExportError, match=r"'export-1'.*'export-0'"):
        loader.load("a,b\n2,x\n", slice_=slice_of(export_id="export-0", **older))
    assert loader.column("a") == [1]


@over_stores
def test_a_file_with_a_header_only_empties_the_slice(loader: Loader) -> None:
    loader.load("a,b\n1,x\n")
    report = loader.load("a,b\n")
    assert report.rows == 0
    assert loader.column("a") == []
    assert loader.types() == {"a": "BIGINT", "b": "VARCHAR"}


def test_a_load_that_raises_leaves_everything_as_it_was(loader: Loader) -> None:
    loader.load("a,b\n1,x\n")

    def fail(milestone: str) -> None:
        if milestone == "in_transaction":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader.load("a,b,c\nx,1.5,true\n", on_milestone=fail)
    assert loader.query("SELECT a, b FROM jobs") == [(1, "x")]
    assert loader.types() == {"a": "BIGINT", "b": "VARCHAR"}
    # A connection that was left open would hold the lock of the file against any other process.
    opened = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    subprocess.run([sys.executable, "-c", opened, str(loader.database)], check=True)


@over_stores
def test_rows_that_did_not_all_arrive_leave_everything_as_it_was(loader: Loader) -> None:
    loader.load("a,b\n1,x\n")
    with workspace(loader.database) as folder:
        staged = read_table_file(loader.csv("a,b\n2,x\n3,x\n"), folder=folder)
        counted = replace(staged, rows=3)
        with pytest.raises(LoadFailedError, match="3 rows were counted in the file, but 2 arrived"):
            replace_slice(counted, database=loader.tables, table="jobs", slice_=LAST_MONTH, read_copy=False)
    assert loader.column("a") == [1]


def test_rows_that_duckdb_does_not_find_are_an_error(loader: Loader) -> None:
    columns = [ColumnToWrite(0, "BIGINT", "BIGINT")]
    with pytest.raises(UnreadableFileError, match="4 rows were counted in the file, but DuckDB read 3"):
        write_staged_file(
            duckdb.connect(),
            "(SELECT range AS c0 FROM range(3))",
            columns,
            path=loader.folder / "staged",
            rows=4,
        )


def test_the_milestones_are_announced_in_order(loader: Loader) -> None:
    stages: list[str] = []
    loader.load("a,b\n1,x\n", on_milestone=stages.append)
    assert stages == ["reading", "in_transaction", "committed"]


@over_stores
def test_a_table_that_we_did_not_make_is_left_alone(loader: Loader) -> None:
    loader.execute("CREATE TABLE jobs AS SELECT 1 AS a")
    with pytest.raises(LoadFailedError, match="not made by this package"):
        loader.load("a,b\n1,2\n")
    assert loader.query("FROM jobs") == [(1,)]


@over_stores
def test_a_name_that_is_a_view_is_refused(loader: Loader) -> None:
    loader.execute("CREATE VIEW jobs AS SELECT 1 AS a")
    with pytest.raises(LoadFailedError, match="is a view"):
        loader.load("a,b\n1,2\n")


def test_a_file_that_is_no_database_is_one_of_our_errors(loader: Loader) -> None:
    loader.database.write_bytes(b"no database" * 1000)
    with pytest.raises(LoadFailedError, match="nothing was changed"):
        loader.load("a,b\n1,2\n")


HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(float(sys.argv[2]))"


def hold(database: Path, seconds: float) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_load_waits_while_another_process_holds_the_database(
    loader: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    with loader.staged(loader.csv("a,b\n1,x\n")) as staged, hold(loader.database, 1.5):
        report = loader.replace(staged)
    assert report.seconds_waiting_for_lock > 0.5
    assert caplog.messages == [], "so short a wait is not worth a word"
    assert loader.column("a") == [1]


def test_past_the_deadline_the_error_names_the_holder(loader: Loader) -> None:
    with hold(loader.database, 30) as holder:
        try:
            with pytest.raises(DatabaseLockedError, match=str(holder.pid)) as caught:
                loader.load("a,b\n1,x\n", lock_timeout_s=0.5)
        finally:
            holder.kill()
        assert caught.value.holder_pid == holder.pid


def test_a_new_database_is_whole_from_the_moment_it_is_there(tmp_path: Path) -> None:
    """Another process would take a file that is not whole for no database."""
    for number in range(20):
        path = tmp_path / f"{number}.duckdb"
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(as_soon_as_there, path)
            with open_database(path, lock_timeout_s=10):
                pass
            assert seen.result()[8:12] == b"DUCK"
    assert not (tmp_path / ".pipefy_exports_loading").exists()


def as_soon_as_there(path: Path) -> bytes:
    while True:
        with suppress(FileNotFoundError):
            return path.read_bytes()


def test_a_new_database_needs_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "data.duckdb"
    with open_database(path, lock_timeout_s=10) as opened:
        opened.connection.execute("CREATE TABLE jobs (id INTEGER)")
    assert path.read_bytes()[8:12] == b"DUCK"


def test_a_database_behind_a_link_is_made_where_the_link_leads(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "data.duckdb").symlink_to(tmp_path / "disk" / "data.duckdb")
    with open_database(tmp_path / "data.duckdb", lock_timeout_s=10):
        pass
    assert (tmp_path / "data.duckdb").is_symlink()
    assert (tmp_path / "disk" / "data.duckdb").read_bytes()[8:12] == b"DUCK"


@over_stores
def test_threads_of_one_process_take_turns(loader: Loader, slice_of: SliceOf) -> None:
    source = loader.csv("a,b\n1,x\n")

    def load(period: str) -> None:
        loader.load(source, slice_=slice_of(period_filter=period))

    threads = [threading.Thread(target=load, args=(period,)) for period in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loader.column("a")) == 3


@pytest.mark.usefixtures("no_leftovers")
def test_the_read_copy_holds_what_was_committed(loader: Loader) -> None:
    report = loader.load("a,b\n1,x\n", read_copy=True)
    assert report.read_copy == read_copy_path(loader.database) == loader.folder / "data.read.duckdb"
    with duckdb.connect(report.read_copy, read_only=True) as connection:
        assert connection.execute("SELECT a, b FROM jobs").fetchall() == [(1, "x")]
    assert not list(loader.folder.glob("*.wal"))


def test_a_reader_of_the_copy_neither_stops_a_load_nor_is_disturbed(loader: Loader) -> None:
    copy = loader.load("a,b\n1,x\n", read_copy=True).read_copy
    assert copy
    with duckdb.connect(copy, read_only=True) as reader:
        loader.load("a,b\n2,x\n3,x\n", read_copy=True)
        assert reader.execute("SELECT a FROM jobs").fetchall() == [(1,)]
    with duckdb.connect(copy, read_only=True) as reader:
        assert reader.execute("SELECT a FROM jobs ORDER BY a").fetchall() == [(2,), (3,)]


LOAD = """
import sys
from datetime import date, datetime
from pathlib import Path
from pipefy_exports_dagster.tables import Slice, load_file
slice_ = Slice("301", sys.argv[3], date(2026, 11, 1), "e", datetime(2026, 11, 5))
def block(milestone):
    if milestone == sys.argv[4]:
        print(milestone, flush=True)
        sys.stdin.read()
load_file(Path(sys.argv[2]), database=Path(sys.argv[1]), table="jobs", slice_=slice_, on_milestone=block)
"""


def load_elsewhere(loader: Loader, source: Path, period: str, block_at: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, str(loader.database), str(source), period, block_at],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_load_at_once_all_succeed_and_the_copy_has_all(loader: Loader) -> None:
    source = loader.csv("a,b\n" + "1,x\n" * 1000)
    processes = [load_elsewhere(loader, source, f"period-{nth}") for nth in range(4)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    with duckdb.connect(read_copy_path(loader.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchall() == [(4000,)]


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize(("milestone", "rows"), [("in_transaction", [1]), ("committed", [2])])
def test_a_killed_load_leaves_a_whole_slice_and_its_scratch_is_swept(
    loader: Loader, slice_of: SliceOf, milestone: str, rows: list[int]
) -> None:
    loader.load("a,b\n1,x\n")
    with load_elsewhere(loader, loader.csv("a,b\n2,x\n"), "last_month", milestone) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{milestone}\n"
        process.kill()
    assert list((loader.folder / ".pipefy_exports_loading").iterdir())
    assert loader.column("a") == rows
    loader.load("a,b\n3,x\n", slice_=slice_of(exported_at=datetime(2026, 11, 6)))
    assert loader.column("a") == [3]


def processes() -> list[tuple[int, int, str]]:
    """Process, parent and state of all that runs."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    return [(int(pid), int(parent), state) for pid, parent, state in map(str.split, listed.splitlines())]


def test_a_reading_child_dies_with_its_parent(loader: Loader) -> None:
    source = loader.csv("a,b\n" + "1,2\n" * 3_000_000)
    with load_elsewhere(loader, source, "p") as process:
        (child,) = eventually(lambda: [pid for pid, parent, _ in processes() if parent == process.pid])
        eventually(
            lambda: resource.prlimit(child, resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY
        )  # it has begun
        os.kill(child, signal.SIGSTOP)  # it will not end by itself
        process.kill()
    eventually(lambda: not any(pid == child and state[0] != "Z" for pid, _, state in processes()))


def test_load_file_says_that_a_file_is_missing(loader: Loader) -> None:
    with pytest.raises(LoadFailedError, match="does not exist"):
        load_file(loader.folder / "none.csv", database=loader.database, table="jobs", slice_=LAST_MONTH)


def test_a_new_database_has_the_storage_version_of_the_oldest_supported_client(
    loader: Loader,
) -> None:
    loader.load_here(loader.csv("a\n1\n"))
    version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    assert loader.query(version) == [("v1.4.0+",)]


def test_a_database_that_older_clients_open_stays_one(loader: Loader) -> None:
    loader.execute("CREATE TABLE of_mine (n INTEGER)")
    before = loader.query("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")
    loader.load_here(loader.csv("a\n1\n"))
    assert loader.query("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal") == before
