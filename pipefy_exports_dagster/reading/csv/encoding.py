import codecs
from collections.abc import Iterator
from pathlib import Path

from pipefy_exports_dagster.reading.refusals import unreadable

_CHUNK_BYTES = 4 << 20
_SAMPLE_BYTES = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WINDOWS_1252 = "windows-1252"
# Tab, line feed, form feed, carriage return, and Ctrl-Z, with which old programs end files.
_TEXT_CONTROLS = b"\t\n\x0b\x0c\r\x1a"
_MAX_CONTROL_SHARE = 0.001


def to_utf8(path: Path, *, folder: Path) -> tuple[Path, str | None]:
    """Return a text file as UTF-8 without a byte order mark, and its original encoding.

    The encoding is None if the beginning is UTF-8 without a mark: some files change to Windows-1252 after the first
    64 KB. The caller, which reads the whole file anyway, has to check that, and call `from_windows_1252`. From
    big-endian UTF-16 DuckDB reads nothing, without an error, so it gets UTF-8 only.

    Raises:
        UnreadableFileError: It is not text.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    bom, encoding = next(((mark, name) for mark, name in _BOMS if sample.startswith(mark)), (b"", None))
    encoding = encoding or _utf16_without_bom(sample)
    if encoding is None:
        _refuse_binary(sample)
        if _starts_as_utf8(sample):
            return path, None
        return from_windows_1252(path, folder=folder), WINDOWS_1252
    return _converted(path, len(bom), encoding, folder), encoding


def from_windows_1252(path: Path, *, folder: Path) -> Path:
    """Return a file in Windows-1252 as UTF-8."""
    return _converted(path, 0, WINDOWS_1252, folder)


def is_utf8(path: Path) -> bool:
    """Whether the whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _converted(path: Path, skip: int, encoding: str, folder: Path) -> Path:
    target = folder / "utf-8.csv"
    with target.open("wb") as converted:
        for text in _decoded(path, skip, encoding):
            converted.write(text)
    return target


def _starts_as_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_bom(sample: bytes) -> str | None:
    """Guess UTF-16 from the positions of zero bytes: one next to nearly every Latin letter."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _refuse_binary(sample: bytes) -> None:
    controls = sum(sample.count(byte) for byte in range(32) if byte not in _TEXT_CONTROLS)
    if controls > max(len(sample) * _MAX_CONTROL_SHARE, 3):
        raise unreadable("binary data", "it is neither a workbook nor text; download the export again")


def _decoded(path: Path, skip: int, encoding: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(skip)
            if encoding == WINDOWS_1252:
                for line in file:
                    yield _decode_line(line).encode()
                return
            decoder = codecs.getincrementaldecoder(encoding)()
            while chunk := file.read(_CHUNK_BYTES):
                yield decoder.decode(chunk).encode()
            yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise unreadable(f"damaged {encoding.upper()} text", f"{error}; download the export again") from error


def _decode_line(line: bytes) -> str:
    """Decode a line of a file that is not UTF-8 as a whole, though this line may be.

    In files that programs concatenated, a non-ASCII line that is valid UTF-8 is hardly ever in another encoding.
    """
    try:
        return line.decode()
    except UnicodeDecodeError:
        pass
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252; Latin-1 keeps them.
        return line.decode("latin-1")
