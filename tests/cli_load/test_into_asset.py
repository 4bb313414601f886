"""A file from an e-mail: in the archive, in the table, and known to Dagster."""

import json
import os
import stat
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from filelock import FileLock
from support.project import JOBS, REPORT, Project
from support.raw_places import content_of, files_of
from support.stores import Stores, over_all_stores

from pipefy_exports_dagster.orchestration.events import EXPORT_ID, REQUESTED_MONTH
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings
from pipefy_exports_dagster.tables import Slice, load_file

from .conftest import ORGANIZATION, Desk, answer, error_of

JOB_ROWS = "Código,Status\n007,done\n008,failed\n"
AN_HOUR = timedelta(hours=1)


def aged(path: Path, moment: datetime) -> Path:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    return path


def this_month() -> date:
    return datetime.now(UTC).date().replace(day=1)


@over_all_stores
def test_a_file_is_archived_loaded_and_reported(desk: Desk, stores: Stores, tmp_path: Path) -> None:
    file = aged(desk.csv(JOB_ROWS), datetime.now(UTC) - AN_HOUR)
    found = answer(desk.load_asset(file, "--json"))
    export_id = found["slice"]["export_id"]

    assert file.exists()
    [raw] = files_of(desk.project, organization_id=ORGANIZATION)
    assert raw.address == found["raw_file"]
    kept_at = stores.raw_files or f"{desk.root}/data/raw"
    assert raw.address == f"{kept_at}/{ORGANIZATION}/{JOBS}/last_month/{export_id}.csv"
    assert content_of(desk.project, raw, tmp_path).decode() == JOB_ROWS
    assert {stat.S_IMODE(path.stat().st_mode) for path in desk.project.raw_files()} <= {0o600}
    assert raw.sidecar.export_id == export_id == f"file-{raw.sidecar.sha256[:16]}"
    assert raw.sidecar.request == {"source": "file", "file_name": "export.csv"}

    assert desk.project.query(
        f"SELECT codigo, status, _organization_id, _period_filter, _requested_month, _export_id, _file_row FROM {JOBS}"
    ) == [
        ("007", "done", ORGANIZATION, "last_month", this_month(), export_id, 1),
        ("008", "failed", ORGANIZATION, "last_month", this_month(), export_id, 2),
    ]
    [(exported_at,)] = desk.project.query(f"SELECT DISTINCT _exported_at FROM {JOBS}")
    assert abs(exported_at - datetime.now(UTC).replace(tzinfo=None) + AN_HOUR) < timedelta(minutes=1)

    [metadata] = desk.project.materializations(JOBS, "last_month")
    assert metadata[EXPORT_ID] == export_id
    assert metadata["dagster/row_count"] == 2
    assert metadata["pipefy/source_file"] == "export.csv"
    assert metadata["pipefy/file"] == raw.address
    with desk.project.instance() as instance:
        assert Ledger(instance, dg.AssetKey(JOBS), "last_month").loaded_month() == this_month()
    assert desk.project.leftovers() == []


def test_a_materialization_by_hand_says_what_one_by_a_run_says(tmp_path: Path, desk: Desk) -> None:
    with Sandbox(SandboxSettings(jobs=200, cards=50, processing_seconds=0)).running() as sandbox:
        project = Project.for_sandbox(tmp_path / "project", sandbox.url)
        by_run = project.materialize(JOBS)
    assert by_run.success, by_run.failure
    [raw] = project.raw_files()
    found = answer(desk.load_asset(raw, "--json"))
    [by_hand] = desk.project.materializations(JOBS, "last_month")
    assert set(by_hand) - set(by_run.metadata) == {"pipefy/source_file"}
    assert set(by_run.metadata) - set(by_hand) == set()
    assert by_hand["dagster/row_count"] == by_run.metadata["dagster/row_count"] == found["rows"]
    assert by_hand["pipefy/window"] == by_run.metadata["pipefy/window"]
    assert by_hand["pipefy/sha256"] == by_run.metadata["pipefy/sha256"]
    assert by_hand["pipefy/rows_per_day"] == by_run.metadata["pipefy/rows_per_day"]
    assert "data:image/svg+xml" in by_hand["pipefy/rows_per_day"]
    assert by_hand["pipefy/profile"] == by_run.metadata["pipefy/profile"]


