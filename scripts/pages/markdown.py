"""Markdown that the generated parts of the documentation are made of."""

import inspect
import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell may hold anything but a line's end."""
    lines = [header, ["---"] * len(header), *([cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def code(text: str) -> str:
    return f"`{text}`"


def first_sentences(of: object) -> str:
    """Return the docstring up to its first blank line, which has to say something."""
    return (inspect.getdoc(of) or "").split("\n\n")[0]


def with_parts(text: str, parts: dict[str, str]) -> str:
    """Return a page with each part between its two marks, `<!-- name -->` and `<!-- end name -->`."""
    for name, part in parts.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
        escaped = part.replace("\\", r"\\")
        text, found = re.subn(marks, rf"\1\n{escaped}\n\n\2", text, flags=re.DOTALL)
        assert found == 1, f"the page has no place for {name}"
    return text
