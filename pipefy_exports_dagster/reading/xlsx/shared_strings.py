import re
from typing import Any

from pipefy_exports_dagster.reading.sniffing import unreadable
from pipefy_exports_dagster.reading.unwrapping import too_large

from .escapes import unescaped
from .package import Package
from .sheet_pieces import as_utf8
from .xml_events import XmlFeed

_PLAIN = re.compile(rb"<si><t(?: [^<>]*)?>([^<>&\r]*)</t></si>")
_START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?si[ />]")
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sst[\s>]")
_CHUNK_BYTES = 4 << 20


def read_shared_strings(package: Package) -> Any:
    """Read the texts that cells refer to by number (pyarrow string array)."""
    import pyarrow as pa

    if package.shared_strings is None:
        return pa.array([], pa.string())
    pieces: list[Any] = []
    kept = end_of_item = b""
    for chunk in as_utf8(package.chunks(package.shared_strings, chunk_bytes=_CHUNK_BYTES)):
        kept += chunk
        if not end_of_item:
            root = _ROOT.search(kept)
            end_of_item = b"</" + (root[1] if root else b"") + b"si>"
        end = kept.rfind(end_of_item)
        if end < 0:
            if len(kept) > 16 * _CHUNK_BYTES:
                raise too_large(16 * _CHUNK_BYTES)
            continue
        end += len(end_of_item)
        pieces.append(_strings(kept[:end]))
        kept = kept[end:]
    pieces.append(_strings(kept))
    return pa.concat_arrays(pieces)


def _strings(items: bytes) -> Any:
    """Read a piece of complete `<si>` elements; at once if all are plain, else one by one."""
    import pyarrow as pa

    plain = _PLAIN.findall(items)
    if len(plain) == len(_START.findall(items)):
        try:
            strings = pa.array(plain, pa.binary()).cast(pa.string())
        except pa.ArrowInvalid as error:
            raise unreadable("a damaged workbook", "its texts are not UTF-8; download it again") from error
    else:
        strings = pa.array(_slow_strings(items), pa.string())
    return unescaped(strings) if b"_x" in items else strings


def _slow_strings(items: bytes) -> list[str]:
    strings: list[str] = []
    state = {"item": False, "text": 0, "phonetic": 0}
    pieces: list[str] = []

    def start(element: str, _attributes: dict[str, str]) -> None:
        if element == "si":
            pieces.clear()
            state["item"] = True
        elif element == "rPh":
            state["phonetic"] += 1
        elif element == "t":
            state["text"] += 1

    def end(element: str) -> None:
        if element == "si":
            strings.append("".join(pieces))
            state["item"] = False
        elif element == "rPh":
            state["phonetic"] -= 1
        elif element == "t":
            state["text"] -= 1

    def text(piece: str) -> None:
        # Phonetic guides stand beside Japanese text and are no part of it.
        if state["item"] and state["text"] and not state["phonetic"]:
            pieces.append(piece)

    body = re.sub(
        rb"^.*?(?=<(?:[A-Za-z]+:)?si[ />])|</(?:[A-Za-z]+:)?sst\s*>\s*$", b"", items, flags=re.DOTALL
    )
    if not re.search(rb"<(?:[A-Za-z]+:)?si[ />]", body):
        return strings
    feed = XmlFeed(start, end=end, text=text)
    feed.feed(b"<piece>")
    feed.feed(body)
    feed.feed(b"</piece>", final=True)
    return strings
