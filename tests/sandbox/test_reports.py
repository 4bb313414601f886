from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sandbox.api_client import CREATE_REPORT, Api

from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, REPORT_ID, SECOND_ORGANIZATION_ID, Sandbox
from pipefy_exports_dagster.sandbox.fields import DATE_KINDS
from pipefy_exports_dagster.sandbox.reports import fields_of
from pipefy_exports_dagster.sandbox.settings import DateColumns

Rows = list[tuple[Any, ...]]
COLUMNS = [
    "title", "valor_total", "created_at", "priority", "satisfaction", "urgente", "labels", "current_phase", "pipe",
]  # fmt: skip


@pytest.fixture
def export(api: Api) -> Callable[..., Rows]:
    """Export a report and read its file without the headers."""
    return lambda **given: api.rows(api.create_report(**given)["fileURL"])[1:]


@pytest.fixture(scope="module")
def everything(sandbox: Sandbox) -> Rows:
    """All cards, with the columns that the filters below look at."""
    api = Api(sandbox.url)
    with api.http:
        return api.rows(api.create_report(columns=COLUMNS)["fileURL"])[1:]


def query(field: str, operator: str, value: Any = None, **more: str) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value, **more}


def both(*queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operator": "and", "queries": list(queries), **more}


def test_neither_columns_nor_a_report_gives_a_file_without_columns(api: Api) -> None:
    rows = api.rows(api.create_report()["fileURL"])

    assert all(cell is None for row in rows for cell in row)


def test_columns_come_in_the_order_asked_for(api: Api) -> None:
    header, *rows = api.rows(api.create_report(columns=["created_at", "id", "fornecedor"])["fileURL"])

    assert header == ("Criado em", "ID", "Fornecedor")
    assert len(rows) == 300


def test_a_report_gives_what_the_request_does_not_name(api: Api, export: Callable[..., Rows]) -> None:
    report = int(REPORT_ID) + 2
    header, *rows = api.rows(api.create_report(organizationReportId=report)["fileURL"])

    assert header[:5] == ("ID", "Título", "Pipe", "Fase atual", "Colaborador")
    amounts = [row[header.index("Valor total (R$)")] for row in rows]
    assert {row[2] for row in rows} == {"Reembolso de despesas"}
    assert min(amounts) > 1000
    assert amounts == sorted(amounts, reverse=True)
    own = export(organizationReportId=report, columns=["valor_total"], filter=both(query("id", "exists")))
    assert len(own) > len(rows)


def test_only_cards_of_the_named_pipes_are_listed(sandbox: Sandbox, export: Callable[..., Rows]) -> None:
    support = sandbox.world.organizations[ORGANIZATION_ID].pipes[3]

    rows = export(columns=["pipe"], pipeIds=[int(support.id)])

    assert {row[0] for row in rows} == {"Support tickets"}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (query("priority", "eq", "high"), lambda row: row[3] == "high"),
        (query("priority", "eq", ["high", "urgent"]), lambda row: row[3] in ("high", "urgent")),
        (query("priority", "not_eq", "high"), lambda row: row[3] != "high"),
        (query("title", "contains", "NOTA fiscal"), lambda row: "nota fiscal" in row[0].lower()),
        (query("title", "not_contains", "nota fiscal"), lambda row: "nota fiscal" not in row[0].lower()),
        (query("valor_total", "gt", "500"), lambda row: row[1] is not None and row[1] > 500),
        (query("valor_total", "lte", "500", type="number"), lambda row: row[1] is not None and row[1] <= 500),
        (query("created_at", "gte", "2026-10-01"), lambda row: row[2] >= datetime(2026, 10, 1)),  # noqa: DTZ001
        (query("created_at", "lt", "2026-10-01"), lambda row: row[2] < datetime(2026, 10, 1)),  # noqa: DTZ001
        (query("created_at", "lte", "2026-10-31"), lambda row: row[2].date() <= date(2026, 10, 31)),
        (
            query("created_at", "gt", "2026-10-01T12:00:00Z", type="date"),
            lambda row: row[2] > datetime(2026, 10, 1, 12),  # noqa: DTZ001
        ),
        (query("satisfaction", "exists"), lambda row: row[4] is not None),
        (query("satisfaction", "not_exists"), lambda row: row[4] is None),
        (query("urgente", "eq", "true", type="boolean"), lambda row: row[5] is True),
        (query("labels", "contains", "VIP"), lambda row: "VIP" in (row[6] or "")),
        (query("current_phase", "eq", "in_progress", type="select"), lambda row: row[7] == "In progress"),
        (query("pipe", "eq", "Contas a pagar", label="Pipe"), lambda row: row[8] == "Contas a pagar"),
        (
            both(
                query("priority", "eq", "low"),
                groups=[both(query("satisfaction", "gte", "3"), query("labels", "exists")) | {"operator": "or"}],
            ),
            lambda row: row[3] == "low" and ((row[4] or 0) >= 3 or row[6]),
        ),
        ({"operator": "or"}, lambda _: True),
    ],
    ids=lambda value: "rows" if callable(value) else str(value),
)  # fmt: skip
def test_a_filter_lists_exactly_the_rows_it_describes(
    everything: Rows,
    export: Callable[..., Rows],
    condition: dict[str, Any],
    holds: Callable[[tuple[Any, ...]], bool],
) -> None:
    filter_ = both(condition) if "field" in condition else condition

    listed = export(columns=COLUMNS, filter=filter_)

    assert listed == [row for row in everything if holds(row)]
    assert listed


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("field", ["valor_total", "vencimento", "prazo", "title"])
def test_rows_are_sorted_with_blanks_last(export: Callable[..., Rows], field: str, direction: str) -> None:
    rows = export(columns=[field], sortBy={"field": field, "direction": direction})

    values = [row[0] for row in rows]
    filled = [value for value in values if value is not None]
    assert values[: len(filled)] == filled
    key: Callable[[Any], Any] = lambda value: (isinstance(value, str), value)  # noqa: E731
    assert filled == sorted(filled, key=key, reverse=direction == "desc")
    assert filled


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"columns": ["no_such_field"]}, "unknown field 'no_such_field'"),
        ({"columns": ["id"], "sortBy": {"field": "nothing", "direction": "asc"}}, "unknown field 'nothing'"),
        ({"columns": ["id"], "filter": both(query("nothing", "eq", "1"))}, "filter.queries[0].field"),
        ({"columns": ["id"], "filter": both(query("id", "period", "1"))}, "period is not supported"),
        ({"columns": ["id"], "filter": both(groups=[both(query("id", "unknown"))])}, "filter.groups[0].queries[0]"),
        ({"columns": ["id"], "filter": both(query("id", "eq"))}, "eq needs a value"),
        ({"columns": ["id"], "filter": both(query("id", "gt", ["1", "2"]))}, "gt needs one value"),
        ({"columns": ["id"], "filter": both(query("created_at", "gt", "soon"))}, "'soon' is not a datetime"),
        ({"pipeIds": [1]}, "Pipe not found: 1"),
        ({"organizationReportId": 1}, "Organization report not found: 1"),
        ({"organizationReportId": int(REPORT_ID) + 1000}, "Organization report not found"),
    ],
    ids=str,
)  # fmt: skip
def test_what_means_nothing_is_refused_when_it_is_asked_for(
    sandbox: Sandbox, api: Api, given: dict[str, Any], message: str
) -> None:
    before = sandbox.stats.exports.total()

    error = api.error(CREATE_REPORT, input={"organizationId": int(ORGANIZATION_ID), **given})

    assert message in error["message"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "RESOURCE_NOT_FOUND")
    assert sandbox.stats.exports.total() == before


