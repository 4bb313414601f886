"""Pipes and their reports, as the vendor's own client asks for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sandbox.api_client import Api

from pipefy_exports_dagster.sandbox import (
    FORBIDDEN_ORGANIZATION_ID,
    ORGANIZATION_ID,
    PIPE_ID,
    PIPE_REPORT_ID,
    REPORT_ID,
    RESTRICTED_TOKEN,
    Sandbox,
)
from pipefy_exports_dagster.sandbox.exports import SandboxExportKind

PIPE = "query ($id: ID!) { pipe(id: $id) { id uuid name } }"
REPORTS = """query ($pipe: String!, $first: Int, $after: String) {
  pipeReports(pipeUuid: $pipe, first: $first, after: $after) {
    edges { node { id name color fields filter sortBy { field direction } createdAt lastUpdatedAt } }
    pageInfo { hasNextPage endCursor }
  }
}"""
CREATE = """mutation ($input: ExportPipeReportInput!) {
  exportPipeReport(input: $input) { pipeReportExport { id state fileURL } }
}"""
STATUS = """query ($id: ID!) {
  pipeReportExport(id: $id) { id state startedAt finishedAt fileURL requestedBy { id name } }
}"""


def uuid_of(api: Api, pipe_id: str = PIPE_ID) -> str:
    uuid: str = api.data(PIPE, id=pipe_id)["pipe"]["uuid"]
    return uuid


def create(api: Api, **given: Any) -> dict[str, Any]:
    data = api.data(CREATE, input={"pipeId": PIPE_ID, "pipeReportId": PIPE_REPORT_ID, **given})
    export: dict[str, Any] = data["exportPipeReport"]["pipeReportExport"]
    return export


def test_the_pipes_of_an_organization_have_no_uuid_and_are_found_by_name(sandbox: Sandbox, api: Api) -> None:
    pipes = sandbox.world.organizations[ORGANIZATION_ID].pipes
    found = api.data("{ organizations { id pipes { id name } } }")["organizations"][0]["pipes"]
    assert found == [{"id": pipe.id, "name": pipe.name} for pipe in pipes]
    found = api.data('{ organizations { pipes(name_search: "SUPPORT") { name } } }')["organizations"][0][
        "pipes"
    ]
    assert found == [{"name": "Support tickets"}]
    assert "Cannot query field 'uuid'" in api.error("{ organizations { pipes { uuid } } }")["message"]


def test_a_pipes_reports_come_in_pages(start: Callable[..., Sandbox], connect: Callable[..., Api]) -> None:
    api = connect(start(pipes=6, pipe_reports=40))
    pipe, after = uuid_of(api), None
    ids: list[str] = []
    while not ids or after:
        page = api.data(REPORTS, pipe=pipe, first=3, after=after)["pipeReports"]
        ids += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert ids == [str(int(PIPE_REPORT_ID) + 6 * number) for number in range(7)]


def test_asking_for_the_number_of_cards_fails_beside_the_rest(api: Api) -> None:
    query = "query ($pipe: String!) { pipeReports(pipeUuid: $pipe) { nodes { id cardCount } } }"
    body = api.ask(query, pipe=uuid_of(api))
    assert body["errors"]
    assert body["data"]["pipeReports"]["nodes"][0] == {"id": PIPE_REPORT_ID, "cardCount": None}


def test_columns_have_a_name_for_requests_and_a_label_for_files(api: Api) -> None:
    query = """query ($pipe: String!) {
      pipeReportColumns(pipeUuid: $pipe) { name label type visible archived options { id name } }
    }"""
    columns = api.data(query, pipe=uuid_of(api))["pipeReportColumns"]
    assert {"created_at": "Criado em", "fornecedor": "Fornecedor"}.items() <= {
        column["name"]: column["label"] for column in columns
    }.items()
    assert "customer" not in {column["name"] for column in columns}


def test_a_report_is_exported_and_holds_the_cards_of_its_pipe(sandbox: Sandbox, api: Api) -> None:
    export = create(api, columns=["pipe", "created_at"])
    assert (export["state"], export["fileURL"] is not None) == ("done", True)
    header, *rows = api.rows(api.data(STATUS, id=export["id"])["pipeReportExport"]["fileURL"])
    assert header == ("Pipe", "Criado em")
    assert {row[0] for row in rows} == {sandbox.world.pipe(id_=PIPE_ID)[1].name}
    unnamed, *_ = api.rows(create(api)["fileURL"])
    assert "Criado em" not in unnamed


def test_exports_of_two_kinds_are_told_apart_though_their_ids_may_be_equal(
    sandbox: Sandbox, api: Api
) -> None:
    export = create(api)
    sandbox.exports.fail(export["id"], SandboxExportKind.ORGANIZATION_REPORT)
    assert api.data(STATUS, id=export["id"])["pipeReportExport"]["state"] == "done"
    sandbox.faults.arm("pipeReportExport:failed-export:1:error")
    assert api.data(STATUS, id=export["id"])["pipeReportExport"]["state"] == "error"
    assert api.data(STATUS, id=export["id"])["pipeReportExport"]["state"] == "failed"


def test_a_pipe_takes_so_many_exports_in_a_day(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(pipe_exports_per_day=2)
    api = connect(sandbox)
    create(api)
    create(api)
    given = {"pipeId": PIPE_ID, "pipeReportId": PIPE_REPORT_ID}
    assert "limit of 2 exports in 24 hours" in api.error(CREATE, input=given)["message"]
    sandbox.clock.advance(timedelta(hours=25))
    assert create(api)["id"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pipeId": "1"}, "Pipe not found: 1"),
        ({"pipeReportId": REPORT_ID}, "Pipe report not found"),
        ({"pipeReportId": str(int(PIPE_REPORT_ID) + 1)}, "Pipe report not found"),
        ({"columns": ["customer"]}, "unknown field 'customer'"),
        (
            {"pipeId": str(int(PIPE_ID) + 100 * (int(FORBIDDEN_ORGANIZATION_ID) - int(ORGANIZATION_ID)))},
            "Permission",
        ),
    ],
)
def test_what_there_is_not_is_refused(sandbox: Sandbox, api: Api, given: dict[str, Any], said: str) -> None:
    before = sandbox.stats.exports.total()
    error = api.error(CREATE, input={"pipeId": PIPE_ID, "pipeReportId": PIPE_REPORT_ID, **given})
    assert said in error["message"]
    assert error["extensions"]["correlation_id"]
    assert sandbox.stats.exports.total() == before


def test_pipes_of_another_organization_may_not_be_seen(sandbox: Sandbox, connect: Callable[..., Api]) -> None:
    restricted = connect(sandbox, RESTRICTED_TOKEN)
    assert restricted.error(PIPE, id=PIPE_ID)["extensions"]["code"] == "PERMISSION_DENIED"
