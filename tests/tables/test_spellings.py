# ruff: noqa: DTZ001  naive times are UTC, as in the table
"""The same header, spelt otherwise from month to month, is one column; its comment keeps the newest spelling."""

from collections.abc import Callable
from datetime import date, datetime

import duckdb
import pytest
from support.loader import Loader, over_stores

from pipefy_exports_dagster.cli.load.dry_run import plan_load
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.worker import read
from pipefy_exports_dagster.tables import ChangeKind, LoadReport, Slice, workspace
from pipefy_exports_dagster.tables.month import MonthReport, MonthSlice, replace_month
from pipefy_exports_dagster.tables.slice_queries import SliceQueries
from pipefy_exports_dagster.text.quoting import markdown_code

SliceOf = Callable[..., Slice]
Load = Callable[..., LoadReport]


@pytest.fixture
def load(loader: Loader, slice_of: SliceOf) -> Load:
    """Load a header and one row below it as the export of a day, into a slice of its own."""

    def one(*header: str, day: int, period: str = "", **pins: str) -> LoadReport:
        path = loader.xlsx([list(header), [f"{name.strip()} {day}" for name in header]])
        slice_ = slice_of(
            period_filter=period or f"day-{day}", export_id=f"e{day}", exported_at=datetime(2026, 11, day)
        )
        return loader.load_here(path, slice_=slice_, options=ReadOptions(column_types=pins))

    return one


def comments(loader: Loader) -> dict[str, str]:
    found = loader.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'jobs'")
    return {name: comment for name, comment in found if not name.startswith("_")}


@pytest.mark.parametrize("spelling", ["Título ", "TÍTULO", "Ti\u0301tulo", "titulo"])
def test_another_spelling_is_the_same_column(loader: Loader, load: Load, spelling: str) -> None:
    load("ID", "Título", day=1)
    report = load(spelling, "ID", day=2)
    assert loader.types() == {"id": "VARCHAR", "titulo": "VARCHAR"}
    assert loader.column("titulo") == ["Título 1", f"{spelling.strip()} 2"]
    assert comments(loader)["titulo"] == spelling
    assert [(change.kind, change.column) for change in report.changes] == [(ChangeKind.RESPELLED, "titulo")]
    assert str(report.changes[0]) == (
        f"column 'titulo' keeps its name; its header is {markdown_code(spelling)} now, and was `Título`"
    )


@over_stores
def test_the_newest_spelling_stays_when_an_older_export_is_loaded(loader: Loader, load: Load) -> None:
    load("Título", day=3)
    load("TÍTULO", day=5)
    assert load("Título", day=4).changes == ()
    assert load("titulo", day=2).changes == ()
    assert comments(loader) == {"titulo": "TÍTULO"}
    assert len(loader.column("titulo")) == 4


def test_a_spelling_that_changes_within_a_slice_and_back_costs_no_column(loader: Loader, load: Load) -> None:
    for day, spelling in enumerate(["Título", "TÍTULO", "Título", "Título "], 1):
        load(spelling, day=day, period="last_month")
    assert comments(loader) == {"titulo": "Título "}
    assert loader.column("titulo") == ["Título 4"]


@over_stores
def test_a_table_that_has_three_columns_of_one_header_goes_on_with_each(loader: Loader, load: Load) -> None:
    """As the release before made them."""
    load("Título", "Título ", "TÍTULO", day=1)
    assert comments(loader) == {"titulo": "Título", "titulo_2": "Título ", "titulo_3": "TÍTULO"}
    report = load("Título ", day=2)
    assert {change.kind for change in report.changes} == {ChangeKind.MISSING}
    assert loader.column("titulo_2") == ["Título 1", "Título 2"]
    load("titulo", day=3)
    assert comments(loader)["titulo_4"] == "titulo"


def test_two_headers_of_a_file_that_differ_in_case_stay_two_columns(loader: Loader, load: Load) -> None:
    load("Data", day=1)
    assert [change.kind for change in load("Data", "DATA", day=2).changes] == [ChangeKind.ADDED]
    assert comments(loader) == {"data": "Data", "data_2": "DATA"}
    load("data", "DaTA", day=3)
    assert comments(loader) == {"data": "Data", "data_2": "DATA", "data_3": "data", "da_ta": "DaTA"}


