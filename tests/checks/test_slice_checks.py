"""What the checks say after a load, and after someone changed the table or the file."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from checks.scene import LOAD_CHECKS, SLICE_CHECKS, TABLE_CHECKS, Scene
from support.project import JOBS, REPORT
from support.raw_places import files_of, move, overwrite, store_of
from support.stores import over_all_stores

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.orchestration.checks.finding import Check


@over_all_stores
def test_a_load_is_followed_by_its_checks_in_one_step_and_all_pass(scene: Scene) -> None:
    outcome = scene.materialize(JOBS, REPORT)
    assert outcome.success, outcome.failure
    for asset in (JOBS, REPORT):
        assert outcome.messages.count(f'Started execution of step "{asset}_checks".') == 1
        for check in SLICE_CHECKS:
            assert scene.result(check, asset=asset).passed, scene.result(check, asset=asset).text
        assert scene.result(Check.LAST_MONTH_IS_HERE, None, asset).passed
    [(rows,)] = scene.project.query(f"SELECT count(*) FROM {JOBS}")
    assert scene.result(Check.ROWS_MATCH_FILE).metadata["pipefy/rows_in_file"] == rows
    assert scene.result(Check.ROWS_IN_WINDOW).table("pipefy/rows_by_month") == [("2026-10", rows, "yes")]


@over_all_stores
def test_the_result_of_one_partition_does_not_speak_for_another(scene: Scene) -> None:
    assert scene.materialize().success
    scene.change_table(f"DELETE FROM {JOBS} WHERE _file_row = 1")
    assert scene.execute_checks()
    assert scene.materialize(partition="current_month").success
    assert scene.result(Check.ROWS_MATCH_FILE, "current_month").passed
    of_last_month = scene.result(Check.ROWS_MATCH_FILE, "last_month")
    assert not of_last_month.passed
    assert of_last_month.text.startswith("last_month: ")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DELETE FROM {0} WHERE _file_row = 1", "the table was changed since"),
        ("DELETE FROM {0}", "and the slice 0: the table was changed since"),
        ("INSERT INTO {0} SELECT * FROM {0} WHERE _file_row = 2", "the table was changed since"),
        ("UPDATE {0} SET _file_row = 2 WHERE _file_row = 1", "not each row once"),
        ("UPDATE {0} SET _export_id = 'other' WHERE _file_row = 1", "also holds rows of export `other`"),
        ("DROP TABLE {0}", "there is no table"),
    ],
)
def test_a_table_that_was_changed_since_its_load_is_found(loaded: Scene, sql: str, says: str) -> None:
    loaded.change_table(sql.format(JOBS))
    assert loaded.execute_checks()
    result = loaded.result(Check.ROWS_MATCH_FILE)
    assert not result.passed
    assert not result.is_warning
    assert says in result.text
    assert "Materialize the partition again" in result.text


def test_a_raw_file_that_was_changed_is_found_and_one_that_is_gone_is_said(
    loaded: Scene, raw_files_at: str | None
) -> None:
    move(loaded.project, raw_files_at)
    assert loaded.execute_checks(raw_files=raw_files_at)
    assert loaded.result(Check.ROWS_MATCH_FILE).passed
    [raw] = [file for file in files_of(loaded.project) if file.sidecar.period_filter == "last_month"]
    overwrite(raw, b"x" * raw.sidecar.size_bytes)
    assert loaded.execute_checks(raw_files=raw_files_at)
    result = loaded.result(Check.ROWS_MATCH_FILE)
    assert not result.passed
    assert "its sha256 differs" in result.text
    store_of(loaded.project).delete(raw)
    assert loaded.execute_checks(raw_files=raw_files_at)
    result = loaded.result(Check.ROWS_MATCH_FILE)
    assert result.passed
    assert "not at hand any more" in result.text


def test_rows_of_a_load_that_dagster_does_not_know_of_yet_are_no_error(loaded: Scene) -> None:
    slept_s = loaded.clock.slept_s
    loaded.change_table(f"UPDATE {JOBS} SET _export_id = 'newer'")
    assert loaded.execute_checks()
    result = loaded.result(Check.ROWS_MATCH_FILE)
    assert result.is_warning
    assert "the table holds export `newer`, of which Dagster has no materialization yet" in result.text
    assert loaded.clock.slept_s - slept_s > 5, "its event may come any moment"


def test_an_empty_slice_is_a_warning_that_says_whether_the_others_are_empty_too(loaded: Scene) -> None:
    loaded.change_table(f"DELETE FROM {JOBS} WHERE _period_filter = 'last_month'")
    assert loaded.execute_checks()
    result = loaded.result(Check.HAS_ROWS)
    assert result.is_warning
    assert not result.passed
    assert "the other slices have" in result.text
    assert loaded.result(Check.ROWS_IN_WINDOW).passed, "no row lies outside"


def test_changed_columns_are_listed_once(scene: Scene) -> None:
    def load(*columns: str) -> None:
        assert scene.materialize(REPORT, run_config={"columns": list(columns)}).success

    load("id", "title", "created_at")
    assert scene.result(Check.COLUMNS_UNCHANGED, asset=REPORT).passed
    load("id", "finished_at", "created_at")
    result = scene.result(Check.COLUMNS_UNCHANGED, asset=REPORT)
    assert result.is_warning
    assert not result.passed
    assert "1 added, 1 gone" in result.text
    changed = [row[:2] for row in result.table("pipefy/changed_columns")]
    assert sorted(change for _, change in changed) == ["added", "not in the file any more; its rows are NULL"]
    load("id", "finished_at", "created_at")
    assert scene.result(Check.COLUMNS_UNCHANGED, asset=REPORT).passed


def test_keys_that_several_rows_share_are_counted_and_shown(start_scene: Callable[..., Scene]) -> None:
    scene = start_scene(jobs={"key": ("status",)})
    assert scene.materialize().success
    result = scene.result(Check.KEYS_UNIQUE)
    repeated = scene.project.query(
        f"SELECT status, count(*) FROM {JOBS} GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1"
    )
    assert not result.passed
    assert not result.is_warning
    assert result.metadata["pipefy/repeated_keys"] == len(repeated)
    assert result.metadata["pipefy/rows_with_them"] == sum(count for _, count in repeated)
    assert result.table("pipefy/examples") == repeated[:5]


@pytest.mark.parametrize("hidden_by", ["the configuration", "the export's own reading"])
def test_repeated_keys_are_counted_and_not_shown_where_values_are_hidden(
    start_scene: Callable[..., Scene], hidden_by: str
) -> None:
    own = {"reading": ReadOptions(show_values=False)} if hidden_by != "the configuration" else {}
    scene = start_scene(jobs={"key": ("status",), **own})
    changes: dict[str, Any] = {} if own else {"show_values": False}
    assert scene.materialize(**changes).success
    repeated = scene.project.query(f"SELECT status FROM {JOBS} GROUP BY 1 HAVING count(*) > 1")
    hidden = scene.result(Check.KEYS_UNIQUE)
    assert not hidden.passed
    assert hidden.metadata["pipefy/repeated_keys"] == len(repeated)
    assert "pipefy/examples" not in hidden.metadata
    assert not any(status in str(hidden) for (status,) in repeated)


def test_a_key_is_found_by_header_or_name_and_one_that_is_not_there_is_named(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(jobs={"key": ("Job ID",)})
    assert scene.materialize().success
    assert scene.result(Check.KEYS_UNIQUE).passed
    assert scene.execute_checks(automation_jobs=AutomationJobs(key=("job_id",)))
    assert scene.result(Check.KEYS_UNIQUE).passed
    assert scene.execute_checks(automation_jobs=AutomationJobs(key=("job_id", "Nummer")))
    result = scene.result(Check.KEYS_UNIQUE)
    assert not result.passed
    assert "`key` names `Nummer`, and the table has no such column. It has `job_id`" in result.text


def test_without_a_key_there_is_no_check_of_keys(scene: Scene) -> None:
    assert scene.materialize().success
    assert not scene.records(Check.KEYS_UNIQUE)


@contextmanager
def held_by_another_process(database: Path, *, read_only: bool = False) -> Iterator[int]:
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True'); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database), str(read_only)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.stdin.close()


def test_a_locked_or_missing_database_gives_one_warning_and_the_run_succeeds(loaded: Scene) -> None:
    with held_by_another_process(loaded.project.database) as pid:
        assert loaded.execute_checks(database_lock_timeout_s=0.3)
    for check in TABLE_CHECKS:
        result = loaded.result(check)
        assert result.is_warning
        assert not result.passed
        assert f"not checked. {loaded.project.database} was locked by process {pid}" in result.text
        assert "execute the checks again" in result.text
    for check in LOAD_CHECKS:
        assert loaded.result(check).passed, "it needs no database"

    loaded.project.database.unlink()
    assert loaded.execute_checks()
    assert (
        f"not checked. there is no database at {loaded.project.database}"
        in loaded.result(Check.HAS_ROWS).text
    )
    assert not loaded.project.database.exists(), "a check makes none"


def test_a_reader_in_another_process_keeps_no_check_waiting(loaded: Scene) -> None:
    with held_by_another_process(loaded.project.database, read_only=True):
        assert loaded.execute_checks(database_lock_timeout_s=0.3)
    assert loaded.result(Check.HAS_ROWS).passed


def test_executed_by_hand_they_look_at_every_partition_that_was_loaded(loaded: Scene) -> None:
    assert loaded.execute_checks()
    for check in SLICE_CHECKS:
        newest = loaded.results(check)[:2]
        assert sorted(str(result.partition) for result in newest) == ["current_month", "last_month"]
        assert all(result.passed for result in newest)
    assert loaded.results(Check.LAST_MONTH_IS_HERE)[0].passed


def test_checks_can_be_switched_off(scene: Scene) -> None:
    outcome = scene.materialize(checks=False)
    assert outcome.success
    assert not any(f"{JOBS}_checks" in message for message in outcome.messages)
    assert not scene.records(Check.ROWS_MATCH_FILE)
