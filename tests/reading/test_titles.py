# ruff: noqa: E501, PLR0917  files and cases read better in one line; each part of a case is an argument
"""Titles above the header of a delimited file, and files that only look like they had one."""

import pytest
from support.loader import Loader

from pipefy_exports_dagster.errors import UnreadableFileError

TABLE = ["Código,Título,Valor", "1,um,10", "2,dois,20", "3,três,30"]
TITLES = {
    "one line": (["Relatório de cards"], ("Relatório de cards",)),
    "padded with separators": (["Relatório de cards,,"], ("Relatório de cards",)),
    "in another column": ([",Relatório de cards,"], ("Relatório de cards",)),
    "in quotes": (['"Relatório de cards"'], ("Relatório de cards",)),
    "in quotes with the separator": (['"Cards, outubro"'], ("Cards, outubro",)),
    "two lines": (["Relatório de cards", "Gerado em 2026-11-02 10:00"], ("Relatório de cards", "Gerado em 2026-11-02 10:00")),
    "blank lines around": (["", "Relatório de cards", ",,", ""], ("Relatório de cards",)),
    "of two lines": (['"Relatório\nde cards"'], ("Relatório de cards",)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("line_end", "encoding"), [("\n", "utf-8-sig"), ("\r\n", "utf-16"), ("\r\n", "cp1252")]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("above", "titles"), TITLES.values(), ids=TITLES)
def test_the_table_below_a_title_is_loaded_and_the_title_named(
    loader: Loader, above: list[str], titles: tuple[str, ...], separator: str, line_end: str, encoding: str
) -> None:
    text = line_end.join([*above, *TABLE]).replace(",", separator) + line_end
    report = loader.load_here(loader.csv(text.encode(encoding)))
    assert report.file.title_lines == tuple(
        " ".join(title.replace(",", separator).split()) for title in titles
    )
    assert [column.header for column in report.columns] == ["Código", "Título", "Valor"]
    assert loader.types() == {"codigo": "BIGINT", "titulo": "VARCHAR", "valor": "BIGINT"}
    assert loader.texts(["codigo", "titulo", "valor", "_file_row"]) == [
        ["1", "um", "10", "1"],
        ["2", "dois", "20", "2"],
        ["3", "três", "30", "3"],
    ]
    assert report.file.dropped_blank_rows == above.count(",,")


def test_a_title_with_other_separators_does_not_lead_astray(loader: Loader) -> None:
    report = loader.load_here(loader.csv("Cards, de outubro, de todos\na;b;c\n1;2;3\n"))
    assert report.file.title_lines == ("Cards, de outubro, de todos",)
    assert loader.query("SELECT a, b, c FROM jobs") == [(1, 2, 3)]


def test_a_title_may_stand_below_the_declared_separator(loader: Loader) -> None:
    report = loader.load_here(loader.csv("sep=|\r\n\r\nCards\r\na|b\r\n1|2\r\n"))
    assert report.file.title_lines == ("Cards",)
    assert loader.query("SELECT a, b FROM jobs") == [(1, 2)]


def test_a_title_above_a_header_alone_is_a_table_without_rows(loader: Loader) -> None:
    report = loader.load_here(loader.csv("Relatório de cards\na;b;c\n"))
    assert (report.rows, len(report.columns)) == (0, 3)
    assert report.file.title_lines == ("Relatório de cards",)


NO_TITLES = {
    "decimal commas": (["Valor", "1,50", "2,75"], ["1,50", "2,75"]),
    "sentences": (["Comentário", "Bom dia", "Obrigado, até logo", "Sim, ok"], ["Bom dia", "Obrigado, até logo", "Sim, ok"]),
    "dates and times": (["Quando", "01/02/2026, 10:00", "02/02/2026, 11:00"], ["01/02/2026, 10:00", "02/02/2026, 11:00"]),
    "addresses": (["E-mails", "a@x.com;b@x.com", "c@x.com;d@x.com"], ["a@x.com;b@x.com", "c@x.com;d@x.com"]),
    "a list at the end": (["Nota", "sim", "não", "sim;talvez"], ["sim", "não", "sim;talvez"]),
    "two lists at the end": (["Nota", "sim", "não", "sim;talvez", "não;nunca"], ["sim", "não", "sim;talvez", "não;nunca"]),
    "numbers, then names": (["Valor", "10", "a;b", "c;d", "e;f"], ["10", "a;b", "c;d", "e;f"]),
    "lists of different lengths": (["Tags", "bug;urgente", "melhoria", "bug;baixa;velho"], ["bug;urgente", "melhoria", "bug;baixa;velho"]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "values"), NO_TITLES.values(), ids=NO_TITLES)
def test_a_column_of_texts_with_separators_is_one_column(
    loader: Loader, lines: list[str], values: list[str]
) -> None:
    report = loader.load_here(loader.csv("\n".join(lines) + "\n"))
    assert [column.header for column in report.columns] == lines[:1]
    assert loader.column(report.columns[0].name) == values
    assert report.file.title_lines == ()


NO_ROW_LOST = {
    "a separator at each end": "Nome;\nAna;\nBia;amiga\nCau;vizinha\n",
    "a sparse first row": "a;b;c\nx;;\n;y;\nd;e;f\n",
    "a header of one name": "Nome;;\nAna;30;1\nBia;31;2\n",
    "ragged rows": "a;b\n1;2;3\n4;5;6\n",
    "keys and values": "Relatório;Cards\nPeríodo;outubro\na;b;c\n1;2;3\n",
}


@pytest.mark.parametrize("content", NO_ROW_LOST.values(), ids=NO_ROW_LOST)
def test_what_reads_like_rows_is_in_the_table(loader: Loader, content: str) -> None:
    report = loader.load_here(loader.csv(content))
    assert report.file.title_lines == ()
    assert report.rows == content.count("\n") - 1


@pytest.mark.parametrize(
    "header", ["Título", "Data de criação", '"ID"', "id\r\n", "\n\nNome do card\n\n", "1º contato", "Erro"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_header_of_one_column_is_a_table_without_rows(loader: Loader, header: str, encoding: str) -> None:
    report = loader.load_here(loader.csv(header.encode(encoding)))
    assert report.rows == 0
    assert [column.header for column in report.columns] == [header.strip('"\r\n')]


@pytest.mark.parametrize(
    "message",
    [
        "Internal Server Error",
        "503 Service Unavailable\n",
        "HTTP/1.1 404 Not Found",
        "Access Denied",
        "Not found.",
        "error: the report is gone",
        "upstream request timeout",
        "Report could not be generated!",
        "x" * 500,
    ],
)
def test_one_line_that_says_an_error_is_no_header(loader: Loader, message: str) -> None:
    """An empty table would take the place of the rows that are there."""
    with pytest.raises(UnreadableFileError, match="one line of text"):
        loader.load_here(loader.csv(message))
