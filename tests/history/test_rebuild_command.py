"""`pipefy-exports rebuild-history`, as a person runs it."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

from history.installation import HISTORY, REPORT_HISTORY, Installation
from support.project import JOBS, REPORT
from support.warm_commands import PIPEFY_EXPORTS, run_warm


def rebuild(installation: Installation, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_warm(
        PIPEFY_EXPORTS,
        "rebuild-history",
        *arguments,
        environment=installation.project.environment | {"PIPEFY_BASE_URL": "http://127.0.0.1:9"},
        folder=installation.project.root,
    )


def test_every_month_comes_back_from_the_raw_files_without_pipefy(
    install: Callable[..., Installation],
) -> None:
    installation = install()
    for asset in (JOBS, REPORT):
        assert installation.export(asset, "last_3_months").success
    installation.set_clock(datetime(2026, 12, 1, 15, tzinfo=UTC))
    assert installation.export(JOBS, "last_month").success
    installation.project.database.unlink()
    result = rebuild(installation, "--json")
    assert result.returncode == 0, result.stderr
    histories = {history["table"]: history for history in json.loads(result.stdout)["histories"]}
    assert [month["month"] for month in histories[HISTORY]["months"]] == [
        "2026-08",
        "2026-09",
        "2026-10",
        "2026-11",
    ]
    assert [month["is_complete"] for month in histories[HISTORY]["months"]] == [False, True, True, True]
    assert len(histories[REPORT_HISTORY]["months"]) == 3
    assert installation.materialized() == {"2026-08", "2026-09", "2026-10", "2026-11"}, "the UI agrees"
    before = installation.months()
    again = rebuild(installation, "--history", HISTORY)
    assert again.returncode == 0, again.stderr
    assert "2026-11" in again.stdout
    assert installation.months() == before


def test_a_history_that_does_not_exist_is_an_error_in_one_line(installation: Installation) -> None:
    result = rebuild(installation, "--history", "nothing")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: there is no history 'nothing'; there are automation_jobs_history")


def test_a_file_past_a_limit_is_named_with_the_setting_that_raises_it(
    install: Callable[..., Installation],
) -> None:
    installation = install()
    assert installation.export(JOBS, "last_3_months").success
    environment = installation.project.environment
    [file] = installation.project.raw_files()
    installation.project.environment = environment | {"PIPEFY_EXPORTS_MAX_UNPACKED_BYTES": "2kB"}
    result = rebuild(installation)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f"{file.name}: the file unpacks to more than 2,000 bytes" in result.stderr
    assert "raise `reading.max_unpacked_bytes` (PIPEFY_EXPORTS_MAX_UNPACKED_BYTES)" in result.stderr
    installation.project.environment = environment
    assert rebuild(installation).returncode == 0


def test_an_empty_archive_is_said(installation: Installation) -> None:
    result = rebuild(installation)
    assert result.returncode == 0, result.stderr
    assert "There are no raw files" in result.stdout
