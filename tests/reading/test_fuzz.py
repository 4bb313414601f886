# ruff: noqa: S311  chance from a seed, not secrets
"""Random bytes and changed files: each is one of our errors, or a table that holds what another reader finds in it."""

import random
import resource
import time
import zipfile
from pathlib import Path

import pytest
from support.loader import Loader
from support.thoroughness import examples

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import UnreadableFileError

from .mutations import mutated, respelt_xml
from .other_readers import NoReaderError, cells_of_another_reader, differences

GOOD = Path(__file__).parent.parent / "data" / "good"
WORKBOOKS = ["kinds", "mixed_columns", "rich_text", "shared_strings", "formulas", "dates_1904", "entities"]
"""Of one sheet each."""
TEXTS = ["utf8", "semicolon", "ragged", "stray_quotes", "times", "numbers", "utf16_le", "windows_1252"]


def changed_workbook(name: str, chance: random.Random, path: Path) -> Path:
    """Change the XML of one part of a workbook in ways that XML allows."""
    with zipfile.ZipFile(GOOD / f"{name}.xlsx") as good, zipfile.ZipFile(path, "w") as changed:
        parts = [
            part for part in good.namelist() if part.startswith(("xl/worksheets/sheet", "xl/sharedStrings"))
        ]
        chosen = chance.choice(parts)
        for part in good.namelist():
            content = good.read(part)
            changed.writestr(part, respelt_xml(content, chance) if part == chosen else content)
    return path


def damaged(name: str, chance: random.Random) -> bytes:
    """Change bytes of a workbook or a text, whatever they are."""
    return mutated((GOOD / name).read_bytes(), chance)


def is_loaded(loader: Loader, path: Path) -> bool:
    """Load in this process, where a traceback of any other kind would show."""
    started = time.process_time()
    try:
        loader.database.unlink(missing_ok=True)
        loader.load_here(path)
    except UnreadableFileError:
        return False
    finally:
        assert time.process_time() - started < 30
    return True


@pytest.mark.parametrize("seed", range(examples(3, thorough=10)))
def test_random_bytes_end_in_a_table_or_in_an_error_of_ours(loader: Loader, seed: int) -> None:
    chance = random.Random(seed)
    starts = [
        b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"a,b\n", b"\xff\xfe", b"\xd0\xcf\x11\xe0", b"<?xml ", b"{", b'"',
        b"\xef\xbb\xbf",
    ]  # fmt: skip
    for start in starts:
        path = loader.csv(start + chance.randbytes(chance.randint(1, 5000)))
        if is_loaded(loader, path):
            assert loader.query("SELECT count(*) >= 0 FROM jobs") == [(True,)]


@pytest.mark.parametrize("seed", range(examples(3, thorough=10)))
def test_damaged_files_end_in_a_table_or_in_an_error_of_ours(loader: Loader, seed: int) -> None:
    chance = random.Random(seed)
    names = [*(f"{name}.xlsx" for name in WORKBOOKS[:4]), *(f"{name}.csv" for name in TEXTS)]
    for name in chance.sample(names, 8):
        path = loader.csv(damaged(name, chance))
        if is_loaded(loader, path):
            assert loader.query("SELECT count(*) >= 0 FROM jobs") == [(True,)]


@pytest.mark.parametrize("seed", range(examples(3, thorough=12)))
def test_changed_workbooks_hold_what_another_reader_finds(loader: Loader, seed: int) -> None:
    chance = random.Random(seed)
    compared = 0
    for nth in range(20):
        path = changed_workbook(chance.choice(WORKBOOKS), chance, loader.folder / f"changed-{nth}.xlsx")
        if not is_loaded(loader, path):
            continue
        try:
            others = cells_of_another_reader(path)
        except NoReaderError:
            continue
        compared += 1
        assert differences(loader, others) == [], f"seed {seed}, file {nth}"
    assert compared >= 10


def test_changed_files_stay_within_memory_in_a_process_of_their_own(loader: Loader) -> None:
    chance = random.Random(99)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of other tests
    for nth in range(6):
        path = changed_workbook(chance.choice(WORKBOOKS), chance, loader.folder / f"changed-{nth}.xlsx")
        refused = ""
        try:
            loader.load(path, options=ReadOptions(max_seconds=30))
        except UnreadableFileError as error:
            refused = str(error)
        assert "died" not in refused
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(before + 1, 2_000_000)
