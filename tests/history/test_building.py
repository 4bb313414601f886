"""Months from real raw files, by real runs of Dagster, into a real DuckDB."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from history.installation import HISTORY, REPORT_HISTORY, Installation
from support.project import JOBS, REPORT
from support.stores import over_all_stores

from pipefy_exports_dagster.raw_files.sidecar import read_sidecar, sidecar_path, write_sidecar
from pipefy_exports_dagster.sandbox import well_known


def raw(installation: Installation, period: str, asset: str = JOBS) -> Path:
    """The newest file of a partition."""
    files = [path for path in installation.project.raw_files() if path.parts[-3:-1] == (asset, period)]
    return max(files, key=lambda path: json.loads(sidecar_path(path).read_text())["exported_at"])


@over_all_stores
def test_a_new_installation_is_filled_from_one_export_and_says_where_it_stopped(
    installation: Installation,
) -> None:
    assert installation.export(JOBS, "last_3_months").success
    run = installation.build("2026-06", "2026-10")
    assert run.success, run.failure
    [said] = [message for message in run.messages if "no export covers" in message]
    assert "no export covers 2026-06, 2026-07 of automation_jobs_history" in said
    assert "the history holds 2026-08 to 2026-10, from 1 file;" in said
    assert said.endswith(
        "Pipefy does not reach back to them; a file from an e-mail can be loaded with `pipefy-exports load`"
    )
    assert installation.months() == {
        "2026-08": ("last_3_months", False, installation.metadata("2026-08")["dagster/row_count"]),
        "2026-09": ("last_3_months", True, installation.metadata("2026-09")["dagster/row_count"]),
        "2026-10": ("last_3_months", True, installation.metadata("2026-10")["dagster/row_count"]),
    }
    assert installation.materialized() == {"2026-08", "2026-09", "2026-10"}, "gaps are gaps"


def test_a_month_is_replaced_under_a_unique_index_of_a_persons_own(installation: Installation) -> None:
    assert installation.export(JOBS, "last_3_months").success
    assert installation.build("2026-10").success
    with duckdb.connect(installation.project.database) as connection:
        connection.execute(f"CREATE UNIQUE INDEX by_job ON {HISTORY}(job_id)")
    assert installation.export(JOBS, "last_month").success
    run = installation.build("2026-09", "2026-10")
    assert run.success, run.failure
    assert set(installation.months()) == {"2026-09", "2026-10"}
    assert installation.months()["2026-10"][0] == "last_month"
    assert installation.project.query("SELECT index_name, is_unique FROM duckdb_indexes()") == [
        ("by_job", True)
    ]


@pytest.mark.parametrize(
    ("window", "includes_current", "complete"),
    [
        ("complete", False, {"2026-08": True, "2026-09": True, "2026-10": True}),
        ("including_current", True, {"2026-09": True, "2026-10": True, "2026-11": False}),
        ("unknown", True, {"2026-09": False, "2026-10": True, "2026-11": False}),
    ],
)
def test_a_window_that_is_configured_is_believed(
    install: Callable[..., Installation], window: str, includes_current: bool, complete: dict[str, bool]
) -> None:
    installation = install(
        {"last_3_months_includes_current": includes_current}, jobs={"last_3_months_window": window}
    )
    assert installation.export(JOBS, "last_3_months").success
    installation.build("2026-07", "2026-11")
    assert {month: state[1] for month, state in installation.months().items()} == complete


def test_a_month_of_a_file_that_was_not_loaded_whole_says_so(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    file = raw(installation, "last_month")
    workbook = openpyxl.load_workbook(file)
    workbook.create_sheet("Notas").append(["of another kind"])
    workbook.save(file)
    _relabel(file)
    run = installation.build("2026-10")
    assert run.success, run.failure
    [said] = {message for message in run.messages if "not loaded" in message}
    assert said.startswith(f"{file.name}: 1 visible sheet with rows was not loaded: `Notas` (1 row)")
    metadata = installation.metadata("2026-10")
    assert metadata["pipefy/rows_left_out"] == 1
    assert metadata["pipefy/left_out"] in said
    assert metadata["pipefy/sheets_skipped"] == "Notas (1 row)"


def test_a_provisional_month_never_replaces_a_complete_one(installation: Installation) -> None:
    assert installation.export(JOBS, "current_month").success
    assert installation.build("2026-11").success
    assert installation.months()["2026-11"][:2] == ("current_month", False)
    installation.set_clock(datetime(2026, 12, 1, 15, tzinfo=UTC))
    assert installation.export(JOBS, "last_month").success
    assert installation.build("2026-11").success
    complete = installation.months()["2026-11"]
    assert complete[:2] == ("last_month", True)
    raw(installation, "last_month").unlink()
    run = installation.build("2026-11")
    assert run.success, run.failure
    assert installation.months()["2026-11"] == complete
    assert installation.metadata("2026-11")["pipefy/action"] == "kept"


def test_a_slice_that_was_replaced_before_the_history_saw_it_is_not_lost(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    installation.set_clock(datetime(2026, 12, 1, 15, tzinfo=UTC))
    assert installation.export(JOBS, "last_month").success
    assert installation.build("2026-10", "2026-11").success
    assert {month: state[1] for month, state in installation.months().items()} == {
        "2026-10": True,
        "2026-11": True,
    }


def test_a_file_that_cannot_be_used_is_passed_over_with_a_warning(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    older = raw(installation, "last_month").stem
    for damage in (b"", b"<html>gone</html>"):
        installation.set_clock(installation.sandbox.clock.now() + timedelta(hours=1))
        assert installation.export(JOBS, "last_month").success
        raw(installation, "last_month").write_bytes(damage)
    run = installation.build("2026-10")
    assert run.success, run.failure
    assert installation.metadata("2026-10")["pipefy/export_id"] == older
    assert sum("is passed over" in message for message in run.messages) == 2


def test_an_export_that_no_reader_knows_is_passed_over_although_it_is_whole(
    installation: Installation,
) -> None:
    assert installation.export(JOBS, "last_month").success
    older = raw(installation, "last_month")
    newer = _copy(installation, older, export_id="newer", content=b"\x00\x01 no table at all \x02")
    run = installation.build("2026-10")
    assert run.success, run.failure
    assert installation.metadata("2026-10")["pipefy/export_id"] == older.stem
    assert any(newer.name in message and "passed over" in message for message in run.messages)


def test_the_same_content_under_another_id_is_taken_from_the_newer(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    older = raw(installation, "last_month")
    _copy(installation, older, export_id="newer", content=older.read_bytes())
    assert installation.build("2026-10").success
    assert installation.metadata("2026-10")["pipefy/export_id"] == "newer"
    assert set(installation.months()) == {"2026-10"}


def test_another_organization_keeps_its_months_and_its_files(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    file = raw(installation, "last_month")
    _copy(installation, file, export_id="strange", content=file.read_bytes(), organization_id="999")
    assert installation.build("2026-10").success
    assert installation.metadata("2026-10")["pipefy/export_id"] == file.stem
    with duckdb.connect(installation.project.database) as connection:
        connection.execute(
            f"INSERT INTO {HISTORY} BY NAME SELECT '999' AS _organization_id, DATE '2026-10-01' AS _month"
        )
    assert installation.build("2026-10").success
    counted = installation.project.query(
        f"SELECT _organization_id, count(*) FROM {HISTORY} GROUP BY ALL ORDER BY ALL"
    )
    assert counted == [
        (well_known.ORGANIZATION_ID, installation.metadata("2026-10")["dagster/row_count"]),
        ("999", 1),
    ]


def test_an_export_asked_for_while_the_month_turned_does_not_empty_a_month(
    installation: Installation,
) -> None:
    assert installation.export(JOBS, "last_month").success
    assert installation.build("2026-10").success
    held = installation.months()
    file = raw(installation, "last_month")
    # Labelled as of November, but Pipefy was in December already: its rows are November's.
    installation.set_clock(datetime(2026, 12, 1, 15, tzinfo=UTC))
    assert installation.export(JOBS, "last_month").success
    newest = raw(installation, "last_month")
    _relabel(newest, requested_month=date(2026, 11, 1))
    run = installation.build("2026-10")
    assert run.success, run.failure
    assert installation.months() == held
    assert installation.metadata("2026-10")["pipefy/export_id"] == file.stem
    assert any("none of its rows lies in 2026-10" in message for message in run.messages)


def test_the_metadata_says_which_column_decides_and_how(install: Callable[..., Installation]) -> None:
    found, configured = install(), install(jobs={"time_column": "Finished at"})
    for installation in (found, configured):
        assert installation.export(JOBS, "last_month").success
        assert installation.build("2026-10").success
    metadata = found.metadata("2026-10")
    assert metadata["pipefy/time_column"] == "started_at"
    assert "by its name" in metadata["pipefy/time_column_chosen"]
    assert configured.metadata("2026-10")["pipefy/time_column"] == "finished_at"
    assert configured.metadata("2026-10")["pipefy/time_column_chosen"] == "configured"


def test_a_month_shows_its_rows_per_day_its_profile_and_its_plotted_numbers(
    installation: Installation,
) -> None:
    assert installation.export(JOBS, "last_3_months").success
    assert installation.build("2026-09").success
    metadata, of_month = installation.metadata("2026-09"), "_month = DATE '2026-09-01'"
    query = installation.project.query
    [(rows, first_id, last_id)] = query(
        f"SELECT count(*), min(job_id), max(job_id) FROM {HISTORY} WHERE {of_month}"
    )
    [(day, most)] = query(
        f"SELECT CAST(started_at AS DATE), count(*) AS jobs FROM {HISTORY} WHERE {of_month} "
        "GROUP BY 1 ORDER BY jobs DESC, 1 LIMIT 1"
    )
    picture = metadata["pipefy/rows_per_day"]
    assert picture.endswith(f"{rows:,} rows by `started_at`, most on {day}: {most}")
    assert "%3E2026-09-01%3C" in picture
    assert "%3E2026-09-30%3C" in picture
    assert dict(metadata["pipefy/profile"].records[0].data) == {
        "column": "job_id",
        "type": "BIGINT",
        "filled": rows,
        "distinct": rows,
        "smallest": str(first_id),
        "largest": str(last_id),
    }
    assert metadata["pipefy/loading_s"] > 0
    assert metadata["pipefy/file_size_bytes"] == raw(installation, "last_3_months").stat().st_size


def test_a_column_that_is_not_there_fails_with_the_candidates(install: Callable[..., Installation]) -> None:
    installation = install(jobs={"time_column": "when"})
    assert installation.export(JOBS, "last_month").success
    run = installation.build("2026-10")
    assert "named 'when'. Candidates: 'started_at' (TIMESTAMP" in run.failure
    assert installation.materialized() == set()


@over_all_stores
def test_the_report_keeps_each_month_as_the_newest_export_has_it(installation: Installation) -> None:
    assert installation.export(REPORT, "last_month").success
    assert installation.build("2026-10", asset=REPORT_HISTORY).success
    first = installation.metadata("2026-10", REPORT_HISTORY)["pipefy/export_id"]
    installation.set_clock(datetime(2026, 12, 20, 12, tzinfo=UTC))
    assert installation.export(REPORT, "last_3_months").success
    run = installation.build("2026-09", "2026-11", asset=REPORT_HISTORY)
    assert run.success, run.failure
    months = installation.months(REPORT_HISTORY)
    assert list(months) == ["2026-09", "2026-10", "2026-11"]
    assert {state[:2] for state in months.values()} == {("last_3_months", True)}
    assert installation.metadata("2026-10", REPORT_HISTORY)["pipefy/export_id"] != first


def test_a_report_of_some_cards_only_does_not_pass_for_its_month(
    install: Callable[..., Installation],
) -> None:
    installation = install()
    assert installation.export(REPORT, "last_month").success
    whole = raw(installation, "last_month", REPORT).stem
    narrow = {"operator": "and", "queries": [{"field": "title", "operator": "exists", "type": "string"}]}
    for arguments in ({"pipe_ids": [301_000_000]}, {"filter": narrow}):
        installation.set_clock(installation.sandbox.clock.now() + timedelta(hours=1))
        run = installation.export_with(REPORT, "last_month", arguments)
        assert run.success, run.failure
    run = installation.build("2026-10", asset=REPORT_HISTORY)
    assert run.success, run.failure
    assert installation.metadata("2026-10", REPORT_HISTORY)["pipefy/export_id"] == whole
    assert sum("exported with another" in message for message in run.messages) == 2


def test_zoned_times_belong_to_the_month_of_the_organization(install: Callable[..., Installation]) -> None:
    installation = install({"file_format": "csv"}, jobs={"time_column": "at"}, timezone="America/Sao_Paulo")
    assert installation.export(JOBS, "last_month").success
    file = raw(installation, "last_month")
    rows = ["id,at", "1,2026-10-01T02:59:59Z", "2,2026-10-01T03:00:00Z", "3,2026-11-01T02:59:59Z", "4,"]
    _copy(installation, file, export_id="newer", content="\n".join(rows).encode())
    run = installation.build("2026-10")
    assert run.success, run.failure
    assert installation.project.query(f"SELECT id, _file_row FROM {HISTORY} ORDER BY id") == [(2, 2), (3, 3)]
    metadata = installation.metadata("2026-10")
    assert metadata["pipefy/rows_of_the_file_by_month"] == "2026-09: 1, 2026-10: 2"
    assert metadata["pipefy/rows_without_a_month"] == 1
    assert any("1 rows whose 'at' is blank" in message for message in run.messages)
    assert any("rows outside the time that it covers: 1 of 2026-09" in message for message in run.messages)


def test_a_month_without_rows_is_known_to_have_none(install: Callable[..., Installation]) -> None:
    installation = install({"file_format": "csv"})
    assert installation.export(JOBS, "last_month").success
    _copy(installation, raw(installation, "last_month"), export_id="newer", content=b"id,started_at\n")
    for path in installation.project.raw_files():
        if path.stem != "newer":
            path.unlink()
    run = installation.build("2026-10")
    assert run.success, run.failure
    assert installation.metadata("2026-10")["dagster/row_count"] == 0
    assert installation.metadata("2026-10")["pipefy/is_complete"] is True


def test_a_month_waits_for_the_database_and_names_its_holder(install: Callable[..., Installation]) -> None:
    installation = install(database_lock_timeout_s=0.3)
    assert installation.export(JOBS, "last_month").success
    with duckdb.connect(installation.project.database, read_only=True):
        run = installation.build("2026-10")
    assert not run.success
    assert "was locked" in run.failure


def test_the_read_copy_has_the_month(installation: Installation) -> None:
    assert installation.export(JOBS, "last_month").success
    assert installation.build("2026-10").success
    copy = installation.project.database.with_suffix(".read.duckdb")
    with duckdb.connect(copy, read_only=True) as connection:
        counted = connection.execute(f"SELECT count(*) FROM {HISTORY}").fetchone()
    assert counted == (installation.metadata("2026-10")["dagster/row_count"],)


def _copy(
    installation: Installation,
    file: Path,
    *,
    export_id: str,
    content: bytes,
    organization_id: str | None = None,
) -> Path:
    """Add a newer file to a file's folder: whole, with other content and another id."""
    target = file.with_name(f"{export_id}{file.suffix}")
    target.write_bytes(content)
    later = installation.sandbox.clock.now() + timedelta(hours=1)
    changes: dict[str, Any] = {"export_id": export_id, "exported_at": later}
    if organization_id:
        changes["organization_id"] = organization_id
    _relabel(target, source=file, **changes)
    return target


def _relabel(file: Path, *, source: Path | None = None, **changes: Any) -> None:
    sidecar = read_sidecar(source or file)
    assert sidecar
    content = file.read_bytes()
    sidecar = dataclasses.replace(
        sidecar, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), **changes
    )
    write_sidecar(file, sidecar)
