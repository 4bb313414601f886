import pytest
from support.loader import Loader


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-5", "0"], "BIGINT"),
        (["123456789012345678"], "BIGINT"),
        (["1.5", "2"], "DOUBLE"),
        (["12.50", "3.00"], "DOUBLE"),
        (["1e-05", "1e+20"], "DOUBLE"),
        (["1.5e+20", "-0", "5.0"], "DOUBLE"),
        (["1234567890.123456789", "1"], "DECIMAL(19,9)"),
        (["true", "false"], "BOOLEAN"),
        (["TRUE", "FALSE"], "BOOLEAN"),
        (["2026-11-01"], "DATE"),
        (["2026-11-01T10:00:00", "2026-11-01 10:00:00.123456"], "TIMESTAMP"),
        (["2026-11-01T10:00:00Z", "2026-11-01T10:00:00-03:00"], "TIMESTAMP WITH TIME ZONE"),
        (["007", "1"], "VARCHAR"),
        (["1234567890123456789"], "VARCHAR"),
        (["0.1", "12345678901234567890123456789012345678.5"], "VARCHAR"),
        (["+5"], "VARCHAR"),
        ([" 5"], "VARCHAR"),
        (["1_000"], "VARCHAR"),
        (["0x1F"], "VARCHAR"),
        (["1E5"], "VARCHAR"),
        (["NaN", "1"], "VARCHAR"),
        (["inf", "1.5"], "VARCHAR"),
        (["N/A", "1"], "VARCHAR"),
        (["yes", "t"], "VARCHAR"),
        (["1", "true"], "VARCHAR"),
        (["1.234,56"], "VARCHAR"),
        (["03/04/2026"], "VARCHAR"),
        (["2026-02-30"], "VARCHAR"),
        (["2026-1-1"], "VARCHAR"),
        (["infinity"], "VARCHAR"),
        (["10000-01-01 00:00:00", "2026-11-01 10:00:00"], "VARCHAR"),
        (["0044-03-15 (BC) 00:00:00", "2026-11-01 10:00:00"], "VARCHAR"),
        (["2026-11-01 10:00:00+00", "10000-01-01 00:00:00+00"], "VARCHAR"),
        (["2026-11-01T24:00:00"], "VARCHAR"),
        (["2026-11-01T10:00:00.1234567"], "VARCHAR"),
        (["2026-11-01T10:00:00", "2026-11-01T10:00:00Z"], "VARCHAR"),
        (["+55 11 99999-0000"], "VARCHAR"),
        (["123.456.789-09"], "VARCHAR"),
    ],
)  # fmt: skip
def test_text_takes_a_type_only_if_it_says_the_same(loader: Loader, values: list[str], type_: str) -> None:
    report = loader.load_here(loader.csv("k;v\n" + "".join(f"k;{value}\n" for value in values)))
    assert loader.types()["v"] == type_
    if type_ == "VARCHAR":
        assert loader.column("v") == values
    assert report.rows == len(values)


def test_one_value_in_the_last_row_decides_the_type(loader: Loader) -> None:
    loader.load_here(loader.csv("k,v\n" + "k,1\n" * 30_000 + "k,x\n"))
    assert loader.types()["v"] == "VARCHAR"
    assert loader.query("SELECT v, _file_row FROM jobs WHERE v <> '1'") == [("x", 30_001)]


@pytest.mark.parametrize("header", ["CPF", "Telefone celular", "cnpj_da_empresa", "CEP"])
def test_a_number_that_identifies_stays_text(loader: Loader, header: str) -> None:
    report = loader.load_here(loader.csv(f"k,{header}\n1,12345678909\n"))
    assert [column.type for column in report.columns] == ["BIGINT", "VARCHAR"]


def test_rows_keep_the_order_of_the_file(loader: Loader) -> None:
    loader.load_here(loader.csv("n,t\n" + "".join(f"{n},x\n" for n in range(300_000))))
    assert loader.query("SELECT count(*) FROM jobs WHERE n + 1 <> _file_row") == [(0,)]


def test_rows_of_a_large_workbook_keep_the_order_of_the_file(loader: Loader) -> None:
    loader.load_here(loader.xlsx([["n", "t"], *([n, f"text of some length {n}"] for n in range(30_000))]))
    assert loader.query(
        "SELECT count(*) FROM jobs WHERE n + 1 <> _file_row OR t <> 'text of some length ' || n"
    ) == [(0,)]
