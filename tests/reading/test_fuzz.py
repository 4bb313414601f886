# ruff: noqa: S311  chance from a seed, not secrets
"""Random bytes and mutated files: each ends in a loaded table or in one of our errors."""

import io
import random
import resource
import time
import zipfile
from pathlib import Path

import pytest
from support.loader import Loader

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.read_options import ReadOptions

GOOD = Path(__file__).parent.parent / "data" / "good"
WORKBOOKS = [
    "kinds",
    "mixed_columns",
    "sheets",
    "rich_text",
    "shared_strings",
    "formulas",
    "dates_1904",
    "entities",
]
TEXTS = ["utf8", "semicolon", "ragged", "stray_quotes", "times", "numbers", "utf16_le", "windows_1252"]


def mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        where = chance.randrange(len(changed)) if changed else 0
        match chance.randrange(4):
            case 0:
                changed[where : where + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[where : where + chance.randint(1, 50)]
            case 2:
                changed[where:where] = changed[where : where + chance.randint(1, 50)]
            case _:
                changed[where:where] = chance.choice(
                    [b"<", b">", b"&", b'"', b"\x00", b"</row>", b"</v>", b"<c>", b"\r", b",", b"\xff"]
                )
    return bytes(changed)


def mutated_workbook(name: str, chance: random.Random) -> bytes:
    """Mutate the archive's bytes, or, so that the archive stays whole, the XML of one part."""
    content = (GOOD / f"{name}.xlsx").read_bytes()
    if chance.random() < 0.3:
        return mutated(content, chance)
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as good, zipfile.ZipFile(written, "w") as bad:
        parts = [part for part in good.namelist() if part.startswith("xl/") and "theme" not in part]
        chosen = chance.choice(parts)
        for part in good.namelist():
            bad.writestr(part, mutated(good.read(part), chance) if part == chosen else good.read(part))
    return written.getvalue()


def outcome(loader: Loader, content: bytes) -> str:
    """Load in this process, where a traceback of any other kind would show."""
    path = loader.folder / "fuzzed"
    path.write_bytes(content)
    started = time.monotonic()
    try:
        loader.database.unlink(missing_ok=True)
        loader.load_here(path)
    except UnreadableFileError:
        return "refused"
    finally:
        assert time.monotonic() - started < 30
    return "loaded"


@pytest.mark.parametrize("seed", range(10))
def test_random_bytes_load_or_are_refused(loader: Loader, seed: int) -> None:
    chance = random.Random(seed)
    starts = [
        b"",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\x00",
        b"a,b\n",
        b"\xff\xfe",
        b"\xd0\xcf\x11\xe0",
        b"<?xml ",
        b"{",
        b'"',
        b"\xef\xbb\xbf",
    ]
    outcomes = {outcome(loader, start + chance.randbytes(chance.randint(1, 5000))) for start in starts}
    assert outcomes <= {"loaded", "refused"}


@pytest.mark.parametrize("seed", range(10))
def test_mutated_files_load_or_are_refused(loader: Loader, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        if chance.random() < 0.6:
            content = mutated_workbook(chance.choice(WORKBOOKS), chance)
        else:
            content = mutated((GOOD / f"{chance.choice(TEXTS)}.csv").read_bytes(), chance)
        assert outcome(loader, content) in ("loaded", "refused")


def test_fuzzed_files_stay_within_memory_in_a_process_of_their_own(loader: Loader) -> None:
    chance = random.Random(99)
    for nth in range(6):
        path = loader.folder / f"fuzzed-{nth}"
        path.write_bytes(mutated_workbook(chance.choice(WORKBOOKS), chance))
        refused = ""
        try:
            loader.load(path, options=ReadOptions(max_seconds=30))
        except UnreadableFileError as error:
            refused = str(error)
        assert "died" not in refused
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_000_000
