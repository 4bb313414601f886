"""XML as a tree of the elements that have a meaning in a workbook: the one module that compares names.

Transitional and strict workbooks, and prefixes, differ in the spelling of names only. So an element is identified by
its namespace and its path, never by its text: `<x15:workbookPr>` in an extension list is not a `<workbookPr>`.
"""

from collections.abc import Callable, Mapping
from xml.parsers import expat

from pipefy_exports_dagster.reading.limits import too_large_part
from pipefy_exports_dagster.reading.refusals import unreadable

StartHandler = Callable[[str, Mapping[str, str]], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str, str], None]

_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_DEEPEST = 32
"""No relevant element is deeper. The path of each deeper element would be longer than that of its parent."""
_LONGEST_TOKEN_BYTES = 16 << 20
# Their content is read as if they did not exist: Choice is for programs that support some extension.
_TRANSPARENT = (f"{_COMPATIBILITY} AlternateContent", f"{_COMPATIBILITY} Fallback")


class XmlTree:
    """A parser that is fed UTF-8 in pieces, and calls back with paths below the root, such as `sheets/sheet`.

    The root's namespace is the one that counts. Elements of other namespaces are skipped, with their content.
    Attributes without a prefix have their plain name, others `<namespace> <name>`.
    """

    def __init__(
        self, start: StartHandler, *, end: EndHandler | None = None, text: TextHandler | None = None
    ) -> None:
        self._start, self._end, self._text = start, end, text
        self._namespace: str | None = None
        self._paths: list[str] = []
        self._foreign = 0
        self._fed = 0
        # The input is UTF-8 already, whatever its declaration says.
        self._parser = expat.ParserCreate("UTF-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._on_start
        self._parser.EndElementHandler = self._on_end
        if text:
            self._parser.CharacterDataHandler = self._on_text
        # Workbooks have no DOCTYPE; exponential entity expansion needs one.
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    @property
    def offset(self) -> int:
        """The byte offset in the input at which the current element begins."""
        return int(self._parser.CurrentByteIndex)

    @property
    def namespace(self) -> str:
        """The root's namespace, which is the one that counts."""
        return self._namespace or ""

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        """Parse a piece.

        Raises:
            UnreadableFileError: It is not XML, or has a tag or comment of more than 16 MB.
        """
        try:
            self._parser.Parse(piece, final)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two of an unknown encoding
            raise unreadable(
                "a damaged workbook", f"its XML breaks off or is wrong ({error}); download it again"
            ) from error
        self._fed += len(piece)
        # Older versions of the parser read a whole tag or comment again with each piece, until it ends.
        if self._fed - self._parser.CurrentByteIndex > len(piece) + _LONGEST_TOKEN_BYTES:
            raise too_large_part("a tag or comment", _LONGEST_TOKEN_BYTES)

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self._namespace is None:
            self._namespace = namespace
            self._paths.append("")
        elif (
            self._foreign
            or len(self._paths) > _DEEPEST
            or (namespace != self._namespace and name not in _TRANSPARENT)
        ):
            self._foreign += 1
        elif namespace != self._namespace:
            self._paths.append(self._paths[-1])
        else:
            above = self._paths[-1]
            path = f"{above}/{local}" if above else local
            self._paths.append(path)
            self._start(path, attributes)

    def _on_end(self, name: str) -> None:
        if self._foreign:
            self._foreign -= 1
            return
        path = self._paths.pop()
        if self._end and self._paths and name not in _TRANSPARENT:
            self._end(path)

    def _on_text(self, text: str) -> None:
        if self._text and not self._foreign and self._paths:
            self._text(self._paths[-1], text)


def _refuse_doctype(*_: object) -> None:
    raise unreadable(
        "a workbook with a DOCTYPE", "no program writes that into a workbook; do not trust this file"
    )
