"""The tables of docs/reliability.md, made from what the tests are parametrized with.

`make docs` writes them into the page; a test fails where the page differs.
"""

import re
from pathlib import Path

from reliability.fault_cases import CASES, SERVICE_ACCOUNT, FaultCase
from reliability.kill_points import KILL_POINTS
from reliability.server_faults import SERVER_FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def fault_table() -> str:
    rows = ["| fault | what happens | the run | exports | after one more run |", "|---|---|---|---|---|"]
    for case in CASES:
        account = " (service account)" if case.account == SERVICE_ACCOUNT else ""
        rows.append(
            f"| `{case.fault}`{account} | {case.what} | {case.outcome} | {case.exports} | {_in_all(case)} |"
        )
    return "\n".join(rows)


def server_table() -> str:
    rows = ["| fault | what happens | the run |", "|---|---|---|"]
    rows += [f"| {case.fault} | {case.what} | {case.outcome} |" for case in SERVER_FAULTS]
    return "\n".join(rows)


def kill_table() -> str:
    rows = ["| killed | what happens | exports in all |", "|---|---|---|"]
    rows += [f"| `{point.milestone}` | {point.what} | {point.exports} |" for point in KILL_POINTS]
    return "\n".join(rows)


def with_tables(text: str) -> str:
    """Return the page with all tables as they should be."""
    tables = (("faults", fault_table()), ("servers", server_table()), ("kills", kill_table()))
    for name, table in tables:
        marks = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
        text, found = re.subn(marks, rf"\1{escaped(table)}\n\2", text, flags=re.DOTALL)
        assert found == 1, f"docs/reliability.md has no place for the table of {name}"
    return text


def escaped(text: str) -> str:
    """Return text that stands for itself as a replacement in `re.sub`."""
    return text.replace("\\", r"\\")


def _in_all(case: FaultCase) -> str:
    return str(case.exports_in_all) if case.error else ""


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
