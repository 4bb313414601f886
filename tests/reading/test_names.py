from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.reading.names import column_names, folded, position_of, snake_case
from pipefy_exports_dagster.tables.lineage import LINEAGE

HEADERS = st.lists(
    st.text(max_size=12) | st.sampled_from(["a", "A", "a_2", "", "%", "column_1", "column_2", "_export_id"]),
    max_size=8,
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Data de Início", "data_de_inicio"),
        ("createdAt", "created_at"),
        ("PipeID", "pipe_id"),
        ("ID", "id"),
        ("  Nome   do\ncliente ", "nome_do_cliente"),
        ("Valor (R$)", "valor_r"),
        ("2026 total", "c_2026_total"),
        ("_export_id", "export_id"),
        ("日付", "日付"),
        ("İstanbul", "istanbul"),
        ("%", ""),
    ],
)
def test_a_header_becomes_snake_case(header: str, name: str) -> None:
    assert snake_case(header) == name


def test_duplicates_are_numbered_and_blanks_say_where_they_are() -> None:
    assert column_names(["Nome", "nome", "", "NOME", "nome_2", "%"]) == [
        "nome",
        "nome_2",
        "column_3",
        "nome_3",
        "nome_2_2",
        "column_6",
    ]


def test_the_table_decides_what_a_known_header_is_called() -> None:
    assert column_names(["b", "A", "a"], {"a": ["a"], "A": ["a_2"]}) == ["b", "a_2", "a"]
    assert column_names(["a", "a"], {"a": ["a", "a_2"]}) == ["a", "a_2"]
    assert column_names(["b"], {"B.": ["b"]}) == ["b_2"]


@given(HEADERS)
def test_names_are_unique_and_never_ours(headers: list[str]) -> None:
    names = column_names(headers)
    assert len({name.lower() for name in names}) == len(headers)
    assert not set(names) & set(LINEAGE)
    assert all(name and not name.startswith("_") for name in names)


@given(HEADERS)
def test_the_same_headers_keep_their_names(headers: list[str]) -> None:
    names = column_names(headers)
    known: dict[str, list[str]] = {}
    for header, name in zip(headers, names, strict=True):
        known.setdefault(header, []).append(name)
    assert column_names(headers, known) == names


SPELLINGS = [
    "Título",
    "Título ",
    "\u00a0Título",
    "TÍTULO",
    "título",
    "Ti\u0301tulo",
    "Titulo",
    "\ufeffTítulo",
    "T\u00adítulo",
    "Ｔítulo",  # noqa: RUF001  full width
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_header_that_differs_in_spelling_only_keeps_the_column(spelling: str) -> None:
    assert column_names([spelling, "x"], {"Título": ["titulo"]}) == ["titulo", "x"]
    assert column_names(["Título"], {spelling: ["titulo"]}) == ["titulo"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Valor", "Valor:"),
        ("Data de Início", "Data do Início"),
        ("ハ", "バ"),
        ("Й", "И"),
        ("a b", "ab"),
        ("%", "#"),
    ],
)
def test_headers_that_are_not_the_same_are_not_folded_together(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_blanks_within_a_header_are_one() -> None:
    assert folded("Data\u00a0de \n Início") == folded("data de inicio")


def test_an_exact_spelling_comes_before_a_folded_one() -> None:
    known = {"Data": ["data"], "DATA": ["data_2"]}
    assert column_names(["DATA"], known) == ["data_2"]
    assert column_names(["DATA", "Data"], known) == ["data_2", "data"]
    assert column_names(["Data", "data"], known) == ["data", "data_2"]  # only these two are left


def test_nothing_is_guessed_where_spelling_does_not_decide() -> None:
    assert column_names(["data"], {"Data": ["data"], "DATA": ["data_2"]}) == ["data_3"]
    assert column_names(["data", "DATA"], {"Data": ["data"]}) == ["data_2", "data_3"]
    assert column_names(["VALOR", "VALOR"], {"Valor": ["valor", "valor_2"]}) == ["valor_3", "valor_4"]
    assert column_names(["DATA", "DATA"], {"Data": ["data"], "DATA": ["data_2"]}) == ["data_2", "data_3"]
    assert column_names(["Data", "DATA"], {"Data": ["data", "data_2"]}) == ["data", "data_3"]


def test_headers_of_one_file_that_differ_in_case_stay_two_columns() -> None:
    assert column_names(["Data", "DATA"]) == ["data", "data_2"]
    assert column_names(["Data", "DATA"], {"Data": ["data"]}) == ["data", "data_2"]


def test_a_configured_column_is_found_by_name_header_or_another_spelling() -> None:
    columns = [("id", "ID"), ("created_at", "createdAt"), ("data", "Data"), ("data_2", "DATA")]
    assert position_of("created_at", columns) == position_of("CREATEDAT", columns) == 1
    assert position_of("Created  At ", columns) == 1
    assert position_of("DATA", columns) == 3
    assert position_of("data_2", columns) == 3
    assert position_of("Date", columns) is None
    assert position_of("%", columns) is None
    assert position_of("A-B", [("ab", "AB"), ("ab_2", "aB")]) is None


@given(st.text(max_size=12), st.sampled_from([str.upper, str.title, lambda text: f" {text}\t"]))
def test_folding_knows_no_case_and_no_blanks_around(header: str, spelt: Callable[[str], str]) -> None:
    assert folded(folded(header)) == folded(header)
    if header.isascii():
        assert folded(spelt(header)) == folded(header)


SPELT = st.lists(
    st.sampled_from(["a", "A", " a", "á", "a_2", "A 2", "b", "B", "", "%", "column_1", "İ", "i"]), max_size=6
)


@given(SPELT, SPELT)
def test_what_a_load_called_a_header_the_next_one_calls_it_again(first: list[str], second: list[str]) -> None:
    table = list(zip(column_names(first), first, strict=True))

    def known() -> dict[str, list[str]]:
        by_header: dict[str, list[str]] = {}
        for name, header in table:
            by_header.setdefault(header, []).append(name)
        return by_header

    names = column_names(second, known())
    assert len({name.lower() for name in names}) == len(second)
    spelt = dict(zip(names, second, strict=True))
    table = [(name, spelt.pop(name, header) if snake_case(header) else header) for name, header in table]
    table += [(name, header) for name, header in spelt.items() if name not in dict(table)]
    assert column_names(second, known()) == names


def test_a_letter_with_thousands_of_marks_is_named_in_the_same_way() -> None:
    header = "Cliente a" + "\u0301\u0323" * 5_000
    assert snake_case(header) == "cliente_a"
    assert folded(header) == folded(header.upper()) == "cliente a"


def test_thousands_of_headers_of_one_name_are_numbered() -> None:
    headers = ["a", "a_3", *["a"] * 2_998]
    names = column_names(headers)
    assert names[:5] == ["a", "a_3", "a_2", "a_4", "a_5"]
    assert len(set(names)) == len(headers)
