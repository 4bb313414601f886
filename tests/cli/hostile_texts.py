"""Texts of others that act where they are shown as they are: on a terminal, in Markdown, in JSON or a log."""

import re
from typing import Any

from markdown_it import MarkdownIt

HOST = "hostile.example"
TEXTS = (
    f"![picture](http://{HOST}/a.png)",
    f"<img src=http://{HOST}/b.png>",
    f"[link](javascript:alert('{HOST}'))",
    f"auto http://{HOST}/c www.{HOST}",
    f"``a` ```![d](http://{HOST}/d.png)",
    f"a | b\n\n# heading http://{HOST}/e",
    f"<!-- http://{HOST} -->",
    "clear \x1b[2J\x1b[1;1H screen",
    "title \x1b]0;owned\x07 link \x1b]8;;http://x\x1b\\y",
    "C1 \x9b31m red \x9d0;t\x9c",
    "bell \x07 back\x08\x08 return \rover",
    "right \u202egpj.exe\u202c isolate \u2066x\u2069",
    "mark \u200e\u200f\u061c zero \u200b\u2060\ufeff",
    "line \u2028 paragraph \u2029 next \x85",
    "tag \U000e0041\U000e007f private \ue000",
    "[bold red]rich[/] [link=http://x]y[/link]",
)
IN_XLSX = tuple(re.sub("[\0-\x08\x0b-\x1f\ufffe\uffff]", "?", text) for text in TEXTS)
"""XML has no such characters, and makes an end of a line of a carriage return."""
NAMES_OF_SHEETS = (f"<b>{HOST}", "a\u202eb\x9b31m", "`x` ![y](z)".replace("[", "(").replace("]", ")"))

_PARSER = MarkdownIt("commonmark").enable("table")


def require_harmless_in_terminal(text: str) -> None:
    """Nothing is left that a terminal obeys; ends of lines and tabs of the program's own are fine."""
    acting = [char for char in text if not char.isprintable() and char not in "\r\n\t"]
    assert acting == [], f"{acting[:5]} in {text!r}"


def require_harmless_in_markdown(text: str) -> None:
    """Whatever of the texts is in it is code: no picture, link, tag or address."""
    for token in _PARSER.parse(text):
        assert token.type not in {"html_block", "heading_open", "table_open"}, text
        for child in token.children or []:
            assert child.type != "html_inline", text
            if child.type == "image":
                assert str(child.attrs["src"]).startswith("data:image/"), text
            if child.type in {"text", "link_open"}:
                assert HOST not in f"{child.content}{child.attrs}", text
    require_harmless_in_terminal(text)


def texts_of(value: Any) -> list[str]:
    """Return all texts within a value of JSON."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for part in pair for text in texts_of(part)]
        case list() | tuple():
            return [text for part in value for text in texts_of(part)]
    return []
