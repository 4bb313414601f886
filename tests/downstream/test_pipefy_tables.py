"""`PipefyTables`: what assets that stand after ours read the tables with."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import dagster as dg
import duckdb
import pytest
from downstream.scene import Tables
from support.project import JOBS, JOBS_HISTORY

from pipefy_exports_dagster import ConfigurationError, PipefyTables
from pipefy_exports_dagster.errors import DatabaseLockedError, StorageError


def test_a_slice_has_the_rows_of_one_organization_in_one_partition(read_only_tables: Tables) -> None:
    expected = read_only_tables.count(JOBS, "_period_filter = 'last_month'")
    rows = read_only_tables.resource.slice(JOBS, "last_month")
    assert rows.count("*").fetchone() == (expected,)
    frame = rows.df()
    assert len(frame) == len(rows.pl()) == rows.arrow().read_all().num_rows == expected > 0
    assert set(frame["_period_filter"]) == {"last_month"}
    assert set(frame["_organization_id"]) == {read_only_tables.project.environment["PIPEFY_ORG_ID"]}


@pytest.mark.parametrize("as_date", [False, True])
def test_a_month_has_the_rows_of_one_organization_in_one_month(
    read_only_tables: Tables, *, as_date: bool
) -> None:
    month = read_only_tables.month
    rows = read_only_tables.resource.month(
        JOBS_HISTORY, date.fromisoformat(f"{month}-17") if as_date else month
    )
    expected = read_only_tables.count(JOBS_HISTORY, f"_month = '{month}-01'")
    assert rows.count("*").fetchone() == (expected,)
    assert expected > 0


@pytest.mark.parametrize("key", [JOBS, [JOBS], dg.AssetKey(JOBS)])
def test_an_asset_is_named_as_in_dagster(read_only_tables: Tables, key: str | Sequence[str]) -> None:
    assert read_only_tables.resource.slice(key, "current_month").limit(1).fetchone()


def test_a_connection_reads_and_changes_nothing(read_only_tables: Tables) -> None:
    with read_only_tables.resource.connection() as connection:
        named = connection.sql(f"SELECT count(*) FROM pipefy_exports.main.{JOBS}").fetchone()
        assert named == connection.sql(f"SELECT count(*) FROM {JOBS}").fetchone()
        for statement in (f"DELETE FROM {JOBS}", "CREATE TABLE mine (x INTEGER)", f"DROP TABLE {JOBS}"):
            with pytest.raises(duckdb.InvalidInputException, match="read-only"):
                connection.execute(statement)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda tables: tables.slice(JOBS, "last_moth"), "there are 'last_month', 'current_month'"),
        (
            lambda tables: tables.slice("purchases", "last_month"),
            r"no table main\.purchases: materialize the asset",
        ),
        (lambda tables: tables.slice(JOBS_HISTORY, "last_month"), "partitions are months: use `month`"),
        (lambda tables: tables.month(JOBS, "2026-10"), "has no months: use `slice`"),
        (lambda tables: tables.month(JOBS_HISTORY, "October"), "no month 'October'; write it as '2026-10'"),
        (lambda tables: tables.month(JOBS_HISTORY, "2026-10 to 2026-12"), "no month '2026-10 to 2026-12'"),
        (
            lambda tables: tables.model_copy(update={"organization_id": None}).slice(JOBS, "last_month"),
            "no organization: set .*PIPEFY_ORG_ID",
        ),
    ],
    ids=["partition", "table", "history", "export", "month", "months", "organization"],
)
def test_what_cannot_be_given_is_said(read_only_tables: Tables, ask: object, says: str) -> None:
    assert callable(ask)
    with pytest.raises(ConfigurationError, match=says):
        ask(read_only_tables.resource)


def test_no_rows_are_a_warning(read_only_tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    assert read_only_tables.resource.slice(JOBS, "last_3_months").fetchall() == []
    assert f"{JOBS} has no rows of organization" in caplog.text


def test_before_the_first_load_it_says_what_to_do() -> None:
    nothing = PipefyTables(database="/nowhere/pipefy_exports.duckdb", organization_id="1")
    with pytest.raises(StorageError, match=r"no database at /nowhere/.*materialize a partition first"):
        nothing.connection()


def test_a_reader_keeps_no_load_waiting_and_a_new_one_sees_the_load(tables: Tables) -> None:
    before = tables.resource.slice(JOBS, "last_month")
    [old] = before.aggregate("min(_export_id)").fetchone() or ()
    config = replace(tables.project.config, database_lock_timeout_s=0)
    assert tables.project.materialize(JOBS, partition="last_month", config=config).success
    [new] = tables.resource.slice(JOBS, "last_month").aggregate("min(_export_id)").fetchone() or ()
    assert before.aggregate("min(_export_id)").fetchone() == (old,)
    assert new != old
    assert tables.project.query(f"SELECT 1 FROM {JOBS} WHERE _export_id = '{new}' LIMIT 1")


def test_without_a_read_copy_it_reads_the_database(tables: Tables) -> None:
    tables.change(f"DELETE FROM {JOBS} WHERE _period_filter = 'current_month'", publish=False)
    database = PipefyTables.of(replace(tables.project.config, read_copy=False))
    assert database.slice(JOBS, "current_month").fetchall() == []
    with database.connection() as connection, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute(f"DELETE FROM {JOBS}")
    assert tables.project.materialize(JOBS, partition="current_month").success, "nothing holds the database"


def test_a_copy_that_was_not_updated_is_not_read(tables: Tables) -> None:
    tables.change(f"DELETE FROM {JOBS} WHERE _period_filter = 'current_month'", publish=False)
    assert tables.resource.slice(JOBS, "current_month").fetchall() == []


COMMIT_AND_DIE = """
import duckdb, os, sys
held = duckdb.connect(sys.argv[1])
held.execute("DELETE FROM automation_jobs_export WHERE _period_filter = 'current_month'")
os._exit(9)
"""


def test_what_a_killed_process_had_committed_is_read(tables: Tables) -> None:
    """It is in the write-ahead log alone: the database's own file is as it was."""
    subprocess.run([sys.executable, "-c", COMMIT_AND_DIE, str(tables.project.database)], check=False)
    assert tables.project.database.with_name("pipefy_exports.duckdb.wal").stat().st_size
    assert tables.resource.slice(JOBS, "current_month").fetchall() == []


@pytest.mark.parametrize("name", ["temp", "system", "Copy of tables"])
def test_a_database_of_any_name_is_read(tables: Tables, name: str) -> None:
    database = tables.project.database.rename(tables.project.data_dir / f"{name}.duckdb")
    tables.project.data_dir.joinpath("pipefy_exports.read.duckdb").rename(
        database.with_name(f"{name}.read.duckdb")
    )
    resource = tables.resource.model_copy(update={"database": str(database)})
    assert resource.slice(JOBS, "last_month").limit(1).fetchone()


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


def test_a_copy_that_somebody_writes_to_is_named_with_its_holder(tables: Tables) -> None:
    copy = tables.project.database.with_suffix(".read.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        os.utime(copy)
        impatient = tables.resource.model_copy(update={"lock_timeout_s": 0})
        with pytest.raises(DatabaseLockedError, match=rf"{copy.name} was locked by process {holder.pid}"):
            impatient.connection()
        holder.communicate()
