"""Where a secret stands in text of others, however it is written there.

Text is looked at in several readings: as it is, and with its escapes undone, up to three times, each without blanks and
control characters, and in one case. In each the secret is looked for in its own form and in those that no
reading undoes: base64 at each of its three alignments, hexadecimal, and bytes taken for UTF-16.

All of it takes time in proportion to the text.
"""

import base64
import functools
import html
import re
from collections.abc import Callable, Iterator
from itertools import compress
from typing import NamedTuple

MIN_PLAIN, MIN_ENCODED = 4, 6
"""Characters: a shorter secret is none, or not looked for in its encoded forms, which any text may hold by chance."""
MIN_CUT, MIN_BEGINNING = 8, 12
"""Characters of a form that is cut off: at the end or before dots, and anywhere."""
MOST_CHARACTERS = 20_000
"""A text longer than this that holds a secret is struck out as a whole."""
MARK = "[secret]"

_CODECS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_NOISE = re.compile(
    "[\\s\\x00-\\x20\\x7f-\\xa0\\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffd]+"
)
_ESCAPE = re.compile(
    r"%u(?P<u>[0-9a-f]{4})|%(?P<percent>[0-9a-f]{2})"
    r"|\\+(?:u\{(?P<braced>[0-9a-f]{1,6})\}|u(?P<json>[0-9a-f]{4})|U(?P<long>[0-9a-f]{8})|x(?P<x>[0-9a-f]{2})"
    r"|(?P<octal>[0-3][0-7]{2})|(?P<blank>[abfnrtv0])|(?P<itself>.))"
    r"|(?P<html>&(?:\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});?)",
    re.IGNORECASE,
)
_SOFT_LINE_END = re.compile(r"=[ \t]*\r?\n")
_QUOTED_PRINTABLE = re.compile(r"=(?P<hex>[0-9a-f]{2})", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[^0-9a-z\x80-\U0010ffff]+")
_CUT_HERE = frozenset(".…*\"'`)]}>,;")
_FOLDED = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_\u2010\u2011\u2012\u2013\u2014\u2212", "abcdefghijklmnopqrstuvwxyz+/++++++"
)


class Reading(NamedTuple):
    """A text as it may be meant; `places` says from where to where each character stood in the original."""

    text: str
    places: list[tuple[int, int]] | None

    def rewritten(self, pattern: re.Pattern[str], rewrite: Callable[[re.Match[str]], str]) -> "Reading":
        """Replace what a pattern finds, and keep the places."""
        if self.places is None:
            return Reading(pattern.sub(rewrite, self.text), None)
        pieces: list[str] = []
        places: list[tuple[int, int]] = []
        at = 0
        for match in pattern.finditer(self.text):
            put = rewrite(match)
            pieces += self.text[at : match.start()], put
            places += self.places[at : match.start()]
            places += [(self.places[match.start()][0], self.places[match.end() - 1][1])] * len(put)
            at = match.end()
        pieces.append(self.text[at:])
        places += self.places[at:]
        return Reading("".join(pieces), places)

    def without_noise(self) -> "Reading":
        """Drop blanks, and what is dropped or blanked wherever text is shown."""
        reading = self.rewritten(_NOISE, lambda _: "")
        if reading.text.isprintable():
            return reading
        # Characters of private use, halves of pairs, and those that are none: too many for a pattern.
        kept = [character.isprintable() for character in reading.text]
        return Reading(
            "".join(compress(reading.text, kept)), reading.places and list(compress(reading.places, kept))
        )


