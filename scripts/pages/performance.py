"""The table of docs/performance.md that says what waiting costs, computed from the policies.

`make docs` writes it into the page; a test fails where the page differs.
"""

import re
from collections.abc import Callable
from pathlib import Path

from pages.markdown import table
from pages.reliability import escaped

from pipefy_exports_dagster.config.model import PollPolicy

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
WAITS_S = {"10 s": 10, "2 min": 120, "20 min": 1200}
Pause = Callable[[float], float]
"""The pause before the next question, of the seconds since the export was asked for."""


MINUTE_S = 60.0


def vendors_for_reports(elapsed_s: float) -> float:
    return 5.0 if elapsed_s < MINUTE_S else MINUTE_S


POLICIES: dict[str, Pause] = {
    "ours": PollPolicy().pause_s,
    "the vendor's advice, reports": vendors_for_reports,
    "the vendor's advice, automation jobs": lambda _: MINUTE_S,
}


def questions(wait_s: float, pause: Pause) -> tuple[int, float]:
    """Return how often an export is asked about that takes so long, and how late its end is noticed at most."""
    asked_at_s, count = 0.0, 0
    while asked_at_s < wait_s:
        asked_at_s += pause(asked_at_s)
        count += 1
    return count, pause(wait_s)


def waiting_table() -> str:
    rows = []
    for name, pause in POLICIES.items():
        found = [questions(wait_s, pause) for wait_s in WAITS_S.values()]
        rows.append([name, *(f"{count}, {late_s:.0f} s" for count, late_s in found)])
    return table(("requests, and how late the end is noticed at most", *WAITS_S), rows)


def with_table(text: str) -> str:
    """Return the page with its table as it should be."""
    marks = r"(<!-- waiting -->\n).*?(<!-- end waiting -->)"
    text, found = re.subn(marks, rf"\1{escaped(waiting_table())}\n\2", text, flags=re.DOTALL)
    assert found == 1, "docs/performance.md has no place for the table of waiting"
    return text


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
