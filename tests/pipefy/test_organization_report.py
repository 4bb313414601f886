from datetime import date
from typing import Any

import pytest
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import Reply, ScriptedServer, answer, reset, truncated

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    ConnectionFailedError,
    CreateAnswerLostError,
    InvalidFilterError,
    PipefyExportsError,
    RequestRejectedError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.creating import create_with_retry
from pipefy_exports_dagster.pipefy.export import ExportState
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport

PERIOD = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))
OCTOBER = [
    {"field": "created_at", "operator": "gte", "value": "2026-10-01", "type": "date"},
    {"field": "created_at", "operator": "lt", "value": "2026-11-01", "type": "date"},
]
CREATED = {
    "data": {"exportOrganizationReport": {"organizationReportExport": {"id": "e1", "state": "processing"}}}
}
OPEN = {"operator": "and", "queries": [{"field": "finished_at", "operator": "not_exists"}]}


def kind(**report: Any) -> OrganizationReportExport:
    return OrganizationReportExport("300", Report(**report))


def saved(filter_: Any, fields: Any = ("title",)) -> dict[str, Any]:
    fields = list(fields) if isinstance(fields, tuple) else fields
    return {"data": {"organizationReport": {"id": "9", "name": "Open", "fields": fields, "filter": filter_}}}


