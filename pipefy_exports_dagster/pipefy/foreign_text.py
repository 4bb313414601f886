"""Text that a server sent, as it may be shown: short, on one line, and without the secrets of a link."""

import re
from typing import Any

# An address ends where another one begins, so that thousands of them are each looked at once.
QUERY_STRING = re.compile(r"(?i)(https?://(?>(?:(?!https?://)[^\s?#'\"<>])*))[?#][^\s'\"<>]*")
USERINFO = re.compile(r"(?i)(https?://)[^\s/?#@'\"<>]*@")


def sanitized_text(value: Any, *, max_length: int = 300) -> str:
    """Return what a server sent as text for a message or a log line.

    Addresses lose user and query string, which hold credentials; control characters and half characters,
    which break logs and databases, are dropped.
    """
    text = str(value)[: max_length * 20]
    text = QUERY_STRING.sub(r"\1", USERINFO.sub(r"\1", text))
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
