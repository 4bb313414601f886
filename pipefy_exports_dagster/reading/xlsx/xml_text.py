"""XML of any encoding as UTF-8, which is all that the scanners know."""

import codecs
import re
from collections.abc import Iterator

from pipefy_exports_dagster.reading.refusals import unreadable

_DECLARED = re.compile(rb"""\s{0,64}<\?xml[^>]{0,256}?encoding\s{0,8}=\s{0,8}["']([\w.-]{1,64})["']""")
# What programs write workbooks in. Python knows a hundred more, some of them slow beyond measure.
_ENCODINGS = {
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "iso-8859-1": "latin-1",
    "latin1": "latin-1", "latin-1": "latin-1", "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252",
    "cp1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251",
}  # fmt: skip


def as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Convert XML in another encoding; nearly all is UTF-8 and passes as it is.

    So does what names an encoding that no workbook is in: the scanners see whether it is UTF-8.

    Raises:
        UnreadableFileError: It is not what it says.
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
    """Tell the encoding by its mark, by its first two characters, or by its name; None for UTF-8."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if first.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if first[0] else "utf-16-be"
    declared = _DECLARED.match(first)
    return _ENCODINGS.get(declared[1].decode().lower()) if declared else None
