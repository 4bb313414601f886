"""What a cell stores is in the table, whatever it is stored as."""

from datetime import date, datetime, timedelta

import pytest
from support.loader import Loader
from support.workbooks import Book, one_sheet, rows

from pipefy_exports_dagster.errors import UnreadableFileError

SHARED = "<si><t>um</t></si><si><t>dois</t></si>"
CONTENTS = {
    # a formula without a value: the text that somebody wrote
    'text that begins with "="': ('t="str"|<f>== URGENTE ===</f>', "=== URGENTE ==="),
    "no type": ("|<f>SUM(A1:B2)</f>", "=SUM(A1:B2)"),
    "an empty value": ("|<f>1+1</f><v></v>", "=1+1"),
    "an empty element as value": ("|<f>1+1</f><v/>", "=1+1"),
    "an array formula": ('|<f t="array" ref="B2">A1</f><v></v>', "=A1"),
    "entities": ('t="str"|<f>IF(A1&lt;2,"&#39;",&quot;x&quot;)</f>', '=IF(A1<2,"\'","x")'),
    "blanks": ('t="str"|<f xml:space="preserve"> x </f>', "= x "),
    "only a sign": ('t="str"|<f>=</f>', "=="),
    "of a shared formula": ('|<f t="shared" si="0"/>', "="),
    "as an inline string": ('t="inlineStr"|<f>A1</f><is><t></t></is>', "=A1"),
    "as a shared string": ('t="s"|<f>A1</f><v></v>', "=A1"),
    "as a truth value": ('t="b"|<f>A1</f>', "=A1"),
    # a formula with a value: the value
    "a value of text": ('t="str"|<f>A1</f><v>dois</v>', "dois"),
    "an inline value": ('t="inlineStr"|<f>A1</f><is><t>dois</t></is>', "dois"),
    "an empty text as value": ('t="str"|<f>IF(1,"","")</f><v></v>', None),
    "an empty text of a shared formula": ('t="str"|<f t="shared" si="0"/><v></v>', None),
    "a lone sign": ('t="str"|<f></f>', "="),
    "an empty element": ("|<f/>", "="),
    "an empty element with a value": ("|<f/><v>0</v>", "0"),
    # two contents: the type says which
    "an inline string beside a value": ('t="inlineStr"|<v>1.0</v><is><t>1.</t></is>', "1."),
    "an inline string before a value": ('t="inlineStr"|<is><t>1.</t></is><v>1.0</v>', "1."),
    "a value beside an inline string": ('t="str"|<v>um</v><is></is>', "um"),
    "a shared text beside an inline one": ('t="s"|<v>1</v><is><t>x</t></is>', "dois"),
    "an inline string that says nothing": ('t="inlineStr"|<v>v</v><is><t></t></is>', "v"),
    "an inline string as a value": ('t="inlineStr"|<v>v</v>', "v"),
    "an inline string of no type": ("|<is><t>texto</t></is>", "texto"),
    "an inline string of numbers' type": ('t="n"|<is><t>texto</t></is>', "texto"),
    "an inline string of shared texts' type": ('t="s"|<is><t>texto</t></is>', "texto"),
    "an unknown type": ('t="zz"|texto', "texto"),
    "a number that is none": ("|texto", "texto"),
    "two values": ('t="str"|<v>um</v><v>dois</v>', "um"),
    "nothing": ("|<v></v>", None),
    "an error": ('t="e"|#N/A', None),
    "a value of a picture": ('t="e" vm="1"|#VALUE!', None),
}


@pytest.mark.parametrize("among", [0, 3], ids=["alone", "among plain rows"])
@pytest.mark.parametrize(("cell", "right"), CONTENTS.values(), ids=CONTENTS)
def test_a_cells_content_is_in_the_table(loader: Loader, cell: str, right: str | None, among: int) -> None:
    others = [("|2", "a")] * among
    book = one_sheet(["id", "x"], ("|1", cell), *others, shared=SHARED)
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.texts(["id", "x"]) == [["1", right], *[["2", "a"]] * among]


