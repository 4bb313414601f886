"""Convert XML of any encoding to UTF-8, the only encoding that the scanners read."""

import codecs
import re
from collections.abc import Iterator

from pipefy_exports_dagster.reading.refusals import unreadable

_DECLARED = re.compile(rb"""\s{0,64}<\?xml[^>]{0,256}?encoding\s{0,8}=\s{0,8}["']([\w.-]{1,64})["']""")
# Encodings in which programs write workbooks. Python has a hundred more, some of them extremely slow.
_ENCODINGS = {
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "iso-8859-1": "latin-1",
    "latin1": "latin-1", "latin-1": "latin-1", "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252",
    "cp1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251",
}  # fmt: skip


def as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Convert XML in another encoding; nearly all XML is UTF-8 and stays as it is.

    XML that declares an encoding that no workbook has stays as it is, too: the scanners check whether it is UTF-8.

    Raises:
        UnreadableFileError: It is not in the encoding that it declares.
    """
    first = next(chunks, b"")
    encoding = _encoding_of(first)
    if encoding is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(first).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise unreadable("a damaged workbook", f"{error}; download it again") from error


def _encoding_of(first: bytes) -> str | None:
    """Detect the encoding by its byte order mark, its first two characters, or its name; None for UTF-8."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if first.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if first[0] else "utf-16-be"
    declared = _DECLARED.match(first)
    return _ENCODINGS.get(declared[1].decode().lower()) if declared else None
