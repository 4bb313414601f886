"""Text of files and servers where people read it: nothing in it may be obeyed, by a terminal or by Markdown."""

import re


def printable(text: str) -> str:
    """Return text with all that cannot be shown spelled out: a header may hold an escape sequence."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def markdown_code(text: str) -> str:
    """Return text between backticks, which Markdown shows as it is: Dagster's UI takes a check's text for Markdown.

    A name such as `![x](http://...)` would be fetched otherwise, by the browser of whoever looks.
    """
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    # Markdown takes one blank off each end where both have one, and a backtick would become part of the fence.
    pad = " " if not text or (text.strip() and (text[0] in " `" or text[-1] in " `")) else ""
    return f"{fence}{pad}{text}{pad}{fence}"
