"""A workbook of changed parts: a refusal of ours, or a table; both scanners find the same in it, cell by cell.

Parts are changed and packed again, so that changes get past the archive's checksums to what reads XML.
"""

import io
import random
import time
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st
from reading.mutations import mutated_xml, respelt_xml

from fuzz.files import OPTIONS, REFUSALS, example_file, files_of_tests, see_message
from fuzz.frame import change, mutated, seeds
from pipefy_exports_dagster.reading.worker import read
from pipefy_exports_dagster.reading.xlsx.cells import ScannedCells
from pipefy_exports_dagster.reading.xlsx.fast_cells import scan_rows
from pipefy_exports_dagster.reading.xlsx.opening import Opening
from pipefy_exports_dagster.reading.xlsx.package import Package
from pipefy_exports_dagster.reading.xlsx.sheet_pieces import sheet_rows
from pipefy_exports_dagster.reading.xlsx.slow_cells import scan_rows_slowly

_WORDS = (
    b"<row>", b"</row>", b"<c>", b'<c r="A1"><v>1</v></c>', b"<v>", b"</v>", b"<a>", b"</a>", b"<si>", b"</si>", b"<t>",
    b"<!--", b"-->", b"<?x ?>", b"<![CDATA[", b"]]>", b"&#65;", b"&amp;", b"&x;", b' t="s"', b' s="1"', b' r="XFD1"',
    b' r="A1048576"', b' x:a="1"', b' xmlns:x="u"', b"_x000D_", b"[", b"yyyy", b"[h]", b"E+", b'"', b"\\", b";", b"@",
    b"..", b"/", b"%2e", b"1e999", b"-1", b"99999999999", b"1.5", b"46327.5", b"1", b"e", b".",
    b'encoding="utf-16"', b'encoding="punycode"', b'encoding="windows-1252"', b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
)  # fmt: skip
_INPUTS = [*seeds("workbook"), *files_of_tests(".xlsx")]
Change = Callable[[bytes, random.Random], bytes]


def _any_bytes(content: bytes, chance: random.Random) -> bytes:
    return change(content, chance, [content], words=_WORDS)


_CHANGES: tuple[Change, ...] = (_any_bytes, _any_bytes, mutated_xml, respelt_xml)


def _with_changed_parts(drawn: tuple[bytes, int, int]) -> bytes:
    """Change one or two parts of a workbook, and pack all again; one part may get lost, or another's place."""
    content, kind, seed = drawn
    chance = random.Random(seed)  # noqa: S311 -- repeatable changes, no secret
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return content
    if not parts:
        return content
    for _ in range(chance.choice((1, 1, 2))):
        name = chance.choice(sorted(parts))
        parts[name] = _CHANGES[kind](parts[name], chance)
    match chance.randrange(20):
        case 0:
            del parts[chance.choice(sorted(parts))]
        case 1:
            one, other = chance.choice(sorted(parts)), chance.choice(sorted(parts))
            parts[one], parts[other] = parts[other], parts[one]
        case _:
            pass
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return packed.getvalue()


_with_new_parts = st.tuples(
    st.sampled_from(_INPUTS), st.integers(0, len(_CHANGES) - 1), st.integers(0, 2**32)
).map(_with_changed_parts)
# Nearly all changes to the archive's own bytes are found by its checksums.
examples = st.one_of(_with_new_parts, _with_new_parts, _with_new_parts, mutated(_INPUTS, words=_WORDS))


def check(example: bytes) -> None:
    """Read the workbook, and scan its sheets in both ways."""
    with example_file(example) as (path, folder):
        try:
            read(path, folder=folder, options=OPTIONS, started=time.monotonic())
        except REFUSALS as refusal:
            see_message(refusal)
        try:
            with Package.open(path, max_unpacked_bytes=OPTIONS.max_unpacked_bytes) as package:
                for sheet in package.sheets[:4]:
                    if sheet.part is not None:
                        _compare_scanners(package, sheet.part)
        except REFUSALS:
            return


def _compare_scanners(package: Package, part: str) -> None:
    rows = sheet_rows(package, part)
    for piece in rows.pieces:
        slow = _cells(scan_rows_slowly, piece, rows.opening)
        either = _cells(scan_rows, piece, rows.opening)
        # What the fast one takes although it is no XML is told in tests/reading/test_scanners.py.
        assert slow is None or either == slow, "the scanners disagree"


def _cells(
    scan: Callable[[bytes, Opening], ScannedCells], piece: bytes, opening: Opening
) -> tuple[object, ...] | None:
    """Return all cells by row and column; None of what is no XML."""
    try:
        scanned = scan(piece, opening)
    except REFUSALS:
        return None
    found = {
        (row, run.column): (run.type, run.style, text)
        for run in scanned.runs
        for row, text in zip(run.rows.tolist(), run.texts.to_pylist(), strict=True)
    }
    filled = sorted({row for row, _ in found})
    places = {row: nth for nth, row in enumerate(filled)}
    numbers = scanned.numbers.tolist()
    return (
        {(places[row], column): content for (row, column), content in found.items()},
        [numbers[row] for row in filled],
        scanned.formula_cells,
    )