COUNTED = [
    ['t="str"|<f>= x</f>', "formulas_without_value"],
    ["|<f>1</f><v/>", "formulas_without_value"],
    ['|<f t="shared" si="3"/>', "formulas_without_value"],
    ["|<f>1</f><v>0</v>", "formula_cells"],
    ['t="str"|<f>A1</f><v>a</v>', "formula_cells"],
    ['t="e"|<f>1/0</f><v>#DIV/0!</v>', "error_cells"],
    ['t="e"|#REF!', "error_cells"],
]


@pytest.mark.parametrize(("cell", "counted"), COUNTED)
@pytest.mark.parametrize("times", [1, 5])
def test_formulas_and_errors_are_counted(loader: Loader, cell: str, counted: str, times: int) -> None:
    book = one_sheet(["a"], ["plain"], *[[cell]] * times)
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert report.rows == 1 + times  # a row of nothing else stays
    assert getattr(report.file, counted) == times


def test_rows_of_formulas_only_are_rows(loader: Loader) -> None:
    book = one_sheet(['t="str"|<f>a</f>'], ['t="str"|<f>b</f>'], ['t="str"|<f>c</f>'])
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.texts(["a"]) == [["=b"], ["=c"]]


ERRORS_ONLY = {
    "below a header": (["a"], "a"),
    "with an error as header": (['t="e"|#REF!'], "column_1"),
}


@pytest.mark.parametrize(("header", "name"), ERRORS_ONLY.values(), ids=ERRORS_ONLY)
def test_a_workbook_of_error_cells_is_a_table_of_nulls(loader: Loader, header: list[str], name: str) -> None:
    cells = [['t="e"|#REF!'], ['t="e" vm="1"|#VALUE!'], ['t="e"|#N/A']]
    report = loader.load_here(one_sheet(header, *cells).write(loader.folder / "book.xlsx"))
    assert loader.texts([name]) == [[None]] * 3
    assert report.file.error_cells == 3 + (name != "a")


IDS = {
    "7.353923016919414E+16": 73539230169194140,
    "7.353923016919414e16": 73539230169194140,
    "1.2E+3": 1200,
    "-9.007199254740993E+15": -9007199254740993,
    "123456789012345678": 123456789012345678,
    "1E2": 100,
}


@pytest.mark.parametrize("beside", ["73539230169194141", "1"])
@pytest.mark.parametrize(("stored", "right"), IDS.items())
def test_an_id_with_an_exponent_is_the_integer_that_it_says(
    loader: Loader, stored: str, right: int, beside: str
) -> None:
    loader.load_here(one_sheet(["id"], [f"|{stored}"], [f"|{beside}"]).write(loader.folder / "book.xlsx"))
    assert loader.types() == {"id": "BIGINT"}
    assert loader.column("id") == [right, int(beside)]


def test_a_number_that_is_no_exact_integer_has_canonical_text_among_ids(loader: Loader) -> None:
    cells = ["|1.5E-7", "|7.5E+25", "|73539230169194141", "|12345678901234567.5", "|1.0"]
    loader.load_here(one_sheet(["id"], *([cell] for cell in cells)).write(loader.folder / "book.xlsx"))
    assert loader.texts(["id"]) == [
        ["1.5e-07"],
        ["7.5e+25"],
        ["73539230169194141"],
        ["12345678901234567.5"],
        ["1"],
    ]


def test_measurements_with_exponents_stay_numbers(loader: Loader) -> None:
    cells = ["|1.5E+17", "|0.5", "|2.25E-3", "|6.02214076E+23"]
    loader.load_here(one_sheet(["x"], *([cell] for cell in cells)).write(loader.folder / "book.xlsx"))
    assert loader.types() == {"x": "DOUBLE"}
    assert loader.column("x") == [1.5e17, 0.5, 2.25e-3, 6.02214076e23]


