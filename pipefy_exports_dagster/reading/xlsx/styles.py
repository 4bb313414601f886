"""What kind of value each cell style of a workbook makes of a number."""

import re
from collections.abc import Mapping

from .number_formats import NumberKind, built_in_kind, number_kind
from .package import Package
from .xml_tree import XmlTree


def read_styles(package: Package) -> list[NumberKind]:
    """Return the kind of number of each cell style, by the style's index."""
    if package.styles is None:
        return []
    codes: dict[int, NumberKind] = {}
    styles: list[NumberKind] = []

    def start(path: str, attributes: Mapping[str, str]) -> None:
        if path == "numFmts/numFmt":
            codes[_int(attributes.get("numFmtId"))] = number_kind(attributes.get("formatCode", ""))
        elif path == "cellXfs/xf":
            id_ = _int(attributes.get("numFmtId"))
            styles.append(codes[id_] if id_ in codes else built_in_kind(id_))

    XmlTree(start).feed(package.small_part(package.styles), final=True)
    return styles


def _int(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else 0