@functools.lru_cache(maxsize=500)
def forms_of(secret: str) -> tuple[str, ...]:
    """Return how a secret may stand in a reading; none of it where it is too short to be one."""
    forms = {secret, secret.replace(" ", "+"), secret.encode(errors="replace").decode("latin-1")}
    # What looks like an escape in a secret is undone with those around it.
    forms |= {reading.text for form in tuple(forms) for reading in _readings(Reading(form, None), depth=3)}
    if len(secret) >= MIN_ENCODED:
        for codec in _CODECS:
            content = secret.encode(codec, errors="replace")
            forms |= {content.hex(), *_base64(content)}
        content = secret.encode(errors="replace")
        forms |= {
            content[start : start + (len(content) - start) // 2 * 2].decode(codec, errors="ignore")
            for start in (0, 1)
            for codec in ("utf-16-le", "utf-16-be")
        }
    shortest = min(MIN_PLAIN, len(secret))
    folded = {_folded(Reading(form, None).without_noise().text) for form in forms}
    # A form of UTF-16 has half of the characters, each of which says twice as much.
    return tuple(sorted(form for form in folded if len(form) >= shortest)) if shortest == MIN_PLAIN else ()


def is_in(text: str, forms: tuple[str, ...], *, depth: int = 3, also_cut: bool = True) -> bool:
    """Whether a text holds one of the forms, or perhaps the beginning of one."""
    heads = [form[:MIN_CUT] if also_cut else form for form in forms]
    bare = _bare(forms)
    for reading in _readings(Reading(text, None), depth):
        folded = _folded(reading.text)
        if any(head in folded for head in heads):
            return True
        letters = _PUNCTUATION.sub("", folded)
        if any(form in letters for form in bare):
            return True
    return False


def struck_out(text: str, forms: tuple[str, ...], *, also_cut: bool = True) -> str:
    """Return a text with each of the forms replaced by a mark.

    Args:
        text: Any text.
        forms: What `forms_of` returns, of one secret or several.
        also_cut: Also forms that are cut off.
    """
    if not forms or not is_in(text, forms, also_cut=also_cut):
        return text
    if len(text) > MOST_CHARACTERS:
        return MARK
    places: list[tuple[int, int]] = []
    whole = Reading(text, [(position, position + 1) for position in range(len(text))])
    for reading in _readings(whole, depth=3):
        places += _found(reading, forms, also_cut=also_cut)
        letters = Reading(_folded(reading.text), reading.places).rewritten(_PUNCTUATION, lambda _: "")
        places += _found(letters, _bare(forms), also_cut=False)
    pieces: list[str] = []
    at = 0
    for start, end in sorted(places):
        if end > at:
            if start >= at:
                pieces += text[at:start], MARK
            at = end
    return "".join([*pieces, text[at:]])


def _readings(text: Reading, depth: int) -> Iterator[Reading]:
    if "=" in text.text:
        softly = text.rewritten(_SOFT_LINE_END, lambda _: "").without_noise()
        yield softly.rewritten(_QUOTED_PRINTABLE, lambda match: chr(int(match["hex"], 16)))
        yield softly
    reading = text.without_noise()
    yield reading
    for _ in range(depth):
        if not _ESCAPE.search(reading.text):
            return
        reading = reading.rewritten(_ESCAPE, _unescaped).without_noise()
        yield reading


def _unescaped(match: re.Match[str]) -> str:
    kind = match.lastgroup
    assert kind is not None  # noqa: S101 - each alternative of the pattern has a name
    if kind == "html":
        return html.unescape(match[0])
    if kind == "blank":
        return ""
    if kind == "itself":
        return match[kind]
    code = int(match[kind], 8 if kind == "octal" else 16)
    return chr(code) if code <= 0x10FFFF else ""  # noqa: PLR2004 - the last character there is


def _found(reading: Reading, forms: tuple[str, ...], *, also_cut: bool) -> Iterator[tuple[int, int]]:
    folded, places = _folded(reading.text), reading.places
    assert places is not None  # noqa: S101 - given by `struck_out`
    for form in forms:
        head = form[:MIN_CUT] if also_cut else form
        at = folded.find(head)
        while at >= 0:
            size = len(head)
            while size < len(form) and folded[at + size : at + size + 1] == form[size]:
                size += 1
            is_long = size >= min(MIN_BEGINNING, len(form))
            if is_long or at + size == len(folded) or folded[at + size] in _CUT_HERE:
                yield places[at][0], places[at + size - 1][1]
            at = folded.find(head, at + 1)


def _bare(forms: tuple[str, ...]) -> tuple[str, ...]:
    """Return forms by their letters and digits, to be found with hyphens, colons or the like in between."""
    bare = {_PUNCTUATION.sub("", form) for form in forms}
    return tuple(form for form in bare if len(form) >= MIN_BEGINNING)


def _base64(content: bytes) -> Iterator[str]:
    """Yield base64 of bytes within other bytes: without the characters that the others share."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]


def _folded(text: str) -> str:
    """Return text in one case, with base64's two alphabets as one; as long as it was."""
    if text.isascii():
        return text.lower().replace("-", "+").replace("_", "/")
    return text.translate(_FOLDED)