ISO = {
    "2026-11-22": date(2026, 11, 22),
    "2026-11-22T10:30:00": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001  as the table has it
    "2026-11-22T10:30": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001
    "2026-11-22 10:30:00": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001
    "2026-11-22T10:30:00Z": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001
    "2026-11-22T10:30:00.000Z": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001
    "2026-11-22T10:30:00.25": datetime(2026, 11, 22, 10, 30, 0, 250_000),  # noqa: DTZ001
    "2026-11-22T10:30:00.0000000": datetime(2026, 11, 22, 10, 30),  # noqa: DTZ001
    "2026-11-22T10:30:00.1234567": datetime(2026, 11, 22, 10, 30, 0, 123_457),  # noqa: DTZ001
    "2026-11-22T23:59:59.9999999": datetime(2026, 11, 23),  # noqa: DTZ001
    "10:30:00": timedelta(hours=10, minutes=30),
    "10:30:00.5": timedelta(hours=10, minutes=30, seconds=0.5),
    "T10:30": timedelta(hours=10, minutes=30),
    "PT0H11M0.000S": timedelta(minutes=11),
    "PT36H": timedelta(hours=36),
    "P1DT2H3M4.5S": timedelta(days=1, hours=2, minutes=3, seconds=4.5),
    "-PT90M": timedelta(minutes=-90),
}


@pytest.mark.parametrize(("stored", "right"), ISO.items(), ids=ISO)
def test_dates_stored_as_text_have_the_type_of_their_serial_number(
    loader: Loader, stored: str, right: object
) -> None:
    loader.load_here(one_sheet(["x"], [f't="d"|{stored}'], ["|<v></v>"]).write(loader.folder / "book.xlsx"))
    kinds = {date: "DATE", datetime: "TIMESTAMP", timedelta: "INTERVAL"}
    assert loader.types() == {"x": kinds[type(right)]}
    assert loader.column("x") == [right]


def test_midnight_under_a_dates_format_is_a_date(loader: Loader) -> None:
    book = one_sheet(["d", "t"], ['s="1" t="d"|2026-11-22T00:00:00', 's="2" t="d"|2026-11-22T00:00:00'])
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.types() == {"d": "DATE", "t": "TIMESTAMP"}


@pytest.mark.parametrize("stored", ["2026-13-01", "2026-11-22T25:00:00", "0000-01-01", "P", "PT", "amanhã"])
def test_what_is_no_date_stays_as_it_is_written(loader: Loader, stored: str) -> None:
    loader.load_here(one_sheet(["x"], [f't="d"|{stored}']).write(loader.folder / "book.xlsx"))
    assert loader.texts(["x"]) == [[stored]]


def test_blanks_around_a_stored_value_say_nothing(loader: Loader) -> None:
    cells = ['t="b"| 1 ', 't="s"|\r\n 1', "|\n 12 ", 's="1"| 46000 ', 't="d"| 2026-11-22 ']
    book = one_sheet(["a", "b", "c", "d", "e"], cells, shared=SHARED)
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.texts(["a", "b", "c", "d", "e"]) == [["true", "dois", "12", "2025-12-09", "2026-11-22"]]


@pytest.mark.parametrize("stored", ["0", "1", "true", "false", "TRUE"])
def test_truth_values_are_read_however_they_are_written(loader: Loader, stored: str) -> None:
    loader.load_here(one_sheet(["x"], [f't="b"|{stored}']).write(loader.folder / "book.xlsx"))
    assert [text.lower() for [text] in loader.texts(["x"]) if text] == [
        "true" if stored in ("1", "true", "TRUE") else "false"
    ]


def test_a_cell_that_refers_to_a_text_that_is_not_there_is_damage(loader: Loader) -> None:
    book = one_sheet(["a"], ['t="s"|9'], shared=SHARED)
    with pytest.raises(UnreadableFileError, match="a cell refers to a text that is not in it"):
        loader.load_here(book.write(loader.folder / "book.xlsx"))


def test_the_counts_are_those_of_the_sheets_that_were_loaded(loader: Loader) -> None:
    formula = 't="str"|<f>x</f>'
    book = Book({"A": rows(["a"], [formula]), "B": rows(["b"], [formula], [formula])})
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert report.file.formulas_without_value == 1


def test_a_number_of_forty_digits_keeps_them(loader: Loader) -> None:
    number = "1234567890123456789012345678901234567.8912"
    loader.load_here(one_sheet(("n",), (f"|{number}00",)).write(loader.folder / "long.xlsx"))
    assert loader.column("n") == [number]