def test_the_configured_window_of_three_months_is_what_the_materialization_says(desk: Desk) -> None:
    settings = desk.root / "exports.yaml"
    settings.write_text(
        "type: pipefy_exports_dagster.PipefyExportsComponent\n"
        f"attributes:\n  organization_id: '{ORGANIZATION}'\n  data_dir: data\n"
        "  automation_jobs: {last_3_months_window: including_current}\n"
    )
    os.environ["PIPEFY_EXPORTS_CONFIG"] = str(settings)
    answer(
        desk.load_asset(
            desk.csv(JOB_ROWS), "--requested-month", "2026-11", "--json", partition="last_3_months"
        )
    )
    [metadata] = desk.project.materializations(JOBS, "last_3_months")
    assert metadata["pipefy/window"] == "2026-09-01 to 2026-12-01 (exclusive)"


def test_loading_a_file_twice_is_loading_it_once(desk: Desk) -> None:
    file = desk.csv(JOB_ROWS)
    first, second = (answer(desk.load_asset(file, "--json")) for _ in range(2))
    assert first["slice"] == second["slice"]
    assert first["notes"] == []
    assert "in the archive already" in second["notes"][0]
    assert desk.project.tables() == {(JOBS, "last_month"): 2}
    assert len(desk.project.raw_files()) == 1
    ids = [metadata[EXPORT_ID] for metadata in desk.project.materializations(JOBS, "last_month")]
    assert ids == [first["slice"]["export_id"]] * 2


def test_a_file_keeps_its_month_when_it_is_loaded_again(desk: Desk) -> None:
    file = aged(desk.csv(JOB_ROWS), datetime(2026, 10, 2, 15, tzinfo=UTC))
    answer(desk.load_asset(file, "--json", "--requested-month", "2026-10"))
    again = answer(desk.load_asset(aged(file, datetime.now(UTC)), "--json"))
    assert again["slice"]["requested_month"] == "2026-10-01"
    assert again["slice"]["exported_at"] == "2026-10-02T15:00:00+00:00"


def test_what_was_said_of_a_file_can_be_put_right(desk: Desk) -> None:
    file = desk.csv(JOB_ROWS)
    answer(desk.load_asset(file, "--json"))
    said = ("--requested-month", "2026-10", "--exported-at", "2026-10-02T12:00:00-03:00")
    answer(desk.load_asset(file, "--json", *said))
    [sidecar] = desk.project.sidecars()
    assert (sidecar["requested_month"], sidecar["exported_at"]) == ("2026-10-01", "2026-10-02T15:00:00+00:00")
    [row] = desk.project.query(f"SELECT DISTINCT _requested_month, _exported_at FROM {JOBS}")
    assert row == (date(2026, 10, 1), datetime(2026, 10, 2, 15))  # noqa: DTZ001  the table's times are naive
    newest = desk.project.materializations(JOBS, "last_month")[0]
    assert newest[REQUESTED_MONTH] == "2026-10-01"


def test_only_its_own_slice_is_replaced(desk: Desk) -> None:
    file = desk.csv(JOB_ROWS)
    answer(desk.load_asset(file, "--json"))
    answer(desk.load_asset(file, "--json", partition="current_month"))
    answer(desk.load_asset(file, "--json", "--organization-id", "302"))
    answer(desk.load(file, "--asset", REPORT, "--partition", "last_month", "--json"))
    newer = aged(desk.csv("Código,Status\n9,done\n", "newer.csv"), datetime.now(UTC))
    answer(desk.load_asset(newer, "--json"))
    rows = desk.project.query(
        f"SELECT _organization_id, _period_filter, count(*) FROM {JOBS} GROUP BY ALL ORDER BY ALL"
    )
    assert rows == [("301", "current_month", 2), ("301", "last_month", 1), ("302", "last_month", 2)]
    assert desk.project.tables()[REPORT, "last_month"] == 2


def test_an_older_file_is_refused_and_leaves_nothing(desk: Desk) -> None:
    answer(desk.load_asset(aged(desk.csv(JOB_ROWS), datetime.now(UTC) - AN_HOUR), "--json"))
    before = desk.project.raw_files()
    older = aged(desk.csv("Código,Status\n9,done\n", "older.csv"), datetime.now(UTC) - 2 * AN_HOUR)
    result = desk.load_asset(older, "--json")
    message = error_of(result)
    assert json.loads(result.stdout)["error"]["class"] == "SupersededExportError"
    assert "is older and was not loaded" in message
    assert "--exported-at" in message
    assert "--table" in message
    assert desk.project.tables() == {(JOBS, "last_month"): 2}
    assert desk.project.raw_files() == before
    assert len(desk.project.materializations(JOBS, "last_month")) == 1
    assert desk.project.leftovers() == []
    said = ("--exported-at", datetime.now(UTC).isoformat())
    assert answer(desk.load_asset(older, "--json", *said))["rows"] == 1