@pytest.mark.parametrize("value", [1, True, [1], {"a": "b"}])
def test_a_filter_value_is_a_string_or_a_list_of_strings(api: Api, value: object) -> None:
    given = {"organizationId": int(ORGANIZATION_ID), "filter": both(query("id", "eq", value))}

    assert "must be a string or a list of strings" in api.error(CREATE_REPORT, input=given)["message"]


def test_every_saved_report_can_be_exported(sandbox: Sandbox, api: Api) -> None:
    for report in sandbox.world.reports(SECOND_ORGANIZATION_ID):
        done = api.create_report(SECOND_ORGANIZATION_ID, organizationReportId=int(report.id))
        header, *_ = api.rows(done["fileURL"])
        fields = fields_of(sandbox.world.organizations[SECOND_ORGANIZATION_ID])
        dates = [name for name in report.fields if fields[name].kind in DATE_KINDS]
        assert len(header) == len(report.fields) - len(dates)


@pytest.mark.parametrize("date_columns", list(DateColumns))
def test_a_saved_reports_columns_of_dates_are_there_if_named_or_always(
    date_columns: DateColumns, start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(date_columns=date_columns)
    api = connect(sandbox)
    report = sandbox.world.reports(ORGANIZATION_ID)[1]
    given: dict[str, Any] = {"organizationReportId": int(report.id)}
    titles = tuple(
        fields_of(sandbox.world.organizations[ORGANIZATION_ID])[name].title for name in report.fields
    )
    assert "Criado em" in titles

    unnamed, *_ = api.rows(api.create_report(**given)["fileURL"])
    named, *_ = api.rows(api.create_report(**given, columns=list(report.fields))["fileURL"])

    assert named == titles
    always = date_columns is DateColumns.ALWAYS
    assert unnamed == (titles if always else tuple(title for title in titles if title != "Criado em"))


def test_a_filter_is_given_back_with_ids_that_a_request_may_not_have(sandbox: Sandbox, api: Api) -> None:
    report = next(r for r in sandbox.world.reports(ORGANIZATION_ID) if r.name == "Support backlog")
    ask = "query ($id: ID!) { organizationReport(id: $id) { filter } }"

    shown = api.data(ask, id=report.id)["organizationReport"]["filter"]

    assert {"id", "lastId"} <= shown.keys()
    assert "id" in shown["queries"][0]
    assert {"id", "lastId"} <= shown["groups"][0].keys()
    given = {"organizationId": int(ORGANIZATION_ID), "columns": ["id"], "filter": shown}
    assert "is not defined by type" in api.error(CREATE_REPORT, input=given)["message"]


def test_an_old_report_shows_a_filter_of_another_shape_and_applies_it(sandbox: Sandbox, api: Api) -> None:
    old = next(r for r in sandbox.world.reports(ORGANIZATION_ID) if r.name == "Concluídos")

    shown = api.data("query ($id: ID!) { organizationReport(id: $id) { filter cardCount } }", id=old.id)

    assert shown["organizationReport"]["filter"] == {"current_phase": ["done"]}
    created = api.create_report(organizationReportId=int(old.id), columns=list(old.fields))
    header, *rows = api.rows(created["fileURL"])
    assert all(row[header.index("Finalizado em")] for row in rows)
    assert len(rows) == shown["organizationReport"]["cardCount"]