def test_a_respelled_column_widens_and_keeps_indexes_and_views(loader: Loader, slice_of: SliceOf) -> None:
    loader.load_here(loader.csv("id,Valor\n1,2\n"), slice_=slice_of(period_filter="a"))
    loader.execute("CREATE INDEX by_valor ON jobs(valor); CREATE VIEW v AS SELECT valor FROM jobs")
    later = slice_of(period_filter="b", exported_at=datetime(2026, 12, 1))
    report = loader.load_here(loader.csv("id,VALOR\n1,x\n"), slice_=later)
    assert {change.kind for change in report.changes} == {ChangeKind.WIDENED, ChangeKind.RESPELLED}
    assert loader.query("SELECT valor FROM v ORDER BY ALL") == [("2",), ("x",)]
    assert loader.query("SELECT index_name FROM duckdb_indexes()") == [("by_valor",)]
    assert comments(loader) == {"id": "id", "valor": "VALOR"}
    again = slice_of(period_filter="b", export_id="again", exported_at=datetime(2026, 12, 2))
    assert loader.load_here(loader.csv("id,valor\n1,y\n"), slice_=again).changes != ()
    assert comments(loader)["valor"] == "valor"


@over_stores
def test_a_type_stays_pinned_when_the_header_is_spelt_otherwise(loader: Loader, slice_of: SliceOf) -> None:
    options = ReadOptions(column_types={"valorTotal": "DECIMAL(9,2)", "created_at": "VARCHAR"})
    for day, header in enumerate(
        ["valorTotal,createdAt", "VALORTOTAL,CREATEDAT", "ValorTotal ,createdat"], 1
    ):
        slice_ = slice_of(period_filter=f"day-{day}", exported_at=datetime(2026, 12, day))
        loader.load_here(loader.csv(f"{header}\n{day},2026-01-0{day}\n"), slice_=slice_, options=options)
    assert loader.types() == {"valor_total": "DECIMAL(9,2)", "created_at": "VARCHAR"}


@over_stores
def test_a_dry_run_says_the_same(loader: Loader, load: Load, slice_of: SliceOf) -> None:
    load("Título", day=1)
    later = slice_of(period_filter="b", exported_at=datetime(2026, 12, 1))
    with workspace(loader.database) as folder:
        staged = read(loader.xlsx([["TÍTULO"], ["x"]]), folder=folder, options=ReadOptions(), started=0.0)
        report = plan_load(
            staged, database=loader.tables, schema="main", table="jobs", slice_=later, lock_timeout_s=1
        )
    assert [(column.name, column.header) for column in report.columns] == [("titulo", "TÍTULO")]
    assert [change.kind for change in report.changes] == [ChangeKind.RESPELLED]
    assert comments(loader) == {"titulo": "Título"}


@over_stores
def test_months_in_any_order_give_one_column_with_the_newest_spelling(
    loader: Loader, slice_of: SliceOf
) -> None:
    def build(month: int, header: str) -> MonthReport:
        path = loader.csv(f"{header}\n2026-{month:02}-05,x\n")
        export = slice_of(export_id=f"e{month}", exported_at=datetime(2026, month + 1, 1))
        with workspace(loader.database) as folder:
            staged = read(path, folder=folder, options=ReadOptions(), started=0.0)
            return replace_month(
                staged,
                database=loader.tables,
                table="jobs",
                slice_=MonthSlice(date(2026, month, 1), True, export),
                month_sql="CAST(date_trunc('month', c0) AS DATE)",
                rows=1,
                may_replace=lambda _: True,
            )

    assert build(6, "Criado em,Título").changes == ()
    assert [change.kind for change in build(8, "CRIADO EM,TÍTULO").changes] == [ChangeKind.RESPELLED] * 2
    for month, header in ((7, "Criado em,Titulo "), (6, "Criado em,Título"), (8, "CRIADO EM,TÍTULO")):
        report = build(month, header)
        assert report.changes == ()
        assert [column.name for column in report.columns] == ["criado_em", "titulo"]
    assert comments(loader) == {"criado_em": "CRIADO EM", "titulo": "TÍTULO"}
    assert loader.query("SELECT month(_month), month(criado_em), titulo FROM jobs ORDER BY ALL") == [
        (month, month, "x") for month in (6, 7, 8)
    ]


@pytest.mark.parametrize("configured", ["Código", "codigo", "CODIGO ", "CÓDIGO"])
def test_a_key_is_found_by_each_spelling_of_its_header(loader: Loader, load: Load, configured: str) -> None:
    load("ID", "Código", day=1)
    load("ID", "CODIGO", day=2)
    with duckdb.connect(loader.database, read_only=True) as connection:
        kept = SliceQueries.find(connection, "jobs", "301")
        assert kept is not None
        column = kept.column(configured)
        assert column is not None
        assert (column.name, column.header) == ("codigo", "CODIGO")
        assert kept.column("Códigos") is None