EMPTY = "Código,Status\n"


def test_an_older_file_does_not_replace_a_newer_empty_slice(desk: Desk) -> None:
    newest = aged(desk.csv(EMPTY), datetime.now(UTC) - AN_HOUR)
    empty = answer(desk.load_asset(newest, "--json"))["slice"]["export_id"]
    older = aged(desk.csv(JOB_ROWS, "older.csv"), datetime.now(UTC) - 2 * AN_HOUR)
    for arguments in ((), ("--dry-run",)):
        message = error_of(desk.load_asset(older, *arguments))
        assert f"already holds export '{empty}', which has no rows" in message
        assert "--exported-at" in message
    assert desk.project.tables() == {}
    assert len(desk.project.raw_files()) == 1
    assert desk.project.leftovers() == []
    # The same file, a newer one, another organization's and another partition's are none of its business.
    answer(desk.load_asset(newest, "--json"))
    answer(desk.load_asset(older, "--json", "--organization-id", "302"))
    answer(desk.load_asset(older, "--json", partition="current_month"))
    assert "is older" in error_of(desk.load_asset(older))
    answer(desk.load_asset(older, "--json", "--exported-at", datetime.now(UTC).isoformat()))
    rows = "SELECT _organization_id, _period_filter, count(*) FROM automation_jobs_export GROUP BY ALL ORDER BY ALL"
    assert desk.project.query(rows) == [
        ("301", "current_month", 2),
        ("301", "last_month", 2),
        ("302", "last_month", 2),
    ]


def test_rows_that_were_deleted_by_hand_can_be_replaced_by_older_ones(desk: Desk) -> None:
    answer(desk.load_asset(aged(desk.csv(JOB_ROWS), datetime.now(UTC) - AN_HOUR), "--json"))
    with duckdb.connect(desk.project.database) as connection:
        connection.execute("DELETE FROM automation_jobs_export")
    older = aged(desk.csv("Código,Status\n9,done\n", "older.csv"), datetime.now(UTC) - 2 * AN_HOUR)
    assert answer(desk.load_asset(older, "--json"))["rows"] == 1


def test_a_run_says_what_it_changed_about_the_tables_columns(tmp_path: Path, desk: Desk) -> None:
    with Sandbox(SandboxSettings(jobs=200, cards=50, processing_seconds=0)).running() as sandbox:
        project = Project.for_sandbox(tmp_path / "project", sandbox.url)
        earlier = Slice("301", "current_month", this_month(), "earlier", datetime.now(UTC))
        file = desk.csv("legacy\nx\ny\n")
        load_file(file, database=project.database, table=JOBS, slice_=earlier, read_copy=False)
        run = project.materialize(JOBS)
    assert run.success, run.failure
    missing = "column 'legacy' is not in the file; its rows are NULL"
    assert any(f"table {JOBS}: {missing}" in message for message in run.messages)
    assert "column 'job_id' added as BIGINT" in run.metadata["pipefy/changes"]
    assert "more, in the run's log" in run.metadata["pipefy/changes"]


def test_a_run_does_not_replace_a_newer_empty_file_by_its_older_export(tmp_path: Path) -> None:
    with Sandbox(SandboxSettings(jobs=200, cards=50, processing_seconds=0)).running() as sandbox:
        project = Project.for_sandbox(tmp_path / "project", sandbox.url)

        def load_by_hand(milestone: str) -> None:
            if milestone == Milestone.DOWNLOADED:
                with project.instance() as instance:
                    instance.report_runless_asset_event(
                        dg.AssetMaterialization(
                            dg.AssetKey(JOBS),
                            partition="last_month",
                            metadata={
                                EXPORT_ID: "file-1",
                                REQUESTED_MONTH: this_month().isoformat(),
                                "pipefy/organization_id": str(project.config.organization_id),
                                "pipefy/exported_at": dg.MetadataValue.timestamp(datetime.now(UTC) + AN_HOUR),
                                "dagster/row_count": 0,
                            },
                        )
                    )

        outcome = project.materialize(JOBS, on_milestone=load_by_hand)
    assert not outcome.success
    assert "already holds export 'file-1', which has no rows" in outcome.failure
    assert outcome.failure_class == "SupersededExportError"
    assert project.tables() == {}


def test_a_file_of_an_earlier_month_is_older_whatever_its_time(desk: Desk) -> None:
    answer(desk.load_asset(aged(desk.csv(JOB_ROWS), datetime.now(UTC) - AN_HOUR), "--json"))
    newer = desk.csv("Código,Status\n9,done\n", "newer.csv")
    assert "is older" in error_of(desk.load_asset(newer, "--requested-month", "2026-09"))


