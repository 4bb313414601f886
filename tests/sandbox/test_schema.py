from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query
from sandbox.api_client import CREATE_JOBS, CREATE_REPORT, JOBS_STATUS, Api, get

from pipefy_exports_dagster.sandbox import (
    FORBIDDEN_ORGANIZATION_ID,
    MEMBER_TOKEN,
    ORGANIZATION_ID,
    REPORT_ID,
    RESTRICTED_TOKEN,
    SECOND_ORGANIZATION_ID,
    ApiDialect,
    Sandbox,
)

DOCUMENTED_CREATE = """
mutation ($organizationId: ID!, $filter: PeriodFilter!) {
  createAutomationJobsExport(organizationId: $organizationId, filter: $filter) {
    id status createdAt downloadUrl
  }
}"""


def test_introspection_gives_the_whole_schema(api: Api) -> None:
    schema = build_client_schema(api.data(get_introspection_query()))  # type: ignore[arg-type]

    period = schema.get_type("PeriodFilter")
    assert list(period.values) == ["last_month", "current_month", "last_3_months"]  # type: ignore[union-attr]
    given = schema.get_type("ExportOrganizationReportInput").fields  # type: ignore[union-attr]
    assert {name: str(field.type) for name, field in given.items()} == {
        "clientMutationId": "String",
        "organizationId": "Int!",
        "pipeIds": "[Int!]",
        "columns": "[String!]",
        "filter": "ReportCardsFilter",
        "sortBy": "ReportSortDirectionInput",
        "organizationReportId": "Int",
    }


def test_every_answer_has_the_date_of_the_sandboxs_clock(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    sandbox.clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    sandbox.faults.arm("lookup:server-error")
    for answer in (connect(sandbox).post("{ me { name } }"), connect(sandbox, None).http.get("/graphql")):
        dates = answer.headers.get_list("date")
        assert [parsedate_to_datetime(date).year for date in dates] == [2030]


def test_me_is_who_the_token_belongs_to(api: Api) -> None:
    assert api.data("{ me { name email } }")["me"]["email"] == "ana@example.com"


def test_organizations_are_those_that_the_token_sees(
    sandbox: Sandbox, api: Api, connect: Callable[..., Api]
) -> None:
    query = "{ organizations { id uuid name planName role membersCount pipesCount createdAt } }"

    assert [o["id"] for o in api.data(query)["organizations"]] == [ORGANIZATION_ID, SECOND_ORGANIZATION_ID]
    restricted = connect(sandbox, RESTRICTED_TOKEN)
    assert [o["id"] for o in restricted.data(query)["organizations"]] == [SECOND_ORGANIZATION_ID]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ organization(id: "1") { id } }', "RESOURCE_NOT_FOUND"),
        (f'{{ organization(id: "{FORBIDDEN_ORGANIZATION_ID}") {{ id }} }}', "PERMISSION_DENIED"),
        ('{ organizationReports(organizationId: "1") { edges { node { id } } } }', "RESOURCE_NOT_FOUND"),
        ('{ organizationReport(id: "1") { id } }', "RESOURCE_NOT_FOUND"),
        ('{ automationJobsExport(id: "1") { id } }', "RESOURCE_NOT_FOUND"),
        ('{ organizationReportExport(id: "1") { id } }', "RESOURCE_NOT_FOUND"),
    ],
)
def test_what_cannot_be_seen_is_an_error_with_a_code(api: Api, query: str, code: str) -> None:
    assert api.error(query)["extensions"]["code"] == code


def test_a_member_sees_everything_but_may_not_export_automation_jobs(
    sandbox: Sandbox, connect: Callable[..., Api]
) -> None:
    member = connect(sandbox, MEMBER_TOKEN)
    roles = [o["role"] for o in member.data("{ organizations { role } }")["organizations"]]

    assert roles == ["member", "member"]
    given = {"organizationId": ORGANIZATION_ID, "filter": "last_month"}
    assert member.error(CREATE_JOBS, input=given)["extensions"]["code"] == "PERMISSION_DENIED"
    assert member.create_report(columns=["title"])["state"]


def test_an_export_belongs_to_its_organization(
    sandbox: Sandbox, api: Api, connect: Callable[..., Api]
) -> None:
    export = api.create_jobs()

    error = connect(sandbox, RESTRICTED_TOKEN).error(JOBS_STATUS, id=export["id"])

    assert error["extensions"]["code"] == "PERMISSION_DENIED"


