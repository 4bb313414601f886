"""The beginning of a large part: the tags around its rows or texts, and where these begin."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipefy_exports_dagster.reading.limits import too_large_part
from pipefy_exports_dagster.reading.refusals import unreadable

from .xml_tree import XmlTree

MAX_PREAMBLE_BYTES = 8 << 20  # column widths and the like
_TAG = re.compile(rb"""<([^\s<>/!?"']++)(?>(?:[^<>"']++|"[^"]*+"|'[^']*+')*)>""")


@dataclass(frozen=True, slots=True)
class Opening:
    """The start tags around the content of a part, so that a piece of it can be turned into XML again.

    Args:
        xml: The tags, which declare prefixes and namespaces.
        names: Their names.
        prefix: The prefix of the innermost, with its colon.
        namespace: What the prefix, or none, stands for.
    """

    xml: bytes
    names: tuple[bytes, ...]
    prefix: bytes
    namespace: str = ""

    def whole(self, content: bytes) -> bytes:
        """Return content as complete XML."""
        return self.xml + content + b"".join(b"</" + name + b">" for name in reversed(self.names))

    def without_prefix(self) -> "Opening":
        """Return the opening of the same content without the prefix."""
        if not self.prefix:
            return self
        return Opening(
            self.xml[:-1] + f' xmlns="{self.namespace}">'.encode(), self.names, b"", self.namespace
        )


class _FoundError(Exception):
    """Stops the parser where the content begins, which other code reads."""


def find_opening(chunks: Iterator[bytes], path: str, *, within: bool) -> tuple[Opening, bytes] | None:
    """Unpack a part up to an element; return its opening, and the bytes unpacked after it.

    Args:
        chunks: The part, as UTF-8.
        path: The element to find.
        within: Whether the content is inside that element, whose tag then belongs to the opening; otherwise the
            content begins with the element itself.

    Returns:
        None if there is no such element, or it is empty.

    Raises:
        UnreadableFileError: It is not XML.
    """

    def start(found: str, _attributes: Mapping[str, str]) -> None:
        if found == path:
            begins.append(tree.offset)
            raise _FoundError

    tree = XmlTree(start)
    begins: list[int] = []
    preamble = b""
    for chunk in chunks:
        preamble += chunk
        try:
            tree.feed(chunk)
        except _FoundError:
            break
        if len(preamble) > MAX_PREAMBLE_BYTES:
            raise too_large_part("a head before its cells", MAX_PREAMBLE_BYTES)
    else:
        tree.feed(b"", final=True)
        return None
    [begin] = begins
    root = _root_tag(preamble)
    if not within:
        return Opening(root[0], (root[1],), _prefix(root[1]), tree.namespace), preamble[begin:]
    while (tag := _TAG.match(preamble, begin)) is None:
        more = next(chunks, b"")
        if not more:
            raise unreadable("a damaged workbook", "its XML breaks off; download it again")
        preamble += more
        if len(preamble) > begin + MAX_PREAMBLE_BYTES:
            raise too_large_part("a head before its cells", MAX_PREAMBLE_BYTES)
    if tag[0].endswith(b"/>"):
        return None
    opening = Opening(root[0] + tag[0], (root[1], tag[1]), _prefix(tag[1]), tree.namespace)
    return opening, preamble[tag.end() :]


def _prefix(name: bytes) -> bytes:
    return name[: name.rfind(b":") + 1]


def _root_tag(preamble: bytes) -> re.Match[bytes]:
    """Find the root's start tag: the first that is no declaration or comment."""
    start = 0
    while True:
        start = preamble.index(b"<", start)
        if preamble.startswith(b"<!--", start):
            start = preamble.index(b"-->", start)
        elif preamble.startswith(b"<?", start):
            start = preamble.index(b"?>", start)
        else:
            found = _TAG.match(preamble, start)
            assert found is not None  # noqa: S101  the parser has read it
            return found