def test_a_file_with_a_time_to_come_does_not_block_what_follows(desk: Desk) -> None:
    answer(desk.load_asset(aged(desk.csv(JOB_ROWS), datetime.now(UTC) + 1000 * AN_HOUR), "--json"))
    next_export = Slice(ORGANIZATION, "last_month", this_month(), "next", datetime.now(UTC))
    report = load_file(
        desk.csv("Código,Status\n9,done\n", "next.csv"),
        database=desk.project.database,
        table=JOBS,
        slice_=next_export,
    )
    assert report.rows == 1


def test_a_file_that_is_no_table_is_not_archived(desk: Desk) -> None:
    page = desk.csv("<!doctype html><title>Sign in</title>", "export.xlsx")
    message = error_of(desk.load_asset(page))
    assert "an HTML page" in message
    assert desk.project.raw_files() == []
    assert desk.project.materializations(JOBS, "last_month") == []
    assert not desk.project.database.exists()
    assert desk.project.leftovers() == []


def test_another_month_than_the_files_is_pointed_out(desk: Desk) -> None:
    old = aged(desk.csv(JOB_ROWS), datetime(2026, 8, 3, tzinfo=UTC))
    [note] = answer(desk.load_asset(old, "--json", "--dry-run"))["notes"]
    assert "--requested-month 2026-08" in note
    assert answer(desk.load_asset(old, "--json", "--dry-run", "--requested-month", "2026-08"))["notes"] == []


def test_the_months_begin_in_the_organizations_time_zone(desk: Desk) -> None:
    desk.csv("PIPEFY_EXPORTS_TIMEZONE=America/Sao_Paulo\n", ".env")
    file = aged(desk.csv(JOB_ROWS), datetime(2026, 9, 1, 1, tzinfo=UTC))
    [note] = answer(desk.load_asset(file, "--json", "--dry-run"))["notes"]
    assert "--requested-month 2026-08" in note


def test_dotenv_in_the_working_directory_wins(desk: Desk) -> None:
    desk.csv(f"PIPEFY_ORG_ID=777\nPIPEFY_EXPORTS_DATA_DIR={desk.root / 'elsewhere'}\nDAGSTER_HOME=\n", ".env")
    found = answer(desk.load_asset(desk.csv(JOB_ROWS), "--json"))
    assert found["slice"]["organization_id"] == "777"
    assert found["database"] == str(desk.root / "elsewhere" / "pipefy_exports.duckdb")
    assert (desk.root / "elsewhere" / "dagster" / "dagster.yaml").exists()
    desk.environment["DAGSTER_HOME"] = str(desk.root / "elsewhere" / "dagster")
    assert len(desk.project.materializations(JOBS, "last_month")) == 1


def test_a_partition_that_a_run_works_on_is_waited_for_and_then_named(desk: Desk) -> None:
    lock = desk.root / "data" / "locks" / ORGANIZATION / JOBS / "last_month.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        started = time.monotonic()
        message = error_of(desk.load_asset(desk.csv(JOB_ROWS), "--wait", "0.5"))
        assert time.monotonic() - started >= 0.5
    assert "another run works on automation_jobs_export 'last_month'" in message
    assert desk.project.raw_files() == []


def test_an_instance_that_cannot_be_opened_is_one_line_and_nothing_is_loaded(desk: Desk) -> None:
    (desk.project.home / "dagster.yaml").unlink()
    desk.csv("storage:\n  postgres:\n    postgres_db: {password: hunter2}\n", "data/dagster/dagster.yaml")
    message = error_of(desk.load_asset(desk.csv(JOB_ROWS)))
    assert "the Dagster instance in" in message
    assert "hunter2" not in message
    assert not desk.project.database.exists()


def test_an_event_log_that_fails_after_the_load_is_said(desk: Desk) -> None:
    answer(desk.load_asset(desk.csv(JOB_ROWS), "--json"))
    newer = desk.csv("Código,Status\n9,done\n", "newer.csv")
    broken = "CREATE TRIGGER full BEFORE INSERT ON event_logs BEGIN SELECT RAISE(FAIL, 'no more events'); END"
    import sqlite3

    index = next((desk.project.home / "history" / "runs").glob("index.db"))
    with sqlite3.connect(index) as connection:
        connection.execute(broken)
    connection.close()
    message = error_of(desk.load_asset(newer))
    assert "the rows are in 'automation_jobs_export', but Dagster could not be told" in message
    assert "run the same command again" in message
    assert desk.project.tables() == {(JOBS, "last_month"): 1}


