from pathlib import Path

import pytest
from support.loader import Loader

from pipefy_exports_dagster.errors import UnreadableFileError

from .reference import comparable, reference

DATA = Path(__file__).parent.parent / "data"
GOOD = sorted(path for path in (DATA / "good").iterdir() if not path.name.endswith(".expected.csv"))
BAD = sorted((DATA / "bad").iterdir())


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_every_cell_is_in_the_table(loader: Loader, path: Path) -> None:
    header, rows = reference(path)
    report = loader.load_here(path)
    types = [column.type for column in report.columns]
    assert [column.header for column in report.columns] == header
    assert report.rows == len(rows)
    table = loader.texts([column.name for column in report.columns])
    for row, (found, wanted) in enumerate(zip(table, rows, strict=True), 1):
        levelled = [
            [comparable(text, type_) for text, type_ in zip(texts, types, strict=True)]
            for texts in (found, wanted)
        ]
        assert levelled[0] == levelled[1], f"data row {row}"


TYPES = {
    "kinds.xlsx": {
        "inteiro": "BIGINT", "fracao": "DOUBLE", "texto": "VARCHAR", "logico": "BOOLEAN", "momento": "TIMESTAMP",
        "dia": "DATE", "duracao": "INTERVAL", "hora": "INTERVAL", "vazia": "VARCHAR",
    },
    "floats_that_are_whole.xlsx": {"a": "BIGINT", "b": "BIGINT"},
    "coloured_number.xlsx": {"a": "DOUBLE", "b": "VARCHAR"},
    "dates_1904.xlsx": {"a": "DATE", "b": "TIMESTAMP"},
    "durations.xlsx": {"a": "INTERVAL", "b": "INTERVAL"},
    "errors.xlsx": {"a": "BIGINT", "b": "BIGINT"},
    "fractions_of_seconds.xlsx": {"a": "INTERVAL", "b": "TIMESTAMP", "c": "INTERVAL"},
    "text_that_looks.xlsx": {"code": "VARCHAR", "cpf": "VARCHAR", "spaces": "VARCHAR"},
    "mixed_columns.xlsx": dict.fromkeys(
        ("numbers_and_words", "numbers_and_truth", "dates_and_words", "durations_and_numbers", "fractions_and_words"),
        "VARCHAR",
    ),
    "times.csv": {
        "date": "DATE", "naive": "TIMESTAMP", "zoned": "TIMESTAMP WITH TIME ZONE", "mixed": "VARCHAR",
        "brazilian": "VARCHAR",
    },
    "numbers.csv": {
        "int": "BIGINT", "double": "DOUBLE", "decimal": "DECIMAL(19,9)", "negative": "DOUBLE", "trailing": "DOUBLE",
    },
    "truth.csv": {"python": "BOOLEAN", "excel": "BOOLEAN", "mixed": "BOOLEAN"},
    "nothing.csv": {"a": "VARCHAR", "b": "VARCHAR"},
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_columns_have_types_to_compute_with(loader: Loader, name: str) -> None:
    loader.load_here(DATA / "good" / name)
    assert loader.types() == TYPES[name]


DETECTED = {
    "all_hidden.xlsx": "a workbook without a visible cell",
    "binary.csv": "binary data",
    "binary_workbook.xlsb": "a binary workbook (.xlsb)",
    "blank.csv": "an empty file",
    "broken_utf16.xlsx": "a damaged workbook",
    "broken_xml.xlsx": "a damaged workbook",
    "doctype.xlsx": "a workbook with a DOCTYPE",
    "deflate64.zip": "an archive that is packed in an unusual way",
    "document.docx": "a Word document",
    "document.pdf": "a PDF document",
    "empty.csv": "an empty file",
    "empty_sheet.xlsx": "a workbook without a visible cell",
    "encrypted.xlsx": "an encrypted workbook",
    "encrypted.zip": "an encrypted archive",
    "error.csv": "an XML document",
    "error.json": "a JSON document",
    "flipped.xlsx": "a truncated or damaged archive",
    "message.csv": "one line of text",
    "not_utf8.xlsx": "a damaged workbook",
    "old.xls": "an old Excel workbook (.xls)",
    "page.xlsx": "an HTML page",
    "shared_not_utf8.xlsx": "a damaged workbook",
    "shared_text_missing.xlsx": "a damaged workbook",
    "shared_text_negative.xlsx": "a damaged workbook",
    "shared_text_unnumbered.xlsx": "a damaged workbook",
    "sheet.ods": "an OpenDocument file",
    "truncated.csv.gz": "a truncated or damaged archive",
    "truncated.xlsx": "a truncated or damaged archive",
    "two_files.zip": "an archive of 2 files",
    "two_names.zip": "a truncated or damaged archive",
    "unclosed_quote.csv": "text with an unclosed quote",
}


ADVICE = (
    "export again",
    "download",
    "save it",
    "unpack it",
    "load the one you mean",
    "load that",
    "do not trust",
)


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_what_is_no_table_is_named(loader: Loader, path: Path) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        loader.load_here(path)
    assert caught.value.detected == DETECTED[path.name]
    assert f"is not a table but {DETECTED[path.name]}: " in str(caught.value)
    assert any(advice in str(caught.value) for advice in ADVICE)
    assert not loader.database.exists()
