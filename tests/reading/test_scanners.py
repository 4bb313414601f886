# ruff: noqa: S311  chance from a seed, not secrets
"""The fast scanner against the slow one, cell by cell, on pieces of sheets that were changed by chance."""

import random
import re
import time
from pathlib import Path
from typing import Any

import pytest
from support.thoroughness import examples

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.xlsx.cells import ScannedCells
from pipefy_exports_dagster.reading.xlsx.fast_cells import scan_rows, scan_rows_fast
from pipefy_exports_dagster.reading.xlsx.opening import Opening
from pipefy_exports_dagster.reading.xlsx.package import Package
from pipefy_exports_dagster.reading.xlsx.sheet_pieces import sheet_rows
from pipefy_exports_dagster.reading.xlsx.slow_cells import scan_rows_slowly

from .mutations import mutated_xml

GOOD = Path(__file__).parent.parent / "data" / "good"
SEEDS = examples(2, thorough=10)
PIECES_OF_A_SEED = 2_000
ROWS_OF_A_PIECE = 4


def pieces_of(path: Path) -> list[tuple[bytes, Opening]]:
    """The first rows of each sheet of a workbook."""
    package = Package.open(path, max_unpacked_bytes=1 << 30)
    with package:
        found = []
        for sheet in package.sheets:
            xml = sheet_rows(package, sheet.part or "")
            for piece in xml.pieces:
                rows = piece.split(b"</row>")
                short = b"</row>".join(rows[:ROWS_OF_A_PIECE]) + b"</row>" * (len(rows) > ROWS_OF_A_PIECE)
                found.append((short, xml.opening))
    return found


@pytest.fixture(scope="module")
def pieces() -> list[tuple[bytes, Opening]]:
    return [
        piece for path in sorted(GOOD.glob("*.xlsx")) for piece in pieces_of(path) if len(piece[0]) < 20_000
    ]


Cells = tuple[dict[tuple[int, int], list[Any]], list[int], int]


def cells(scanned: ScannedCells) -> Cells:
    """All cells by place, the numbers of the rows that have some, and the formulas."""
    found: dict[tuple[int, int], list[Any]] = {}
    for run in scanned.runs:
        for row, text in zip(run.rows.tolist(), run.texts.to_pylist(), strict=True):
            found.setdefault((row, run.column), []).append((run.type, run.style, text))
    rows = sorted({row for row, _ in found})
    numbers = scanned.numbers.tolist()
    ordered = {(rows.index(row), column): content for (row, column), content in found.items()}
    return ordered, [numbers[row] for row in rows], scanned.formula_cells


def slow_cells(piece: bytes, opening: Opening) -> Cells | str:
    """What the slow scanner reads, or why it is no XML."""
    try:
        return cells(scan_rows_slowly(piece, opening))
    except UnreadableFileError as error:
        return str(error)


def is_explained(piece: bytes, opening: Opening, refusal: str) -> bool:
    """Whether the fast scanner may read what is no XML: it does not look at what it needs for no value.

    That is which namespace the prefix of an attribute stands for, and the text of a formula that has a value.
    """
    without_formulas = re.sub(rb"(<f(?:\s[^<>]*)?>)[^<]*(</f>)", rb"\1\2", piece)
    return "unbound prefix" in refusal or not isinstance(slow_cells(without_formulas, opening), str)


def test_whole_pieces_are_scanned_alike_and_most_of_them_fast(pieces: list[tuple[bytes, Opening]]) -> None:
    fast = [scan_rows_fast(piece, opening) for piece, opening in pieces]
    for (piece, opening), scanned in zip(pieces, fast, strict=True):
        assert cells(scan_rows(piece, opening)) == slow_cells(piece, opening)
        if scanned:
            assert cells(scanned) == slow_cells(piece, opening)
    assert sum(scanned is not None for scanned in fast) > len(pieces) / 2


@pytest.mark.parametrize("seed", range(SEEDS))
def test_changed_pieces_are_scanned_alike(pieces: list[tuple[bytes, Opening]], seed: int) -> None:
    chance = random.Random(seed)
    compared = fast_ones = 0
    for _ in range(PIECES_OF_A_SEED):
        good, opening = chance.choice(pieces)
        piece = mutated_xml(good, chance)
        slow = slow_cells(piece, opening)
        fast = scan_rows_fast(piece, opening)
        if isinstance(slow, str):
            assert fast is None or is_explained(piece, opening, slow), (slow, piece)
            continue
        compared += 1
        assert cells(scan_rows(piece, opening)) == slow, piece
        if fast is not None:
            fast_ones += 1
            assert cells(fast) == slow, piece
    assert compared > PIECES_OF_A_SEED / 3
    assert fast_ones > PIECES_OF_A_SEED / 20


@pytest.fixture(scope="module")
def plain_rows() -> list[bytes]:
    cell = b'<c r="%s%d" t="str"><v>text</v></c>'
    return [
        b'<row r="%d">%b</row>' % (n, b"".join(cell % (letter, n) for letter in (b"A", b"B", b"C", b"D")))
        for n in range(1, 10_001)
    ]


@pytest.fixture(scope="module")
def seconds_between(plain_rows: list[bytes]) -> float:
    """Half-way between the two scanners."""
    plain = b"".join(plain_rows)
    return (_seconds(scan_rows, plain) + _seconds(scan_rows_slowly, plain)) / 2


@pytest.mark.parametrize("odd", [b"<v>7</v>", b"<c/>", b"<!-- x -->", b"<is><r><t>x</t></r></is>", b"loose"])
def test_one_odd_cell_leaves_the_other_rows_to_the_fast_scanner(
    odd: bytes, plain_rows: list[bytes], seconds_between: float
) -> None:
    rows = list(plain_rows)
    rows[5_000] = rows[5_000].replace(b"<v>", odd + b"<v>", 1)
    assert _seconds(scan_rows, b"".join(rows)) < seconds_between


def _seconds(scan: Any, xml: bytes) -> float:
    """Measure the shortest of three times of the processor: what else this machine does costs nothing."""
    taken = []
    for _ in range(3):
        started = time.thread_time()
        assert sum(len(run.rows) for run in scan(xml).runs) >= 40_000
        taken.append(time.thread_time() - started)
    return min(taken)
