"""Files made of chance: each ends in a loaded table or in one clear error.

The first of each kind go through the command. Starting a process for each of the 200 would take minutes, so the
others are read here, without one; PIPEFY_EXPORTS_ALL_BYTES=1 sends all of them through the command.
"""

import gzip
import io
import os
import random
import resource
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.reading.worker import read
from pipefy_exports_dagster.tables import workspace

from .conftest import Desk, answer, error_of

WORKBOOKS = sorted((Path(__file__).parent.parent / "data" / "good").glob("*.xlsx"))
COUNT, BATCH = 100, 10
BY_COMMAND = COUNT if os.environ.get("PIPEFY_EXPORTS_ALL_BYTES") else 10
MAX_SECONDS, MAX_BYTES = 30, 2_000_000_000
OPENINGS = (
    b"",
    b"",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"<?xml ",
    b"{",
    b"a,b\n",
)
LETTERS = "abcé0123456789.,;\t|\"'\n\r\\#-+:/ \x00"


def random_bytes(number: int) -> bytes:
    """Noise, noise that begins like a known kind, letters that are nearly a CSV, and gzip of these."""
    chance = random.Random(f"bytes {number}")  # noqa: S311  the same each time
    size = chance.choice((1, 7, 100, 5_000, 80_000))
    if number % 2:
        content = chance.choice(OPENINGS) + chance.randbytes(size)
    else:
        encoding = chance.choice(("utf-8", "utf-16", "utf-16-be", "cp1252"))
        content = "".join(chance.choices(LETTERS, k=size)).encode(encoding)
    return gzip.compress(content, mtime=0) if number % 10 == 9 else content


def mutated_workbook(number: int) -> bytes:
    """A good workbook with damage: to the archive, or to the parts in it."""
    chance = random.Random(f"workbook {number}")  # noqa: S311
    content = chance.choice(WORKBOOKS).read_bytes()
    if number % 3 == 0:
        return damaged(content, chance)
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as good,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        names = good.namelist()
        victims = set(chance.sample(names, k=min(len(names), chance.choice((1, 1, 2, 4)))))
        for name in names:
            part = good.read(name)
            if name not in victims:
                bad.writestr(name, part)
            elif chance.random() < 0.9:  # otherwise the part is missing
                bad.writestr(name, damaged(part, chance))
    return written.getvalue()


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Turn bytes, cut a piece out, repeat one, break off, or make numbers large."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        if not changed:
            break
        start = chance.randrange(len(changed))
        piece = changed[start : start + chance.choice((1, 8, 200))]
        match chance.randrange(5):
            case 0:
                changed[start] = chance.randrange(256)
            case 1:
                del changed[start : start + len(piece)]
            case 2:
                changed[start:start] = piece * chance.choice((1, 50))
            case 3:
                changed = changed[: max(start, len(changed) // 2)]
            case _:
                at = changed.find(chance.choice(b"123456789"), start)
                if at >= 0:
                    changed[at : at + 1] = b"99999999"
    return bytes(changed)


@pytest.mark.parametrize("first", range(0, COUNT, BATCH))
@pytest.mark.parametrize("made", [random_bytes, mutated_workbook])
def test_any_bytes_are_a_table_or_one_clear_error(
    desk: Desk, made: Callable[[int], bytes], first: int
) -> None:
    # A process has the peak of all that it did before.
    peaks = {
        who: resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    }
    for number in range(first, first + BATCH):
        file = desk.csv(made(number), f"{number}.bin")
        started = time.monotonic()
        if number < BY_COMMAND:
            result = desk.load_table(file, "--json")
            if result.exit_code == 0:
                answer(result)
            else:
                is_clear(error_of(result))
        else:
            with workspace(desk.root / "own.duckdb") as folder:
                try:
                    read(file, folder=folder, options=ReadOptions(), started=started)
                except PipefyExportsError as error:
                    is_clear(str(error))
                except Exception as error:  # noqa: BLE001  the reading process does the same
                    is_clear(described(error))
        assert time.monotonic() - started < MAX_SECONDS, number
        for who, before in peaks.items():
            assert resource.getrusage(who).ru_maxrss < max(before + 1, MAX_BYTES // 1024), number


def described(error: Exception) -> str:
    """What the command would say of an error that the reading process did not foresee."""
    return f"the file cannot be read: {error}"


def is_clear(message: str) -> None:
    """It says what the file is or what to do, and is none of the sentences for what nobody foresaw."""
    assert "please report" not in message
    assert "cannot be read" not in message, message
