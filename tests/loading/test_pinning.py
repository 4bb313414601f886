from decimal import Decimal

import pytest

from pipefy_exports_dagster.errors import ConfigurationError, LoadFailedError, ValueDoesNotFitError
from pipefy_exports_dagster.loading import ReadOptions

from .conftest import Loader


def pinned(**column_types: str) -> ReadOptions:
    return ReadOptions(column_types=column_types)


@pytest.mark.parametrize("by", ["valor_total", "Valor Total"])
def test_a_type_is_pinned_by_name_or_by_header(loader: Loader, by: str) -> None:
    loader.load_here(
        loader.csv("id,Valor Total\n1,12.5\n2,\n"), options=ReadOptions(column_types={by: "DECIMAL(18,2)"})
    )
    assert loader.types() == {"id": "BIGINT", "valor_total": "DECIMAL(18,2)"}
    assert loader.column("valor_total") == [Decimal("12.50"), None]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("BIGINT", "007", "1.5"),
        ("INTEGER", "5", "3000000000"),
        ("DECIMAL(5,1)", "12.5", "12.55"),
        ("DOUBLE", "1e5", "x"),
        ("DATE", "2026-11-01", "2026-11-01 10:00"),
        ("TIMESTAMP", "2026-11-01 10:00", "2026-11-01 10:00:00+02"),
        ("BOOLEAN", "true", "perhaps"),
    ],
)
def test_a_value_that_does_not_fit_fails_the_load_and_the_old_slice_stays(
    loader: Loader, type_: str, good: str, bad: str
) -> None:
    loader.load(f"id,v\n1,{good}\n", options=pinned(v=type_))
    assert loader.types()["v"] == type_
    with pytest.raises(ValueDoesNotFitError, match="data row 3") as caught:
        loader.load(f"id,v\n1,{good}\n2,\n3,{bad}\n4,{bad}\n", options=pinned(v=type_))
    assert (caught.value.column, caught.value.row, caught.value.value) == ("v", 3, bad)
    assert len(loader.column("v")) == 1


def test_a_workbooks_column_can_be_pinned_too(loader: Loader) -> None:
    loader.load_here(
        loader.xlsx([["id", "n"], [1, 12.0], [2, 3]]), options=pinned(id="VARCHAR", n="DECIMAL(10,2)")
    )
    assert loader.query("SELECT id, n FROM jobs ORDER BY id") == [
        ("1", Decimal("12.00")),
        ("2", Decimal("3.00")),
    ]


def test_the_row_of_a_workbooks_misfit_is_named(loader: Loader) -> None:
    with pytest.raises(ValueDoesNotFitError, match=r"data row 2.*'n/a'"):
        loader.load_here(loader.xlsx([["id", "n"], [1, 12.0], [2, "n/a"]]), options=pinned(n="DOUBLE"))


def test_what_the_table_holds_is_never_bent_to_a_pinned_type(loader: Loader) -> None:
    loader.load_here(loader.csv("id,v\n1,abc\n"))
    with pytest.raises(LoadFailedError, match="'abc'"):
        loader.load_here(loader.csv("id,v\n1,5\n"), options=pinned(v="BIGINT"))
    assert loader.column("v") == ["abc"]


@pytest.mark.parametrize("type_", ["NOTATYPE", "BIGINT); DROP TABLE jobs; --"])
def test_a_type_that_does_not_exist_is_a_configuration_error(loader: Loader, type_: str) -> None:
    with pytest.raises(ConfigurationError, match="not a type of DuckDB"):
        loader.load("id,v\n1,5\n", options=pinned(v=type_))


def test_a_decimal_mark_makes_numbers_of_text(loader: Loader) -> None:
    source = loader.csv('a;b;c;d\n"1.234,56";1,5;1.234;x,y\n"2,00";2;5;1,2\n')
    loader.load_here(source, options=ReadOptions(decimal_mark=","))
    assert loader.types() == {"a": "DOUBLE", "b": "DOUBLE", "c": "BIGINT", "d": "VARCHAR"}
    assert loader.query("SELECT a, b, c, d FROM jobs ORDER BY a") == [
        (2.0, 2.0, 5, "1,2"),
        (1234.56, 1.5, 1234, "x,y"),
    ]


def test_a_date_format_makes_dates_of_text(loader: Loader) -> None:
    source = loader.xlsx(
        [
            ["d", "iso", "not"],
            ["03/04/2026", "2026-11-01", "31/02/2026"],
            ["13/04/2026", "2026-11-02", "01/01/2026"],
        ]
    )
    loader.load_here(source, options=ReadOptions(date_format="%d/%m/%Y"))
    assert loader.types() == {"d": "DATE", "iso": "DATE", "not": "VARCHAR"}
    assert [str(value) for value in loader.column("d")] == ["2026-04-03", "2026-04-13"]
