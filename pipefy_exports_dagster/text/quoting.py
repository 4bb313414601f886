"""Text of files and servers for output: no terminal, browser or page may interpret anything in it.

One function for each output: `printable` for terminals and logs, `markdown_code` for text that Dagster's UI renders as
Markdown (descriptions of check results, `MetadataValue.md`), `markdown_text` for such text that is mostly words
(descriptions of columns), `shown_json` for printed JSON.
"""

import json
import re
from typing import Any

_OF_WORDS = " _-/,%ºª"
LONGEST_QUOTED = 60


def printable(text: str) -> str:
    """Return text with unprintable characters escaped: a header may hold an escape sequence."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def markdown_code(text: str) -> str:
    """Return text between backticks, which Markdown shows as it is: Dagster's UI renders a check's text as Markdown.

    Otherwise the browser of a user would fetch the address in a name such as `![x](http://...)`.
    """
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    # Markdown removes one blank from each end if both have one, and a backtick would become part of the fence.
    pad = " " if not text or (text.strip() and (text[0] in " `" or text[-1] in " `")) else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def markdown_text(text: str) -> str:
    """Return text for Markdown: words as they are, and all else, which Markdown could interpret, between backticks."""
    words = text[:1].isalpha() and all(char.isalnum() or char in _OF_WORDS for char in text)
    # Between letters an underscore is literal; elsewhere it may begin an emphasis.
    inner = words and not any(pair in f"{text} " for pair in (" _", "_ ", "__"))
    return text if inner else markdown_code(text)


def shown_json(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON with unprintable characters escaped; it parses to the same text."""
    return escaped_json(json.dumps(value, indent=indent, ensure_ascii=False))


def escaped_json(text: str) -> str:
    """Return JSON text with unprintable characters escaped, except line ends."""
    return "\n".join(
        line if line.isprintable() else "".join(map(_escaped, line)) for line in text.split("\n")
    )


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def quoted_value(value: object) -> str:
    """Quote a value in a message, cut short; a number may have more digits than Python converts to text."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of very many digits"
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"
