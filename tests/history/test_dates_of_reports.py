"""A report's history needs its dates, and Pipefy leaves date columns out unless they are named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.project import REPORT, REPORT_HISTORY, Project

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.periods import add_months, month_of
from pipefy_exports_dagster.pipefy import report_export
from pipefy_exports_dagster.pipefy.report_export import ReportExport
from pipefy_exports_dagster.sandbox import Sandbox
from pipefy_exports_dagster.sandbox.settings import DateColumns


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(jobs=20, cards=100)


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Project:
    return Project.for_sandbox(tmp_path / "project", sandbox.url)


def cards_of_last_month(sandbox: Sandbox) -> int:
    now = sandbox.clock.now()
    month = add_months(month_of(now, now.tzinfo), -1)  # type: ignore[arg-type]
    cards = [card.created_at for card in sandbox.world.cards(now)]
    return sum((created.year, created.month) == (month.year, month.month) for created in cards)


def test_a_saved_reports_id_is_enough_for_dates_picture_and_history(
    project: Project, sandbox: Sandbox
) -> None:
    loaded = project.materialize(REPORT)
    assert loaded.success, loaded.failure
    assert "data:image/svg+xml" in loaded.metadata["pipefy/rows_per_day"]
    assert loaded.metadata["pipefy/time_column"] == "criado_em"
    assert loaded.metadata["pipefy/report"] == "Todos os cards"
    assert loaded.metadata["pipefy/requested_by"] == sandbox.exports.all()[0].requested_by.name
    built = project.build_history(REPORT_HISTORY, back=1)
    assert built.success, built.failure
    [(rows,)] = project.query(f"SELECT count(*) FROM {REPORT_HISTORY}")
    assert rows == cards_of_last_month(sandbox) > 0

    [sidecar] = project.sidecars()
    sent = sidecar["request"]["columns"]
    assert "created_at" in sent
    assert sidecar["report"] == "Todos os cards"
    [observation] = project.observations(REPORT, "last_month")
    assert observation["pipefy/request"]["columns"] == sent
    assert observation["pipefy/report"] == "Todos os cards"


def test_without_columns_that_are_named_there_would_be_no_history(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: Any) -> tuple[()]:
        return ()

    monkeypatch.setattr(ReportExport, "_saved_columns", nothing)
    monkeypatch.setattr(report_export, "with_period_field", lambda columns, _: list(columns))
    loaded = project.materialize(REPORT)
    assert loaded.success, loaded.failure
    assert "no picture" in loaded.metadata["pipefy/rows_per_day"]
    built = project.build_history(REPORT_HISTORY, back=1)
    assert "no column holds dates or times" in built.failure


def test_where_dates_come_unasked_the_same_columns_are_loaded(
    tmp_path: Path, project: Project, start_sandbox: Callable[..., Sandbox]
) -> None:
    always = start_sandbox(jobs=20, cards=100, date_columns=DateColumns.ALWAYS)
    other = Project.for_sandbox(tmp_path / "other", always.url)
    columns = []
    for each in (project, other):
        assert each.materialize(REPORT).success
        columns.append(each.query(f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{REPORT}'"))
    assert columns[0] == columns[1]


def test_who_asked_is_a_value_that_may_be_hidden(project: Project, sandbox: Sandbox) -> None:
    project.environment["PIPEFY_EXPORTS_SHOW_VALUES"] = "false"
    loaded = project.materialize(REPORT)
    assert loaded.success, loaded.failure
    assert "pipefy/requested_by" not in loaded.metadata
    assert loaded.metadata["pipefy/report"] == "Todos os cards"
    [sidecar] = project.sidecars()
    assert sidecar["requested_by"] is None
    name = sandbox.exports.all()[0].requested_by.name
    assert not [path for path in project.data_dir.rglob("*.db") if name.encode() in path.read_bytes()]


def test_a_refusal_names_the_id_that_support_asks_for(project: Project, sandbox: Sandbox) -> None:
    sandbox.faults.arm("create:graphql-error:1:BAD_USER_INPUT")
    refused = project.materialize(REPORT)
    assert refused.failure_class == "RequestRejectedError"
    assert refused.failure_metadata["pipefy/correlation_id"] in refused.failure


def test_a_report_that_is_exported_whole_has_all_its_months(project: Project, sandbox: Sandbox) -> None:
    [report] = [export for export in project.config.exports if isinstance(export, Report)]
    config = replace(project.config, reports=(replace(report, period_field=""),))
    loaded = project.materialize(REPORT, config=config)
    assert loaded.success, loaded.failure
    now = sandbox.clock.now()
    created = [card.created_at for card in sandbox.world.cards(now)]
    assert loaded.metadata["dagster/row_count"] == len(created)
    oldest = min(created)
    back = (now.year - oldest.year) * 12 + now.month - oldest.month
    assert back > 3, "further back than Pipefy's own periods reach"
    for months in (back, 1, 0):
        built = project.build_history(REPORT_HISTORY, back=months, config=config)
        assert built.success, built.failure
        assert not [message for message in built.messages if "rows outside" in message]
    month = f"{oldest:%Y-%m}-01"
    [(rows, complete)] = project.query(
        f"SELECT count(*), any_value(_is_complete) FROM {REPORT_HISTORY} WHERE _month = DATE '{month}'"
    )
    assert rows == sum((each.year, each.month) == (oldest.year, oldest.month) for each in created)
    assert complete