def test_pins_and_formats_of_the_command_line_apply(desk: Desk) -> None:
    file = desk.csv("Valor;Dia;N\n1.234,56;03/04/2026;1\n", "export.csv")
    how = ("--decimal-mark", ",", "--date-format", "%d/%m/%Y", "--column-type", "n=VARCHAR")
    found = answer(desk.load_asset(file, "--json", *how))
    assert {column["header"]: column["type"] for column in found["columns"]} == {
        "Valor": "DOUBLE",
        "Dia": "DATE",
        "N": "VARCHAR",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--asset", "jobs", "--partition", "last_month"), f"{JOBS}, {REPORT}"),
        (("--asset", JOBS, "--partition", "may"), "'last_month', 'current_month', 'last_3_months'"),
        (("--asset", JOBS), "give --asset and --partition, or --table and --database"),
        (("--table", "t"), "give --asset and --partition, or --table and --database"),
        ((), "give --asset and --partition, or --table and --database"),
        (("--asset", JOBS, "--table", "t", "--database", "d"), "--table and --database go without --asset"),
        (("--asset", JOBS, "--partition", "last_month", "--organization-id", "Acme"), "/organizations/"),
        (("--asset", JOBS, "--partition", "last_month", "--requested-month", "2026-13"), "is not a month"),
        (("--asset", JOBS, "--partition", "last_month", "--requested-month", "0001-01"), "is not a month"),
        (("--asset", JOBS, "--partition", "last_month", "--requested-month", "2999-01"), "still to come"),
        (("--asset", JOBS, "--partition", "last_month", "--exported-at", "noon"), "is not a time"),
        (("--asset", JOBS, "--partition", "last_month", "--exported-at", "2999-01-01"), "can have been"),
        (("--table", "t", "--database", "d", "--column-type", "n"), "column=TYPE"),
        (("--table", "t", "--database", "d", "--date-format", "%Q"), "is not a date format"),
        (("--table", "t", "--database", "d", "--decimal-mark", ";"), "--decimal-mark"),
        (("--table", "t", "--database", "d", "--wait", "-1"), "--wait"),
    ],
)
def test_wrong_usage_says_what_is_right(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    result = desk.load(desk.csv(JOB_ROWS), *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert not (desk.root / "d").exists()


def test_a_missing_organization_is_named(desk: Desk) -> None:
    desk.csv("PIPEFY_ORG_ID=\n", ".env")
    message = error_of(desk.load_asset(desk.csv(JOB_ROWS)))
    assert "set `organization_id` (PIPEFY_ORG_ID)" in message
    assert "--organization-id" in message


def test_a_dotenv_that_is_not_text_is_named_and_not_quoted(desk: Desk) -> None:
    desk.csv(b"PIPEFY_TOKEN=\xff\xfehunter2\n", ".env")
    message = error_of(desk.load_asset(desk.csv(JOB_ROWS)))
    assert "the file .env cannot be read" in message
    assert "hunter2" not in message


def test_a_database_that_another_process_holds_names_it(desk: Desk) -> None:
    import subprocess
    import sys

    answer(desk.load_asset(desk.csv(JOB_ROWS), "--json"))
    hold = f"import duckdb; c = duckdb.connect({str(desk.project.database)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        message = error_of(desk.load_asset(desk.csv(JOB_ROWS), "--wait", "0.2"))
        assert f"process {holder.pid}" in message
        planned = error_of(desk.load_asset(desk.csv(JOB_ROWS), "--wait", "0.2", "--dry-run"))
        assert f"was locked by process {holder.pid}" in planned
        holder.communicate("\n")


def test_a_read_only_reader_of_the_copy_is_not_in_the_way(desk: Desk) -> None:
    found = answer(desk.load_asset(desk.csv(JOB_ROWS), "--json"))
    with duckdb.connect(found["read_copy"], read_only=True):
        answer(desk.load_asset(desk.csv(JOB_ROWS), "--json"))


def test_values_of_a_file_are_not_reported_where_they_are_not_to_be_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPEFY_EXPORTS_SHOW_VALUES", "false")
    answer(desk.load_asset(desk.csv("Código,Nome\n007,Maria Marcada\n"), "--json"))
    [metadata] = desk.project.materializations(JOBS, "last_month")
    assert metadata["pipefy/preview"] == "not shown: `show_values` is false"
    assert [dict(record.data) for record in metadata["pipefy/profile"].records] == [
        {"column": name, "type": "VARCHAR", "filled": 1, "distinct": 1} for name in ("codigo", "nome")
    ]
    assert "Marcada" not in str(metadata)
