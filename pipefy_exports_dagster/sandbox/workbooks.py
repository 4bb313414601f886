"""What the parts of a workbook need, whoever writes them: cells' names, days as numbers, the ZIP."""

import functools
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument"
_UNIX_DAYS = 25569  # between 1899-12-30 and 1970-01-01
_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001  a workbook's times have no zone
_DAY_S = 86_400


def column_letters(position: int) -> str:
    """Return a column's name, `A` for 0."""
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(65 + rest) + text
    return text


def serial(moment: datetime) -> float:
    """Return the days since 1899-12-30, by the one division that caxlsx, xlsxtream and rubyXL make."""
    seconds = (moment - _UNIX) / timedelta(seconds=1)
    return (seconds + _UNIX_DAYS * _DAY_S) / _DAY_S


def day_number(day: date) -> int:
    """Return the whole days since 1899-12-30."""
    return day.toordinal() - _UNIX.toordinal() + _UNIX_DAYS


def content_types(parts: Mapping[str, str]) -> str:
    """Return the `Override` elements of `[Content_Types].xml`: kinds of content by a part's path."""
    return "".join(f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in parts.items())


def write_parts(archive: zipfile.ZipFile, parts: Mapping[str, str]) -> None:
    """Write parts in their order."""
    for name, content in parts.items():
        archive.writestr(name, content, zipfile.ZIP_DEFLATED)


def open_archive(file: Path) -> zipfile.ZipFile:
    """Open a workbook's ZIP to write it."""
    return zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)


@functools.cache
def theme() -> str:
    """Return the smallest theme that Excel takes: it is a part that writers add, and readers pass over."""
    named = ("dk1", "lt1", "dk2", "lt2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
    colors = "".join(
        f'<a:{name}><a:srgbClr val="{nth * 1_118_481:06X}"/></a:{name}>' for nth, name in enumerate(named, 1)
    )
    fonts = "".join(
        f'<a:{kind}Font><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:{kind}Font>'
        for kind in ("major", "minor")
    )
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    line = f'<a:ln w="9525">{fill}</a:ln>'
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Sandbox"><a:themeElements>'
        f'<a:clrScheme name="Sandbox">{colors}</a:clrScheme><a:fontScheme name="Sandbox">{fonts}</a:fontScheme>'
        f'<a:fmtScheme name="Sandbox"><a:fillStyleLst>{fill * 3}</a:fillStyleLst>'
        f"<a:lnStyleLst>{line * 3}</a:lnStyleLst><a:effectStyleLst>{effect * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst>"
        "</a:fmtScheme></a:themeElements></a:theme>"
    )
