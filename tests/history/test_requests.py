"""Whether a file has all the rows of its period, by what was asked for."""

from datetime import date

import pytest

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.history.requests import difference_in_rows
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport

PERIOD = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))
OWN = {"operator": "and", "queries": [{"field": "pipe", "operator": "eq", "value": "x", "type": "string"}]}
SAVED = {"operator": "and", "queries": [{"field": "label", "operator": "eq", "value": "y", "type": "string"}]}


def request(report: Report) -> dict[str, object]:
    return dict(OrganizationReportExport("1", report).request(PERIOD))


def with_saved_filter(made: dict[str, object]) -> dict[str, object]:
    filter_ = made["filter"]
    assert isinstance(filter_, dict)
    return made | {"filter": filter_ | {"groups": [*filter_.get("groups", []), SAVED]}}


@pytest.mark.parametrize("own", [None, OWN])
def test_the_saved_report_s_own_filter_makes_no_difference(own: dict[str, object] | None) -> None:
    configured = request(Report(organization_report_id=1, filter=own))
    assert difference_in_rows(with_saved_filter(configured), configured) is None
    assert difference_in_rows(configured, configured) is None


def test_columns_and_their_order_make_no_difference() -> None:
    configured = request(Report(organization_report_id=1))
    made = request(
        Report(organization_report_id=1, columns=("title",), sort_by={"field": "title", "direction": "asc"})
    )
    assert difference_in_rows(made, configured) is None


@pytest.mark.parametrize(
    ("report", "argument"),
    [
        (Report(organization_report_id=2), "organizationReportId"),
        (Report(organization_report_id=1, pipe_ids=(3,)), "pipeIds"),
        (Report(organization_report_id=1, period_field="updated_at"), "filter"),
    ],
)
def test_what_selects_rows_makes_a_difference_and_is_named(report: Report, argument: str) -> None:
    configured = request(Report(organization_report_id=1))
    assert difference_in_rows(with_saved_filter(request(report)), configured) == argument


def test_a_file_that_a_person_brought_is_believed() -> None:
    assert (
        difference_in_rows(
            {"source": "file", "file_name": "x.xlsx"}, request(Report(organization_report_id=1))
        )
        is None
    )


def test_a_filter_of_one_run_does_not_pass_for_the_saved_report_s_own() -> None:
    configured = request(Report(organization_report_id=1))
    made = request(Report(organization_report_id=1, filter=OWN))
    assert difference_in_rows(made, configured, as_asked=True) == "filter"
