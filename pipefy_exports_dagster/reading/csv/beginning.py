"""The lines above the header of a delimited file: blank lines, Excel's `sep=;`, titles."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .dialect import DELIMITERS, Dialect, detect_dialect

_SAMPLE_CHARACTERS = 262_144
_PIECE_CHARACTERS = 65_536
_DECLARATION = re.compile(r"\"?sep=(\t|[^\x00-\x1f\x7f\"])\"?", re.IGNORECASE)
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a file's beginning tells about it.

    Args:
        path: The file from its header on.
        dropped_blank_rows: Lines above the header that hold only separators or blanks.
        sample: The beginning of that file.
    """

    path: Path
    dialect: Dialect
    dropped_blank_rows: int
    sample: str


def detect_beginning(path: Path, *, folder: Path) -> Beginning:
    """Find the delimiter and the header, and leave out the lines above it.

    Raises:
        UnreadableFileError: The file is one line of text with an error message.
    """
    # In Latin-1 each byte is a character, so positions in the text are positions in the file.
    with path.open(encoding="latin-1", newline="") as file:
        start, dropped = _skip_blank_lines(file, 0, DELIMITERS)
        declared = None
        if found := _DECLARATION.fullmatch(_line_at(file, start).strip("\r\n ")):
            declared = found[1]
            start, more = _skip_blank_lines(file, _after_lines(file, start, 1), DELIMITERS + declared)
            dropped += more
        sample, complete = _sample(path, start)
        dialect = detect_dialect(sample, complete=complete, declared=declared)
        if dialect.lines_above:
            start = _after_lines(file, start, dialect.lines_above)
            dropped += dialect.blank_above
            sample, _ = _sample(path, start)
    if start:
        path = _copied_from(path, start, folder / "from_header.csv")
    return Beginning(path, dialect, dropped, sample)


def _skip_blank_lines(file: TextIO, start: int, separators: str) -> tuple[int, int]:
    """Find the first line that is not blank, and count the lines before it that are blank but not empty."""
    file.seek(start)
    line, dropped, continues = start, 0, False
    while piece := file.readline(_PIECE_CHARACTERS):
        if not _is_blank(piece, separators):
            return line, dropped
        start += len(piece)
        ended = piece.endswith(("\n", "\r"))
        if ended or len(piece) < _PIECE_CHARACTERS:
            dropped += continues or bool(piece.strip("\r\n"))
            line = start
        continues = not ended
    return start, dropped


def _is_blank(line: str, separators: str) -> bool:
    """Whether a line holds only separators, blanks, and pairs of quotes with blanks between them."""
    outside, *rest = line.rstrip("\r\n").split('"')
    within, after = rest[0::2], rest[1::2]
    # No quote follows a closed pair directly: three in a row are a quote within a value.
    return (
        len(within) == len(after)
        and not any(text.strip(" ") for text in within)
        and not any(text.strip(" " + separators) for text in (outside, *after))
        and all(after[:-1])
    )


def _line_at(file: TextIO, start: int) -> str:
    file.seek(start)
    return file.readline(_PIECE_CHARACTERS)


def _after_lines(file: TextIO, start: int, lines: int) -> int:
    file.seek(start)
    return start + sum(len(file.readline()) for _ in range(lines))


def _sample(path: Path, start: int) -> tuple[str, bool]:
    """Read the beginning from an offset on, and return whether that is the rest of the file."""
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(4 * _SAMPLE_CHARACTERS)
        complete = not file.read(1)
    # Whether the whole file is UTF-8 is not known yet, and must not fail here.
    text = content.decode("utf-8", errors="replace")
    return text[:_SAMPLE_CHARACTERS], complete and len(text) <= _SAMPLE_CHARACTERS


def _copied_from(path: Path, start: int, target: Path) -> Path:
    with path.open("rb") as file, target.open("wb") as rest:
        file.seek(start)
        while chunk := file.read(_COPY_BYTES):
            rest.write(chunk)
    return target
