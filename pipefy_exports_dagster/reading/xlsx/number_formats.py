"""What a stored number means with its cell's number format: a date, a time of day, a duration, or a number.

`tests/data/number_formats.csv` has what LibreOffice and SheetJS show with some 600 formats.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum


class NumberKind(IntEnum):
    """What a stored number means with its cell's format."""

    NUMBER = 0
    DATE = 1
    DATETIME = 2
    TIME = 3
    DURATION = 4


# Formats that a workbook names by number, without a code. Six of them are times in Chinese and dates in Japanese and
# Korean, and a workbook does not say which. TIME turns numbers below 1 into times, and others into dates with times.
_BUILT_IN = {
    **dict.fromkeys((*range(14, 18), *range(27, 32), 36, 50, 51, 54, 57, 58), NumberKind.DATE),
    **dict.fromkeys((*range(18, 22), 32, 33, 45, 47), NumberKind.TIME),
    **dict.fromkeys((34, 35, 52, 53, 55, 56), NumberKind.TIME),
    22: NumberKind.DATETIME,
    46: NumberKind.DURATION,
    # Thai formats.
    **dict.fromkeys((*range(71, 75), 81), NumberKind.DATE),
    **dict.fromkeys((75, 76, 78, 80), NumberKind.TIME),
    77: NumberKind.DATETIME,
    79: NumberKind.DURATION,
}
# Each alternative consumes at least one character and does not backtrack, so reading a code takes linear time. An
# unclosed quote or bracket extends to the end.
_TOKEN = re.compile(
    r"""
      (?P<literal> "[^"]*"? | [\\!_*]. | [\\!_*]\Z | B[12] (?= [^A-Za-z] | [ymdhsega] | \Z ) )
    | \[ (?P<bracket> [^\]]* ) \]?
    | (?P<half_day> AM/PM | A/P | 上午/下午 | 午前/午後 | 오전/오후 )
    | (?P<general> General )
    | (?P<exponent> E[+-] (?=[0\#?]) )
    | (?P<word> (?> (?: (?! AM/PM | A/P | General ) [A-Za-zÀ-ÖØ-öø-ɏ] )+ ) )
    | (?P<digits> [0\#?]+ )
    | (?P<text> @ )
    | (?P<end> ; )
    | .
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LETTERS = re.IGNORECASE | re.ASCII  # without a long s and the like
_ELAPSED = re.compile(r"h+|m+|s+", _LETTERS)
_CONDITION = re.compile(
    r"\s*(<=|>=|<>|<|>|=)\s*(-?[0-9]{1,20}(?:[.,][0-9]{0,20})?(?:E[+-]?[0-9]{1,2})?)\s*", re.IGNORECASE
)
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
# A word is read as codes only as a whole, so that `Standard` and `Geral`, which are `General` in German and in
# Portuguese, and other unquoted words are text. Programs write `T` and `Z` for ISO 8601; `N`, `Q`, `R` and `WW` are
# LibreOffice's weekday, quarter, Japanese era and week. An era's name, `g`, is not a time by itself.
_CODES = re.compile(
    r"(?>(?:[ymdhseb]++|g++|a{3,}+|n{2,4}+|(?<=d)t(?=h)|(?<=s)z\Z)+)|q{1,2}|r{1,2}|ww", _LETTERS
)
# The beginning of such a word still is codes if no language has a word that begins like this: `hhrs`.
_LEADING_CODES = re.compile(r"(?>(?:y{2,}+|m{2,}+|d{2,}+|h{2,}+|s{2,}+)+)", _LETTERS)
_RUN = re.compile(r"y+|m+|d+|h+|s+|e+|b+|a+|n+|q+|r+|w+", _LETTERS)
_MOST_SECTIONS = 4
_LONGEST_MINUTES = 2  # `mmm` is a month's name, wherever it is

_A_DAY_OF_OURS = 46_000.0  # in December 2025
_A_TIME = 0.5


def number_kind(code: str) -> NumberKind:
    """Return what a number format's code makes of a number.

    Of several sections, the one counts that a present-day date is shown with. A format that shows times below one day
    and dates above is TIME, which keeps both.
    """
    sections = _sections(code)
    if len(sections) > 1 and sections[-1].is_for_text:
        del sections[-1]
    kind = _applied(sections, _A_DAY_OF_OURS)
    if kind in {NumberKind.DATE, NumberKind.DATETIME} and _applied(sections, _A_TIME) is NumberKind.TIME:
        return NumberKind.TIME
    return kind


def built_in_kind(id_: int) -> NumberKind:
    """Return what a built-in number format makes of a number."""
    return _BUILT_IN.get(id_, NumberKind.NUMBER)


@dataclass(slots=True)
class _Section:
    """The text between two semicolons: the codes of dates and times, in order, and the rest as flags."""

    codes: list[str] = field(default_factory=list)
    condition: tuple[str, float] | None = None
    is_elapsed: bool = False
    is_for_text: bool = False
    has_half_day: bool = False
    has_number: bool = False

    def kind(self) -> NumberKind:
        if self.is_elapsed:
            return NumberKind.DURATION
        if self.has_number:
            return NumberKind.NUMBER
        clock, day = self.has_half_day, False
        for position, code in enumerate(self.codes):
            is_clock = code[0] in "hs" or (code[0] == "m" and self._is_minutes(position))
            clock, day = clock or is_clock, day or not is_clock
        if day:
            return NumberKind.DATETIME if clock else NumberKind.DATE
        return NumberKind.TIME if clock else NumberKind.NUMBER

    @property
    def ends_with_seconds(self) -> bool:
        return bool(self.codes) and self.codes[-1][0] == "s"

    def applies(self, serial: float, nth: int, count: int) -> bool:
        """Whether it shows numbers that the sections before it do not."""
        if self.condition is not None:
            compare, limit = self.condition
            return _COMPARED[compare](serial, limit)
        # Of three sections, the second is for negative numbers, and the last for all others.
        return nth == count - 1 or (nth == 0 and serial >= 0) or nth > 1

    def _is_minutes(self, position: int) -> bool:
        """Whether an `m` follows hours or precedes seconds."""
        if len(self.codes[position]) > _LONGEST_MINUTES:
            return False
        before, after = self.codes[max(position - 1, 0) : position], self.codes[position + 1 : position + 2]
        return any(code[0] == "h" for code in before) or any(code[0] == "s" for code in after)


def _sections(code: str) -> list[_Section]:
    """Read a code's sections, of which there are at most four."""
    section = _Section()
    sections = [section]
    for token in _TOKEN.finditer(code):
        text = token.group()
        match token.lastgroup:
            case "end" if len(sections) == _MOST_SECTIONS:
                break
            case "end":
                section = _Section()
                sections.append(section)
            case "bracket":
                _bracket(section, token["bracket"])
            case "half_day":
                section.has_half_day = True
            case "general":
                section.has_number = True
            case "digits":
                # Zeros after seconds are their fraction, whatever is between.
                section.has_number |= not (section.ends_with_seconds and text.strip("0") == "")
            case "text":
                section.is_for_text = section.has_number = True
            case "word":
                codes = _CODES.fullmatch(text) or _LEADING_CODES.match(text)
                section.codes += [run.lower() for run in _RUN.findall(codes.group())] if codes else []
    return sections


def _bracket(section: _Section, content: str) -> None:
    """Read an elapsed time or a condition; other brackets are colours, currencies, languages and numerals."""
    if _ELAPSED.fullmatch(content):
        section.is_elapsed = True
    elif condition := _CONDITION.fullmatch(content):
        section.condition = condition[1], float(condition[2].replace(",", "."))


def _applied(sections: list[_Section], serial: float) -> NumberKind:
    """Return what the section makes of a number that shows it."""
    for nth, section in enumerate(sections[:3]):
        if section.applies(serial, nth, len(sections)):
            return section.kind()
    return sections[0].kind()
