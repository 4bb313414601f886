"""`pipefy-exports prune`: what is deleted is needed by nothing, and everything can still be rebuilt."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli.archive import Archive
from cli.shell import Shell, copy_of, error_of
from support.project import Project
from support.raw_places import files_of
from support.stores import Stores, over_all_stores
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.raw_files.sidecar import sidecar_path
from pipefy_exports_dagster.sandbox import SECOND_ORGANIZATION_ID, Sandbox
from pipefy_exports_dagster.tables import held_exports, held_months

LAST, CURRENT = PeriodFilter.LAST_MONTH, PeriodFilter.CURRENT_MONTH


def days(month: date, *numbers: int) -> list[date]:
    return [month.replace(day=number) for number in numbers]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, pipefy: Sandbox) -> Archive:
    """Daily exports of a month, a complete one that replaced them, and what came after; all of it in the history."""
    archive = Archive(Project.for_sandbox(tmp_path_factory.mktemp("archive") / "project", pipefy.url))
    before, last, this = archive.month(2), archive.month(1), archive.month(0)
    archive.add("oldest-complete", LAST, last, days(before, 1, 15, 28))
    archive.add("daily-1", CURRENT, last, days(last, 1, 5))
    archive.add("daily-2", CURRENT, last, days(last, 1, 5, 20))
    complete = archive.add("complete", LAST, this, days(last, 1, 5, 20, 28))
    daily = archive.add("daily-3", CURRENT, this, days(this, 1))
    archive.load(complete)
    archive.load(daily)
    archive.build_history()
    return archive


@pytest.fixture
def archive(tmp_path: Path, built: Archive, stores: Stores) -> Archive:
    return Archive(stores.take(copy_of(built.project, tmp_path / "copy")), built.now)


@pytest.fixture
def shell(archive: Archive) -> Shell:
    return Shell(archive.project)


def prune(shell: Shell, *arguments: str, older_than: int = 30) -> dict[str, Any]:
    return shell.json("prune", "--older-than", str(older_than), *arguments)


def ids(files: list[dict[str, Any]]) -> set[str]:
    return {file["export_id"] for file in files}


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {file["export_id"]: file["reason"] for file in found["kept"]}


@over_all_stores
def test_what_later_exports_replaced_is_deleted_and_everything_can_be_rebuilt(
    shell: Shell, archive: Archive, stores: Stores
) -> None:
    before, files = archive.history(), len(files_of(shell.project))
    found = prune(shell)
    assert ids(found["deleted"]) == {"daily-1", "daily-2"}
    assert reasons(found) == {
        "oldest-complete": "in_history",
        "complete": "newest",
        "daily-3": "newest",
    }
    assert found["deleted_bytes"] == sum(file["size_bytes"] for file in found["deleted"])
    for file in found["deleted"]:
        assert not Path(file["path"]).exists()
        assert not sidecar_path(Path(file["path"])).exists()
        assert file["path"].startswith(stores.raw_files or str(shell.project.data_dir))
    assert not [key for key in stores.objects() if "daily-1" in key or "daily-2" in key]
    assert len(files_of(shell.project)) == files - 2
    assert archive.history() == before
    shell.project.lose_tables()
    assert shell.json("rebuild-history")["histories"]
    assert archive.history() == before
    assert not prune(shell)["deleted"]


def test_a_file_that_the_history_has_not_taken_stays(shell: Shell, archive: Archive) -> None:
    with duckdb.connect(shell.project.database) as connection:
        connection.execute(f"DROP TABLE {archive.source.history}")
    found = prune(shell)
    assert not found["deleted"]
    assert reasons(found)["daily-1"] == reasons(found)["oldest-complete"] == "not_in_history"
    [why] = [file["why"] for file in found["kept"] if file["export_id"] == "daily-1"]
    assert why == f"automation_jobs_history has not taken {archive.month(1):%Y-%m} yet: materialize it first"


def test_what_the_history_has_absorbed_goes_only_if_rebuilding_is_given_up(
    shell: Shell, archive: Archive
) -> None:
    before = archive.history()
    found = prune(shell, "--give-up-rebuilding")
    assert ids(found["deleted"]) == {"oldest-complete", "daily-1", "daily-2"}
    assert archive.history() == before
    archive.build_history()
    assert archive.history() == before, "a month that no file holds any more stays in the table"


def test_a_file_that_rows_of_the_table_come_from_stays(shell: Shell, archive: Archive) -> None:
    this = archive.month(0)
    # Newer, and never loaded: an error page, or a run that was killed.
    archive.add("newest", CURRENT, this, days(this, 2), content="<html></html>")
    found = prune(shell, "--give-up-rebuilding")
    assert reasons(found) == {"complete": "newest", "daily-3": "in_table", "newest": "newest"}


def test_a_file_whose_months_are_not_clear_stays(shell: Shell, archive: Archive) -> None:
    archive.add("page", CURRENT, archive.month(1), days(archive.month(1), 2), content="<html></html>")
    archive.add("empty", LAST, archive.month(2), days(archive.month(2), 3), content="Job,Started at\n")
    changed = archive.add("changed", CURRENT, archive.month(1), days(archive.month(1), 3))
    changed.path.write_text("Job,Started at\nx,2020-01-01\n")
    kept = reasons(prune(shell, "--give-up-rebuilding"))
    assert kept["page"] == kept["changed"] == "unclear"
    assert "empty" in kept


def test_only_old_files_go(shell: Shell, archive: Archive) -> None:
    archive.add(
        "daily-young", CURRENT, archive.month(1), days(archive.month(1), 6), archived=timedelta(days=29)
    )
    found = prune(shell)
    assert ids(found["deleted"]) == {"daily-1", "daily-2"}
    assert reasons(found)["daily-young"] == "young"
    assert ids(prune(shell, older_than=28)["deleted"]) == {"daily-young"}


def test_a_dry_run_says_the_same_and_deletes_nothing(shell: Shell) -> None:
    files = shell.project.raw_files()
    planned = prune(shell, "--dry-run")
    assert planned["dry_run"]
    assert shell.project.raw_files() == files
    shown = shell.run("prune", "--older-than", "30", "--dry-run").stdout
    assert "would delete 2 of 5 raw files" in shown
    assert "oldest-complete" in shown, "what is old and stays is listed with its reason"
    assert planned["deleted"] == prune(shell)["deleted"]


def test_a_dry_run_changes_nothing_and_reads_beside_other_readers(shell: Shell) -> None:
    database = shell.project.database
    with duckdb.connect(database) as connection:
        connection.execute("CHECKPOINT")
    before = database.read_bytes()
    script = (
        f"import duckdb, sys; held = duckdb.connect({str(database)!r}, read_only=True)\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        assert ids(prune(shell, "--dry-run")["deleted"]) == {"daily-1", "daily-2"}
    finally:
        reader.communicate("", timeout=PATIENCE_S)
    assert database.read_bytes() == before
    assert not database.with_name(f"{database.name}.wal").exists()


def test_a_schema_that_is_not_there_is_not_made(tmp_path: Path, archive: Archive) -> None:
    database = archive.project.database
    with duckdb.connect(database) as connection:
        connection.execute("CHECKPOINT")
    for held in (
        held_exports(database, "automation_jobs_export", "301", schema="acme"),
        held_months(database, "automation_jobs_history", "301", schema="acme"),
    ):
        assert not held
    with duckdb.connect(database, read_only=True) as connection:
        assert (
            connection.execute("SELECT 1 FROM duckdb_schemas() WHERE schema_name = 'acme'").fetchall() == []
        )
    nowhere = tmp_path / "new" / "none.duckdb"
    assert not held_exports(nowhere, "automation_jobs_export", "301", schema="acme")
    assert not nowhere.parent.exists()


def test_the_age_is_a_setting(shell: Shell) -> None:
    result = shell.run("prune")
    assert result.exit_code == 2
    assert (
        "give --older-than, or set `raw_retention_days` (PIPEFY_EXPORTS_RAW_RETENTION_DAYS)" in result.stderr
    )
    assert not shell.json("prune", PIPEFY_EXPORTS_RAW_RETENTION_DAYS="365")["deleted"]
    assert len(shell.json("prune", PIPEFY_EXPORTS_RAW_RETENTION_DAYS="90")["deleted"]) == 2
    assert shell.run("prune", "--older-than", "0").exit_code == 2


def test_each_organization_is_judged_by_its_own_history(shell: Shell, archive: Archive) -> None:
    last, this = archive.month(1), archive.month(0)
    add = partial(archive.add, organization_id=SECOND_ORGANIZATION_ID)
    add("other-daily", CURRENT, last, days(last, 4))
    add("other-daily-2", CURRENT, this, days(this, 1))
    assert reasons(prune(shell))["other-daily"] == "not_in_history"
    add("other-complete", LAST, this, days(last, 4, 28))
    archive.build_history(SECOND_ORGANIZATION_ID)
    assert ids(prune(shell)["deleted"]) == {"other-daily"}


def test_other_files_in_the_archive_are_left_alone(shell: Shell) -> None:
    folder = shell.project.raw_files()[0].parent
    (folder / "without-sidecar.csv").write_text("a\n1\n")
    foreign = folder.parent.parent / "another_export" / "last_month"
    foreign.mkdir(parents=True)
    (foreign / "x.csv").write_text("a\n1\n")
    prune(shell)
    assert (folder / "without-sidecar.csv").exists()
    assert (foreign / "x.csv").exists()


def test_what_a_killed_process_left_is_listed_after_a_day_and_stays(shell: Shell) -> None:
    folder = shell.project.raw_files()[0].parent
    old, under_way = folder / "e1.run.part", folder / "e2.run.part"
    for part, age in ((old, timedelta(days=2)), (under_way, timedelta())):
        part.write_bytes(b"half")
        at = (datetime.now(UTC) - age).timestamp()
        os.utime(part, (at, at))
    [left] = prune(shell)["leftovers"]
    assert left["path"] == str(old)
    assert left["size_bytes"] == 4
    shown = shell.run("prune", "--older-than", "30").stdout
    assert "left by a process that was killed" in shown
    assert str(old) in shown
    assert str(under_way) not in shown
    assert old.exists()


def test_without_an_archive_there_is_nothing_to_do(shell: Shell, archive: Archive) -> None:
    shutil.rmtree(archive.project.data_dir / "raw")
    archive.project.database.unlink()
    assert prune(shell) == {
        "dry_run": False,
        "older_than_days": 30,
        "deleted": [],
        "deleted_bytes": 0,
        "kept": [],
        "leftovers": [],
    }
    assert not shell.project.database.exists()
    assert "deleted 0 of 0 raw files" in shell.run("prune", "--older-than", "1").stdout


@pytest.mark.usefixtures("cold_reader")
def test_a_file_that_is_past_a_limit_of_reading_is_kept(shell: Shell) -> None:
    files = shell.project.raw_files()
    shell.project.environment |= {"PIPEFY_EXPORTS_MAX_MEMORY_BYTES": "20MB"}
    found = prune(shell)
    assert found["deleted"] == []
    said = {file["export_id"]: file["why"] for file in found["kept"]}
    assert "raise `reading.max_memory_bytes`" in said["daily-1"]
    assert shell.project.raw_files() == files


def test_a_database_that_cannot_be_asked_keeps_all_files(shell: Shell) -> None:
    files = shell.project.raw_files()
    shell.project.database.write_text("hello")
    assert "Error" in error_of(shell.run("prune", "--older-than", "30"))
    assert shell.project.raw_files() == files
