"""Which `date_format`s can be used: those from whose text DuckDB reads a date, and writes the same text again.

DuckDB's own check says less: it takes a format without a year, and writes times of 12 hours that it cannot read. The
lists are DuckDB 1.5's; a test compares them with the one that is installed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

_DIRECTIVE = re.compile(r"%(-?.|)", re.DOTALL)
DIRECTIVES = frozenset("aAbBcdfgGhHIjmMnpSTuUVwWxXyYzZ%")
UNPADDED = frozenset("dmyjHIMS")
"""Also with a hyphen: `%-d` is a day without a leading zero."""
_NUMBERS = frozenset(
    [
        "d",
        "f",
        "g",
        "G",
        "H",
        "I",
        "j",
        "m",
        "M",
        "n",
        "S",
        "T",
        "u",
        "U",
        "V",
        "w",
        "W",
        "x",
        "X",
        "c",
        "y",
        "Y",
    ]
)
_ZONES = frozenset("zZ")
_TELLS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys("yY", ("year",)),
    **dict.fromkeys("mbBh", ("month",)),
    **dict.fromkeys("HI", ("hour",)),
    **dict.fromkeys("fgn", ("fraction",)),
    **dict.fromkeys("aAuw", ("day of the week",)),
    **dict.fromkeys("TX", ("hour", "minute", "second")),
    **dict.fromkeys("zZ", ("zone",)),
    "c": ("year", "month", "day", "hour", "minute", "second"),
    "d": ("day",),
    "G": ("year of the week",),
    "j": ("day of the year",),
    "M": ("minute",),
    "p": ("half of the day",),
    "S": ("second",),
    "U": ("week",),
    "V": ("week of the year",),
    "W": ("week from Monday",),
    "x": ("year", "month", "day"),
}
_WEEKS = frozenset({"year of the week", "week", "week of the year", "week from Monday"})
_OF_A_DATE = _WEEKS | {"year", "month", "day", "day of the year"}
_DATES = ({"year", "month", "day"}, {"year", "day of the year"})
_DATES_BY_WEEK = (({"year of the week", "week of the year"}, True, False), ({"year", "week"}, False, True))
"""With the day of the week as `%u`, or as `%w`; DuckDB does not read the other pairs."""
CLOCK = frozenset("HIMSfgnXcT")
_EXAMPLE = "use a format such as %d/%m/%Y, or %d/%m/%Y %H:%M for times"


def directives(date_format: str) -> Iterator[str]:
    """Yield the directives of a format without their percent signs: `d`, `-m`, and an empty text for one cut off."""
    for match in _DIRECTIVE.finditer(date_format):
        yield match[1]


def has_clock(date_format: str) -> bool:
    """Whether a format tells the time of day."""
    return any(directive.lstrip("-") in CLOCK for directive in directives(date_format))


def is_zoned(date_format: str) -> bool:
    """Whether a format gives a time zone: only a column that is pinned with a zone can take it."""
    return any(directive in _ZONES for directive in directives(date_format))


def date_format_problem(date_format: str) -> str | None:
    """Say why a format cannot be used, None if it can."""
    found = list(directives(date_format))
    for directive in found:
        if directive in {"", "-"}:
            return "it ends within a directive; a percent sign in the text is written %%"
        if not (directive in DIRECTIVES or (directive[0] == "-" and directive[1:] in UNPADDED)):
            return f"DuckDB's strptime has no %{directive}; {_EXAMPLE}"
    if not set(found) - {"%"}:
        return f"it has no directive, such as %d; {_EXAMPLE}"
    if not date_format.isprintable() and any(ord(character) < ord(" ") for character in date_format):
        return f"it holds a control character; {_EXAMPLE}"
    return _text_problem(date_format) or _meaning_problem([directive.lstrip("-") for directive in found])


def _text_problem(date_format: str) -> str | None:
    """Say what DuckDB does not read as it writes it."""
    if date_format[:1].isspace():
        return f"it begins with a blank, which DuckDB passes over in the file's text; {_EXAMPLE}"
    if "n" in directives(date_format.removesuffix("%n")):
        return "%n, the nanoseconds, has to stand at its end"
    try:
        date_format.encode()
    except UnicodeEncodeError:
        return f"it holds half a character; {_EXAMPLE}"
    for match in re.finditer(r"%-.(%(-?.)|[0-9])", date_format.replace("%%", "%%\0")):
        if match[2] is None or match[2].lstrip("-") in _NUMBERS:
            return (
                f"{match[0][:3]} is followed by another number, so that nobody can tell where it ends; "
                "put something between them, or use the form with leading zeros"
            )
    return None


def _meaning_problem(found: Sequence[str]) -> str | None:
    """Say what a format does not tell, or tells in a way that DuckDB does not understand."""
    told = [fact for directive in found for fact in _TELLS.get(directive, ())]
    if twice := sorted(fact for fact in set(told) if told.count(fact) > 1):
        return f"it tells the {twice[0]} twice; {_EXAMPLE}"
    dates = set(told) & _OF_A_DATE
    if dates not in _DATES and (dates, "u" in found, "w" in found) not in _DATES_BY_WEEK:
        if dates & _WEEKS:
            return f"DuckDB makes no date of the weeks in it; use %G-%V-%u alone, or {_EXAMPLE.removeprefix('use ')}"
        missing = [fact for fact in ("year", "month", "day") if fact not in dates]
        lacks = f"no {' and no '.join(missing)}" if missing else "both a day of the month and one of the year"
        return f"it has {lacks}, so that it gives no date; {_EXAMPLE}"
    if "I" in found and "p" not in found:
        return "%I is an hour of twelve, and without %p it is not known which; use %H, or add %p"
    if "p" in found and "I" not in found:
        return "%p tells the half of the day of %I, which is not in it; use %I for the hour"
    return None
