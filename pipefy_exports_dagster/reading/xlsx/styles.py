"""Which number formats show a number as a date, a time of day, or a duration."""

import re
from collections.abc import Mapping
from enum import IntEnum

from .package import Package
from .xml_tree import XmlTree


class NumberKind(IntEnum):
    """What a stored number means under its cell's format."""

    NUMBER = 0
    DATE = 1
    DATETIME = 2
    TIME = 3
    DURATION = 4


_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), *range(34, 37), *range(50, 59)), NumberKind.DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 47), NumberKind.TIME),
    22: NumberKind.DATETIME,
    46: NumberKind.DURATION,
}
# Literals, escapes, padding, and brackets that are no elapsed time: colours, conditions, locales.
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_FRACTION = re.compile(r"(?<=s)[.,]0+")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)


def number_kind(code: str) -> NumberKind:
    """Tell what a number format's code makes of a number."""
    section = _NOT_CODE.sub("", code.split(";", 1)[0]).lower()
    if _ELAPSED.search(section):
        return NumberKind.DURATION
    if "general" in section or re.search(r"[0#?]", _FRACTION.sub("", section)):
        return NumberKind.NUMBER
    clock = "h" in section or "s" in section or "am/pm" in section
    section = section.replace("am/pm", "").replace("a/p", "")
    day = "d" in section or "y" in section or "e" in section or ("m" in section and not clock)
    if day:
        return NumberKind.DATETIME if clock else NumberKind.DATE
    return NumberKind.TIME if clock else NumberKind.NUMBER


def read_styles(package: Package) -> list[NumberKind]:
    """Read what each cell style makes of a number, by the style's index."""
    if package.styles is None:
        return []
    codes: dict[int, NumberKind] = {}
    styles: list[NumberKind] = []

    def start(path: str, attributes: Mapping[str, str]) -> None:
        if path == "numFmts/numFmt":
            codes[_int(attributes.get("numFmtId"))] = number_kind(attributes.get("formatCode", ""))
        elif path == "cellXfs/xf":
            id_ = _int(attributes.get("numFmtId"))
            styles.append(codes.get(id_, _BUILT_IN.get(id_, NumberKind.NUMBER)))

    XmlTree(start).feed(package.small_part(package.styles), final=True)
    return styles


def _int(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0