def test_all_arguments_are_sent(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(CREATED)
    report = kind(
        pipe_ids=(1, 2),
        columns=("title", "created_at"),
        filter={"queries": [{"field": "title", "operator": "eq", "value": 5}]},
        sort_by={"field": "title", "direction": "desc"},
    )
    created = report.create(client, PERIOD)
    assert created.export.state is ExportState.PROCESSING
    assert created.request == server.received[0].json["variables"]["input"]
    assert created.request == {
        "organizationId": 300,
        "pipeIds": [1, 2],
        "columns": ["title", "created_at"],
        "sortBy": {"field": "title", "direction": "desc"},
        "filter": {
            "operator": "and",
            "queries": OCTOBER,
            "groups": [{"operator": "and", "queries": [{"field": "title", "operator": "eq", "value": "5"}]}],
        },
    }


def test_a_report_without_columns_is_refused_before_calling(
    server: ScriptedServer, client: PipefyClient
) -> None:
    with pytest.raises(ConfigurationError, match="PIPEFY_ORGANIZATION_REPORT_ID"):
        kind().create(client, PERIOD)
    assert server.received == []


def test_a_saved_reports_filter_is_sent_along(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(saved(OPEN | {"groups": None}), CREATED)
    mine = {"operator": "or", "queries": [{"field": "title", "operator": "exists"}]}
    created = kind(organization_report_id=9, filter=mine).create(client, PERIOD)
    assert created.request["filter"]["groups"] == [mine, OPEN]
    assert created.request["organizationReportId"] == 9
    assert created.warnings == ()


EMPTY_GROUP = {"operator": "and", "queries": [], "groups": [{"id": "1", "operator": "or", "queries": []}]}


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        "",
        [],
        {"operator": "and"},
        {"queries": [], "groups": None},
        EMPTY_GROUP,
        {"groups": [EMPTY_GROUP]},
    ],
)
def test_a_saved_report_without_a_filter_adds_none(
    nothing: Any, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(saved(nothing), CREATED)
    created = kind(organization_report_id=9).create(client, PERIOD)
    assert "groups" not in created.request["filter"]
    assert created.warnings == ()


@pytest.mark.parametrize(
    "strange",
    [
        {"current_phase": ["done"]},
        "status = open",
        [OPEN],
        5,
        OPEN | {"search": "x"},
        {"groups": [{"search": "x"}]},
    ],
)
def test_a_saved_filter_of_another_shape_costs_no_export(
    strange: Any, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(saved(strange), CREATED)
    with pytest.raises(
        ConfigurationError, match=r"its filter.*no export was asked for.*set `allow_wider_rows` "
    ):
        kind(organization_report_id=9).create(client, PERIOD)
    assert len(server.received) == 1
    server.graphql(saved(strange), CREATED)
    created = kind(organization_report_id=9, allow_wider_rows=True).create(client, PERIOD)
    assert "groups" not in created.request["filter"]
    [warning] = created.warnings
    assert "its filter" in warning


def test_a_saved_filter_is_sent_without_the_ids_that_pipefy_adds(
    server: ScriptedServer, client: PipefyClient
) -> None:
    query = {"id": "1.1", "field": "title", "operator": "exists"}
    kept = {
        "id": "1",
        "lastId": "4",
        "operator": "or",
        "queries": [query],
        "groups": [{**OPEN, "id": "1.g1", "lastId": 1}],
    }
    server.graphql(saved(kept), CREATED)
    created = kind(organization_report_id=9).create(client, PERIOD)
    [sent] = created.request["filter"]["groups"]
    assert sent == {
        "operator": "or", "queries": [{"field": "title", "operator": "exists"}], "groups": [OPEN]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("report", "fields", "sent"),
    [
        ({}, ["title", "value"], ["title", "value", "created_at"]),
        ({}, ["created_at", "title"], ["created_at", "title"]),
        ({"period_field": "finished_at"}, ["title"], ["title", "finished_at"]),
        ({"period_field": ""}, ["title"], ["title"]),
        ({"columns": ("value",)}, ["title"], ["value", "created_at"]),
        ({"columns": ("value",), "period_field": ""}, ["title"], ["value"]),
        ({"columns": ("value",)}, 5, ["value", "created_at"]),
    ],
)
def test_columns_are_named_and_the_period_field_with_them(
    report: dict[str, Any], fields: Any, sent: list[str], server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(saved(None, fields), CREATED)
    asked = kind(organization_report_id=9, **report)
    created = asked.create(client, PERIOD)
    assert server.received[-1].json["variables"]["input"]["columns"] == sent
    assert created.request["columns"] == sent
    assert created.report_name == "Open"
    assert created.warnings == ()
    # A pending export is resumed without a look-up, so what it is known by does not change with one.
    assert asked.request(PERIOD).get("columns") == (["value"] if "columns" in report else None)


@pytest.mark.parametrize("fields", [None, [], 5, "title", [1], ["title", None], {"a": "b"}, [""]])
def test_fields_that_are_no_list_of_names_are_not_sent_and_said(
    fields: Any, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(saved(None, fields), CREATED)
    created = kind(organization_report_id=9).create(client, PERIOD)
    assert "columns" not in created.request
    [warning] = created.warnings
    assert "does not say which columns the saved report 9 has" in warning


def test_without_a_period_field_a_partition_is_the_whole_report(
    server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(saved(OPEN), saved(None), CREATED)
    whole = kind(organization_report_id=9, period_field="")
    assert whole.window(PERIOD) is None
    assert "filter" not in whole.request(PERIOD)
    server.graphql(saved(OPEN), CREATED)
    assert whole.create(client, PERIOD).request["filter"] == {"operator": "and", "groups": [OPEN]}
    server.graphql(saved(None), CREATED)
    assert "filter" not in whole.create(client, PERIOD).request


@pytest.mark.parametrize(
    "payload",
    [
        {"data": {"organizationReport": None}},
        {"data": {"organizationReport": [1]}},
        {
            "data": {"organizationReport": None},
            "errors": [{"message": "not found", "extensions": {"code": "RESOURCE_NOT_FOUND"}}],
        },
    ],
)
def test_a_saved_report_that_is_not_known_says_which_setting(
    payload: object, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(payload)
    with pytest.raises(RequestRejectedError, match="PIPEFY_ORGANIZATION_REPORT_ID"):
        kind(organization_report_id=9).create(client, PERIOD)


def test_a_permission_that_is_not_found_is_not_taken_for_the_saved_report(
    server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": {"organizationReport": None}, "errors": [{"message": "Permission not found"}]})
    with pytest.raises(RequestRejectedError, match="Permission not found"):
        kind(organization_report_id=9).create(client, PERIOD)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "trouble", [reset(), truncated(b"{", 99), answer("<html>", status=502), answer({"data": None})]
)
def test_a_failed_look_up_of_the_saved_report_costs_no_export_and_is_retried(
    trouble: Reply, server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(trouble, saved(None), CREATED)
    report = kind(organization_report_id=9)
    created = create_with_retry(lambda: report.create(client, PERIOD), clock=clock, label="x")
    assert created.export.id == "e1"
    assert len(clock.slept) == 1


def test_trouble_that_stays_while_looking_up_is_no_lost_answer(
    server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(reset())
    report = kind(organization_report_id=9)
    with pytest.raises(ConnectionFailedError, match="no export was asked for"):
        create_with_retry(lambda: report.create(client, PERIOD), clock=clock, label="x")


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"data": {"exportOrganizationReport": None}}, CreateAnswerLostError),
        ({"data": {"exportOrganizationReport": {"organizationReportExport": {}}}}, CreateAnswerLostError),
        ({"data": {}}, ServerUnavailableError),
        ({"data": {"exportOrganizationReport": None}, "errors": [{"message": "no"}]}, RequestRejectedError),
    ],
)
def test_an_answer_without_an_export_is_an_error(
    payload: object, error: type[PipefyExportsError], server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(payload)
    with pytest.raises(error):
        kind(columns=("title",)).create(client, PERIOD)


def test_a_finished_export_has_its_time_and_link(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(
        {
            "data": {
                "organizationReportExport": {
                    "id": "e1",
                    "state": "done",
                    "finishedAt": "2026-11-22T12:00:00Z",
                    "fileURL": "https://app.pipefy.com/x",
                    "requestedBy": {"id": "1", "name": "Ana \u0007 Souza"},
                    "report": {"id": "9", "name": ""},
                }
            }
        }
    )
    export = kind(columns=("title",)).refresh(client, "e1")
    assert export.is_ready
    assert export.finished_at is not None
    assert (export.requested_by, export.report) == ("Ana Souza", "9")


def test_a_broken_filter_names_the_key(server: ScriptedServer, client: PipefyClient) -> None:
    with pytest.raises(InvalidFilterError, match=r"filter\.current_phase"):
        kind(columns=("a",), filter={"current_phase": 1}).create(client, PERIOD)
    assert server.received == []


@pytest.mark.parametrize(
    "sort_by", [{"field": "a"}, {"field": "a", "direction": "up"}, {"direction": "asc", "x": "y"}]
)
def test_a_sort_order_that_is_none_is_refused(sort_by: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="sort_by"):
        kind(columns=("a",), sort_by=sort_by).request(PERIOD)


def test_the_same_configuration_makes_the_same_request() -> None:
    assert kind(columns=("a",)).request(PERIOD) == kind(columns=("a",)).request(PERIOD)
    assert kind(columns=("a",)).window(PERIOD) == PERIOD.window
