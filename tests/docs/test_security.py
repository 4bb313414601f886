"""The page on security names tests that there are, for each thing it promises."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
TEST = re.compile(r"`(tests/[\w/.]+?)`")


def promises() -> list[list[str]]:
    """Return the rows of all tables whose last column says what shows a promise."""
    rows = []
    shown = False
    for line in PAGE.read_text().splitlines():
        if not line.startswith("|"):
            shown = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if cells[-1] == "shown by":
            shown = True
        elif shown and set(cells[-1]) != {"-"}:
            rows.append(cells)
    return rows


def test_each_promise_names_a_test() -> None:
    assert len(promises()) > 20
    assert [row[0] for row in promises() if not TEST.search(row[-1])] == []


def test_each_test_named_is_there() -> None:
    named = {path for row in promises() for path in TEST.findall(row[-1])}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
