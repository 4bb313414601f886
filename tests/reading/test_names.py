import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.loading.lineage import LINEAGE
from pipefy_exports_dagster.reading.names import column_names, snake_case

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
    assert column_names(["á"], {"a": ["a"]}) == ["a_2"]


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