def test_an_export_cannot_be_created_for_a_foreign_organization(api: Api) -> None:
    given = {"organizationId": FORBIDDEN_ORGANIZATION_ID, "filter": "last_month"}
    assert api.error(CREATE_JOBS, input=given)["extensions"]["code"] == "PERMISSION_DENIED"

    error = api.error(CREATE_REPORT, input={"organizationId": 1, "columns": ["id"]})
    assert error["extensions"]["code"] == "RESOURCE_NOT_FOUND"


def test_saved_reports_come_in_pages(api: Api) -> None:
    query = """query ($after: String) {
      organizationReports(organizationId: "300514001", first: 5, after: $after) {
        edges { node { id name cardCount color } } pageInfo { hasNextPage endCursor }
      }
    }"""
    names, after, pages = [], None, 0
    while pages == 0 or after:
        page = api.data(query, after=after)["organizationReports"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
        pages += 1

    assert pages == 3
    assert len(set(names)) == 12
    assert api.error(query, after="nonsense")["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_saved_report_shows_its_columns_filter_pipes_and_order(api: Api) -> None:
    query = """query ($id: ID!) { organizationReport(id: $id) {
      id name cardCount fields filter repos { id name } sortBy { field direction } createdAt lastUpdatedAt
    } }"""

    report = api.data(query, id=str(int(REPORT_ID) + 2))["organizationReport"]

    assert report["name"] == "Reembolsos acima de R$ 1.000"
    [query] = report["filter"]["queries"]
    assert query == {"id": query["id"], "field": "valor_total", "operator": "gt", "value": "1000"}
    assert [repo["name"] for repo in report["repos"]] == ["Reembolso de despesas"]
    assert report["sortBy"] == {"field": "valor_total", "direction": "desc"}
    assert {"cpf", "valor_total"} < set(report["fields"])


@pytest.mark.parametrize("dialect", ApiDialect)
def test_the_schema_has_the_forms_of_its_dialect(
    start: Callable[..., Sandbox], connect: Callable[..., Api], dialect: ApiDialect
) -> None:
    api = connect(start(dialect=dialect))
    given = {"organizationId": ORGANIZATION_ID, "filter": "last_month"}

    answers = {
        ApiDialect.DOCUMENTED: api.ask(DOCUMENTED_CREATE, **given),
        ApiDialect.INPUT: api.ask(CREATE_JOBS, input=given),
    }

    for form, answer in answers.items():
        assert ("errors" not in answer) == (dialect in (form, ApiDialect.BOTH))
    status = api.ask("{ automationJobsExport(id: 1) { downloadUrl } }")["errors"][0]["message"]
    assert ("Cannot query field" in status) == (dialect is ApiDialect.INPUT)


def test_a_rejected_mutation_creates_nothing(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(dialect="documented")

    connect(sandbox).error(CREATE_JOBS, input={"organizationId": ORGANIZATION_ID, "filter": "last_month"})

    assert sandbox.stats.exports.total() == 0


@pytest.mark.parametrize(
    "given",
    [
        {"organizationId": "300514001"},
        {"organizationId": 300514001, "period": "last_month"},
        {"organizationId": 300514001, "filter": {"operator": "and", "current_phase": "1"}},
        {"organizationId": 300514001, "filter": {"queries": []}},
        {"organizationId": 300514001, "filter": {"operator": "xor"}},
        {"organizationId": 300514001, "sortBy": {"field": "id", "direction": "up"}},
    ],
)
def test_unknown_keys_and_wrong_types_are_rejected(api: Api, given: dict[str, Any]) -> None:
    body = api.ask(CREATE_REPORT, input=given)

    assert "data" not in body
    assert "$input" in body["errors"][0]["message"]


def test_a_request_without_a_query_is_no_graphql(api: Api) -> None:
    assert api.http.post("/graphql", content=b"not json").status_code == 400
    assert api.http.post("/graphql", json={"query": "{ nonsense"}).json()["errors"]


def test_two_arguments_or_the_input_must_be_given(api: Api) -> None:
    error = api.error("mutation { createAutomationJobsExport { id } }")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_graphql_needs_a_post(sandbox: Sandbox) -> None:
    assert get(f"{sandbox.url}/graphql").status_code == 405
