"""Workbooks as openpyxl, or else calamine, reads them, to compare with."""

import contextlib
import re
import warnings
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
from python_calamine import CalamineError, CalamineWorkbook
from support.loader import Loader

from .reference import canonical, cell_text, comparable

Row = list[str | None]
_LAST_SERIAL = 2_958_466
_SAME_TIME = timedelta(milliseconds=1)  # openpyxl rounds otherwise


class NoReaderError(Exception):
    """Neither of the other two opens the file."""


@dataclass(frozen=True)
class OtherCells:
    """What another reader finds in the active sheet.

    Args:
        rows: The rows that store something, as canonical text.
        repeats: Whether rows with one number repeat: the others put them on top of each other.
        keeps_more: Whether cells hold what the others do not look at, formulas without a value and inline strings of
            another type: then only what the others find has to be there.
    """

    rows: list[Row]
    repeats: bool
    keeps_more: bool


def cells_of_another_reader(path: Path) -> OtherCells:
    """Read a workbook of one sheet with another reader.

    Raises:
        NoReaderError: Neither of the two reads it.
    """
    rows = _with_openpyxl(path) or _with_calamine(path)
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    numbers = Counter(re.findall(rb'<row [^>]*?r\s*=\s*["\'](\d+)', xml))
    return OtherCells(
        rows,
        repeats=any(times > 1 for times in numbers.values()) or len(numbers) != xml.count(b"<row"),
        keeps_more=any(
            _is_beyond_others(cell) for cell in re.findall(rb"<c[\s>/].*?</c\s*>", xml, re.DOTALL)
        ),
    )


def _is_beyond_others(cell: bytes) -> bool:
    """Whether a cell holds a formula without a value, or an inline string that its type does not announce."""
    without_value = b"<f" in cell and re.search(rb"<v[^>]*>[^<]|<t[^>]*>[^<]", cell) is None
    return without_value or (b"<is" in cell and b"inlineStr" not in cell)


def _with_openpyxl(path: Path) -> list[Row] | None:
    with warnings.catch_warnings(), path.open("rb") as file, contextlib.suppress(Exception):  # whatever it is
        warnings.simplefilter("ignore")
        sheet = openpyxl.load_workbook(file, data_only=True).active
        assert sheet is not None
        return _filled([[cell_text(cell) for cell in row] for row in sheet.iter_rows()])
    return None


def _with_calamine(path: Path) -> list[Row]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        return _filled(
            [[canonical(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
        )
    except CalamineError as error:
        raise NoReaderError from error


def _filled(rows: list[Row]) -> list[Row]:
    return [row for row in rows if any(value is not None for value in row)]


def differences(loader: Loader, others: OtherCells) -> list[str]:
    """Tell where a loaded table differs from what another reader found, but for what is explained in `OtherCells`."""
    types = loader.types()
    ours: list[Row] = [list(loader.headers()), *loader.texts(list(types))]
    theirs = others.rows
    if others.repeats or others.keeps_more:
        found = {value for row in ours for value in row if value}
        wanted = {value for row in theirs for value in row if value}
        return [f"{value!r} is missing" for value in wanted if not any(_same(each, value) for each in found)]
    if len(ours) != len(theirs):
        return [f"{len(ours)} rows, and {len(theirs)} of the other reader"]
    kept = [
        n for n in range(max(map(len, theirs))) if any(n < len(row) and row[n] is not None for row in theirs)
    ]
    return [
        f"row {nth}: {mine!r}, and {his!r} of the other reader"
        for nth, (one, other) in enumerate(zip(ours, theirs, strict=True))
        for mine, his in zip(one, [other[n] if n < len(other) else None for n in kept], strict=True)
        if not _same(mine or None, his or None)
    ]


def _plain(text: str | None) -> str:
    """Level what is no difference in value; openpyxl leaves `_x000D_` as it is, and calamine line ends."""
    text = re.sub(r"_x000D_|\r\n?", "\n", text or "")
    return text.removesuffix(".0").removesuffix(" 00:00:00").lower()


def _is_beyond_dates(text: str | None) -> bool:
    """Whether a text is a number that is no date: under a date's format openpyxl makes an error of it."""
    with contextlib.suppress(ValueError):
        return text is not None and abs(float(text)) > _LAST_SERIAL
    return False


def _same(one: str | None, other: str | None) -> bool:
    if _plain(one) == _plain(other):
        return True
    if one is None or other is None:
        return other is None and _is_beyond_dates(one)
    if one == f"1899-12-31 {other}" or other == f"1899-12-31 {one}":
        return True  # a time of the day before the first, which openpyxl shows without it
    with contextlib.suppress(ValueError):
        return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) <= _SAME_TIME
    with contextlib.suppress(ValueError):
        return float(one) == float(other)
    return bool(comparable(one, "VARCHAR") == comparable(other, "VARCHAR"))
