from datetime import date

import pytest
from pipefy.scripted_server import ScriptedServer

from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConfigurationError,
    CreateAnswerLostError,
    ExportNotFoundError,
    FeatureUnavailableError,
    PermissionDeniedError,
    PipefyExportsError,
    RequestRejectedError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.export import ExportState

PERIOD = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))
KIND = AutomationJobsExport("300")
REQUEST = {"organizationId": "300", "filter": "last_month"}
REFUSED = {"errors": [{"message": "Unknown argument 'input'", "locations": [{"line": 1, "column": 1}]}]}
CREATED = {"id": "e1", "status": "created"}
BY_INPUT = {"data": {"createAutomationJobsExport": {"automationJobsExport": CREATED}}}
DOCUMENTED = {"data": {"createAutomationJobsExport": CREATED}}
LINK = "https://app.pipefy.com/x"


def test_the_input_object_is_tried_first(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(BY_INPUT)
    created = KIND.create(client, PERIOD)
    assert (created.export.id, created.export.state) == ("e1", ExportState.CREATED)
    assert (created.dialect, created.request) == ("input object", REQUEST)
    assert [request.json["variables"] for request in server.received] == [{"input": REQUEST}]


def test_the_documented_form_follows_a_refusal_by_the_schema(
    server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(REFUSED, DOCUMENTED)
    created = KIND.create(client, PERIOD)
    assert (created.export.id, created.dialect) == ("e1", "documented")
    assert [request.json["variables"] for request in server.received] == [{"input": REQUEST}, REQUEST]


def test_the_form_that_worked_is_tried_first(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(DOCUMENTED)
    KIND.create(client, PERIOD, dialect="documented")
    assert [request.json["variables"] for request in server.received] == [REQUEST]


@pytest.mark.parametrize("dialect", ["documented", "input object"])
def test_a_remembered_form_that_is_refused_is_replaced(
    dialect: str, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(REFUSED, BY_INPUT if dialect == "documented" else DOCUMENTED)
    assert KIND.create(client, PERIOD, dialect=dialect).dialect != dialect


def test_a_server_that_takes_neither_form_is_a_schema_mismatch(
    server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(REFUSED)
    with pytest.raises(SchemaMismatchError, match="Unknown argument 'input'"):
        KIND.create(client, PERIOD)
    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"errors": [{"message": "Internal server error"}]}, ServerUnavailableError),
        ({"data": {"createAutomationJobsExport": None}, "errors": [{"message": "no"}]}, RequestRejectedError),
        (
            {
                "data": {"createAutomationJobsExport": {"automationJobsExport": None}},
                "errors": [{"message": "no", "extensions": {"code": "PERMISSION_DENIED"}}],
            },
            PermissionDeniedError,
        ),
        ({"data": {"createAutomationJobsExport": None}}, CreateAnswerLostError),
        ({"data": {"createAutomationJobsExport": 5}}, CreateAnswerLostError),
        (
            {"data": {"createAutomationJobsExport": {"automationJobsExport": {"id": None}}}},
            CreateAnswerLostError,
        ),
        (
            {"data": {"createAutomationJobsExport": {"automationJobsExport": [CREATED]}}},
            CreateAnswerLostError,
        ),
    ],
)
def test_what_may_have_been_executed_is_not_sent_in_the_other_form(
    payload: object, error: type[PipefyExportsError], server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(payload)
    with pytest.raises(error):
        KIND.create(client, PERIOD)
    assert len(server.received) == 1


def test_the_export_is_asked_for_its_state_and_link(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql({"data": {"automationJobsExport": {"id": "e1", "status": "finished", "fileUrl": LINK}}})
    export = KIND.refresh(client, "e1")
    assert (export.id, export.state, export.link) == ("e1", ExportState.FINISHED, LINK)
    assert server.received[0].json["variables"] == {"id": "e1"}


def test_another_name_of_the_link_is_found_and_remembered(
    server: ScriptedServer, client: PipefyClient
) -> None:
    kind = AutomationJobsExport("300")
    server.graphql(REFUSED, {"data": {"automationJobsExport": {"status": "finished", "downloadUrl": LINK}}})
    assert kind.refresh(client, "e1").link == LINK
    assert kind.refresh(client, "e1").link == LINK
    asked = [request.json["query"].split("status ")[1].split()[0] for request in server.received]
    assert asked == ["fileUrl", "downloadUrl", "downloadUrl"]


def test_a_server_without_any_link_is_a_schema_mismatch(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(REFUSED)
    with pytest.raises(SchemaMismatchError):
        KIND.refresh(client, "e1")
    assert len(server.received) == 3


@pytest.mark.parametrize(
    "payload",
    [
        {"data": {"automationJobsExport": None}},
        {
            "data": {"automationJobsExport": None},
            "errors": [{"message": "no such export", "extensions": {"code": "RESOURCE_NOT_FOUND"}}],
        },
        {"data": {"automationJobsExport": None}, "errors": [{"message": "Export not found"}]},
        {"data": None, "errors": [{"message": "Couldn't find AutomationJobsExport with 'id'=7"}]},
        {"data": None, "errors": [{"message": "That export doesn\u2019t exist", "locations": [{"line": 1}]}]},
        {"errors": [{"message": "The export 7 does not exist"}]},
        {"errors": [{"message": "Export not found", "locations": [{"line": 1, "column": 1}]}]},
        {"data": None, "errors": [{"message": "Not found"}]},
        {"data": None, "errors": [{"message": "Not found: export 7 of organization 300"}]},
        {
            "data": None,
            "errors": [{"message": "The export that you asked organization 300 for doesn't exist"}],
        },
        # Rails says whose exports and of which class it looked through.
        {
            "data": None,
            "errors": [{"message": 'Couldn\'t find Export with \'id\'=7 [WHERE "exports"."type" = $1]'}],
        },
        {
            "data": None,
            "errors": [
                {"message": 'Couldn\'t find Export with \'id\'=7 [WHERE "exports"."organization_id" = $1]'}
            ],
        },
    ],
)
def test_an_export_that_is_not_known_is_not_found(
    payload: object, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(payload)
    with pytest.raises(ExportNotFoundError, match="'e1'") as caught:
        KIND.refresh(client, "e1")
    assert caught.value.export_id == "e1"


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Something went wrong"},
        {"message": "Something went wrong", "extensions": {"code": "RECORD_INVALID"}},
        {"message": "Timeout; if this goes on the field was not found"},
        {"message": "not found: worker", "extensions": {"code": "WORKER_LOST"}},
        {"message": "Permission not found"},
        {"message": "The permission to see this export does not exist"},
        {"message": "Organization not found"},
        {"message": "Organization not found for export 7"},
        {"message": "Couldn't find Organization with 'id'=300"},
        {"message": "User does not exist"},
        {"message": 'PG::UndefinedTable: relation "automation_jobs_exports" does not exist'},
    ],
)
def test_a_refusal_while_waiting_may_pass_unless_its_reason_stays(
    error: object, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": {"automationJobsExport": None}, "errors": [error]})
    with pytest.raises(ServerUnavailableError):
        KIND.refresh(client, "e1")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}, AuthenticationError),
        ({"message": "no", "extensions": {"code": "PERMISSION_DENIED"}}, PermissionDeniedError),
        (
            {"message": "Field 'id' doesn't exist", "extensions": {"code": "undefinedField"}},
            SchemaMismatchError,
        ),
        ({"message": "no", "extensions": {"code": "FEATURE_NOT_ENABLED"}}, FeatureUnavailableError),
    ],
)
def test_a_refusal_whose_reason_stays_ends_the_wait(
    error: object, raised: type[Exception], server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": None, "errors": [error]})
    with pytest.raises(raised):
        KIND.refresh(client, "e1")


@pytest.mark.parametrize("answer", [[], 5, "finished", [{"status": "finished"}], True])
def test_an_answer_that_is_no_export_may_pass(
    answer: object, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": {"automationJobsExport": answer}})
    with pytest.raises(ServerUnavailableError, match="is no export"):
        KIND.refresh(client, "e1")


@pytest.mark.parametrize("payload", [{"data": None}, {"data": {}}, {}])
def test_no_data_at_all_does_not_mean_not_found(
    payload: object, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(payload)
    with pytest.raises(ServerUnavailableError):
        KIND.refresh(client, "e1")


def test_the_window_of_three_months_is_not_claimed() -> None:
    assert KIND.window(PERIOD) == Window(date(2026, 10, 1), date(2026, 11, 1))
    assert KIND.window(Period(PeriodFilter.LAST_3_MONTHS, date(2026, 11, 1))) is None


@pytest.mark.parametrize(
    ("setting", "window"),
    [
        ("complete", Window(date(2026, 8, 1), date(2026, 11, 1))),
        ("including_current", Window(date(2026, 9, 1), date(2026, 12, 1))),
    ],
)
def test_the_window_of_three_months_is_the_configured_one(setting: str, window: Window) -> None:
    kind = AutomationJobsExport("300", setting)
    assert kind.window(Period(PeriodFilter.LAST_3_MONTHS, date(2026, 11, 1))) == window
    assert kind.window(PERIOD) == KIND.window(PERIOD)


@pytest.mark.parametrize("organization_id", [None, "", "abc", "300 ", "³", "-1", "1" * 5000])
def test_an_organization_id_is_a_number(organization_id: str | None) -> None:
    with pytest.raises(ConfigurationError, match="PIPEFY_ORG_ID"):
        AutomationJobsExport(organization_id).request(PERIOD)
