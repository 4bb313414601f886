"""Small XML parts, element by element, whatever their namespaces.

Transitional and strict workbooks differ in namespaces only, so prefixes are dropped.
"""

from collections.abc import Callable
from xml.parsers import expat

from pipefy_exports_dagster.reading.sniffing import unreadable

StartHandler = Callable[[str, dict[str, str]], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str], None]


class XmlFeed:
    """A parser that is fed in pieces and calls back with local names."""

    def __init__(
        self, start: StartHandler, *, end: EndHandler | None = None, text: TextHandler | None = None
    ) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = lambda name, attributes: start(local_name(name), attributes)
        if end:
            self._parser.EndElementHandler = lambda name: end(local_name(name))
        if text:
            self._parser.CharacterDataHandler = text
        # Workbooks have no DOCTYPE; entities that blow up need one.
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        """Parse a piece.

        Raises:
            UnreadableFileError: It is not XML.
        """
        try:
            self._parser.Parse(piece, final)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two of an unknown encoding
            raise unreadable(
                "a damaged workbook", f"its XML breaks off or is wrong ({error}); download it again"
            ) from error


def local_name(name: str) -> str:
    """Drop the prefix of an element's or attribute's name."""
    return name.rpartition(":")[2]


def _refuse_doctype(*_: object) -> None:
    raise unreadable(
        "a workbook with a DOCTYPE", "no program writes that into a workbook; do not trust this file"
    )
