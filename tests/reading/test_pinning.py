from decimal import Decimal

import pytest
from support.loader import Loader

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError, LoadFailedError, ValueDoesNotFitError


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
        ("BIGINT", "1e3", "1.0000000000000000001"),
        ("HUGEINT", "12345678901234567890123", "1.5"),
        ("DECIMAL(38,0)", "123456789012345678901234567890", "0.1"),
        ("DECIMAL(38,20)", "0.12345678901234567891", "0.123456789012345678911"),
        ("DOUBLE", "0.30000000000000004", "12345678901234567891"),
        ("DOUBLE", "1e300", "1e400"),
        ("DOUBLE", "NaN", "1e-400"),
        ("FLOAT", "0.1", "16777217"),
        ("TIMESTAMP", "2026-11-01 10:00:00.123456000", "2026-11-01 10:00:00.1234567"),
        ("TIMESTAMP WITH TIME ZONE", "2026-11-01 10:00:00.5+02", "2026-11-01 10:00:00.1234567+02"),
        ("TIME", "10:00:00.5", "10:00:00.1234567"),
        ("TIMESTAMP_S", "2026-11-01 10:00:00", "2026-11-01 10:00:00.5"),
        ("INTERVAL", "36:00:00", "1 month"),
    ],
)
def test_a_value_that_does_not_fit_fails_the_load_and_the_old_slice_stays(
    loader: Loader, type_: str, good: str, bad: str
) -> None:
    loader.load_here(loader.csv(f"id,v\n1,{good}\n"), options=pinned(v=type_))
    assert loader.types()["v"] == type_
    misfits = loader.csv(f"id,v\n1,{good}\n2,\n3,{bad}\n4,{bad}\n")
    with pytest.raises(ValueDoesNotFitError, match="data row 3") as caught:
        loader.load_here(misfits, options=pinned(v=type_))
    assert (caught.value.column, caught.value.row, caught.value.value) == ("v", 3, bad)
    assert loader.query("SELECT count(v) FROM jobs") == [(1,)]


def test_the_reading_process_hands_on_which_value_does_not_fit(loader: Loader) -> None:
    with pytest.raises(ValueDoesNotFitError, match="data row 2") as caught:
        loader.load("id,v\n1,5\n2,x\n", options=pinned(v="BIGINT"))
    assert (caught.value.column, caught.value.row, caught.value.value) == ("v", 2, "x")


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


def test_a_huge_integer_keeps_each_digit(loader: Loader) -> None:
    digits = "170141183460469231731687303715884105727"
    loader.load_here(loader.csv(f"id,v\n1,{digits}\n"), options=pinned(v="HUGEINT"))
    assert loader.column("v") == [int(digits)]


COMMA = ReadOptions(decimal_mark=",", column_types={"v": "DECIMAL(10,2)"})


def test_a_decimal_mark_is_for_text_and_a_number_cell_stays_what_it_is(loader: Loader) -> None:
    double = ReadOptions(decimal_mark=",", column_types={"v": "DOUBLE"})
    loader.load_here(loader.xlsx([["id", "v"], [1, 1.234], [2, 3]]), options=double)
    assert loader.column("v") == [1.234, 3.0]
    loader.load_here(loader.xlsx([["id", "v"]]), options=double)
    loader.load_here(loader.xlsx([["id", "v"], [1, 12.5], [2, "1.234,56"]]), options=COMMA)
    assert loader.column("v") == [Decimal("12.50"), Decimal("1234.56")]


@pytest.mark.parametrize("value", ["12.5", "1.23,5", "1,234.56"])
def test_a_pinned_number_that_is_written_with_another_mark_does_not_fit(loader: Loader, value: str) -> None:
    loader.load_here(loader.csv("id;v\n1;1.234,56\n"), options=COMMA)
    assert loader.column("v") == [Decimal("1234.56")]
    with pytest.raises(ValueDoesNotFitError, match=value):
        loader.load_here(loader.csv(f"id;v\n1;{value}\n"), options=COMMA)


def test_a_number_that_could_be_two_among_number_cells_and_texts_does_not_fit(loader: Loader) -> None:
    options = ReadOptions(decimal_mark=",", column_types={"v": "DOUBLE"})
    with pytest.raises(ValueDoesNotFitError, match=r"'1\.234'"):
        loader.load_here(loader.xlsx([["id", "v"], [1, 1.234], [2, "5,5"]]), options=options)


def test_a_pinned_time_beside_a_date_format_keeps_its_zone(loader: Loader) -> None:
    source = loader.csv("id;v\n1;03/04/2026\n2;2026-11-01T10:00:00-03:00\n")
    zoned = ReadOptions(date_format="%d/%m/%Y", column_types={"v": "TIMESTAMP WITH TIME ZONE"})
    loader.load_here(source, options=zoned)
    assert loader.texts(["v"]) == [["2026-04-03 00:00:00+00"], ["2026-11-01 13:00:00+00"]]
    with pytest.raises(ValueDoesNotFitError, match="data row 2"):
        loader.load_here(source, options=ReadOptions(date_format="%d/%m/%Y", column_types={"v": "TIMESTAMP"}))


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


def test_a_date_format_takes_no_more_digits_than_a_timestamp_keeps(loader: Loader) -> None:
    source = loader.csv("k;v\n1;03/04/2026 10:11:12.123456789\n")
    loader.load_here(source, options=ReadOptions(date_format="%d/%m/%Y %H:%M:%S.%n"))
    assert loader.column("v") == ["03/04/2026 10:11:12.123456789"]
