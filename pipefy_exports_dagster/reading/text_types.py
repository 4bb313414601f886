"""Which types a column of text could have, as SQL over the text.

Each candidate has a predicate that is true only if the typed value says exactly what the text says. Most predicates
compare the text with the text of the cast value, which is strict without extra work: ` 5`, `+5`, `007`, `5.0`, `1_000`,
`0x1F` all cast to BIGINT in DuckDB, and none is unchanged. That comparison comes first, because it is true for nearly
every value and costs a fifth of the test with a regular expression.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pipefy_exports_dagster.config.date_formats import has_clock
from pipefy_exports_dagster.text.sql import literal

from .column_types import BIGINT, BOOLEAN, DATE, DOUBLE, DOUBLE_DIGITS, TIMESTAMP, TIMESTAMPTZ, respelt_text

_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_ISO_TIME = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}"
_ZONE = r" ?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
_PLAIN_NUMBER = r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?"

# The digits of a DECIMAL follow from the largest numbers of digits before and after the point.
DECIMAL = "DECIMAL"


def _always(_text: str) -> str:
    return "true"


def _starts_as_number(text: str) -> str:
    return f"ascii({text}) BETWEEN ascii('-') AND ascii('9')"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A type that a text column may have.

    Args:
        type: DuckDB type; `DECIMAL` without its digits until all rows were read.
        fits: SQL predicate over an SQL expression of the text.
        cast: SQL for the typed value; used only if `fits` is true.
        same_text: SQL predicate: it fits, and the typed value's canonical text is the text itself.
        digits: SQL for the number with a plain point, for counting its digits.
        glance: Cheap SQL predicate that is true whenever `fits` is.
        respelt: SQL predicate: it fits, and the text is what `respelt_text` returns; None if there is no such notation.
    """

    type: str
    fits: Callable[[str], str]
    cast: Callable[[str], str]
    same_text: Callable[[str], str]
    digits: Callable[[str], str] = str
    glance: Callable[[str], str] = _always
    respelt: Callable[[str], str] | None = None


def _number(text: str) -> str:
    """The plain form of a number: no trailing zeros after the point."""
    return f"(CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END)"


def _double_text(text: str) -> str:
    return f"regexp_replace(CAST(TRY_CAST({text} AS DOUBLE) AS VARCHAR), '\\.0$', '')"


def _fits_double(text: str) -> str:
    # A double keeps up to 15 significant digits exactly; more only if its shortest text is the same.
    digits = f"length(ltrim(replace({text}, '.', ''), '-0'))"
    return (
        f"((regexp_full_match({text}, '{_PLAIN_NUMBER}') AND {digits} <= {DOUBLE_DIGITS}) "
        f"OR ({_double_text(text)} = {_number(text)} AND isfinite(TRY_CAST({text} AS DOUBLE))))"
    )


def _same_double(text: str) -> str:
    value = f"TRY_CAST({text} AS DOUBLE)"
    shown = f"CAST({value} AS VARCHAR)"
    same = f"(({shown} = {text} AND NOT suffix({text}, '.0')) OR {shown} = {text} || '.0')"
    return f"(isfinite({value}) AND {same})"


def _fits_integer(text: str) -> str:
    return f"(length({text}) <= 18 AND CAST(TRY_CAST({text} AS BIGINT) AS VARCHAR) = {text})"


def _fits_date(text: str) -> str:
    # The length excludes 'infinity' and years after 9999, which a cast returns unchanged too.
    return f"(length({text}) = 10 AND CAST(TRY_CAST({text} AS DATE) AS VARCHAR) = {text})"


def _same_timestamp(shape: str, type_: str) -> Callable[[str], str]:
    # The pattern excludes the same, and years BC.
    return lambda text: f"({text} LIKE '{shape}' AND CAST(TRY_CAST({text} AS {type_}) AS VARCHAR) = {text})"


def _respelt_timestamp(shape: str, type_: str) -> Callable[[str], str]:
    def respelt(text: str) -> str:
        usual = respelt_text(f"CAST(TRY_CAST({text} AS {type_}) AS VARCHAR)", type_)
        return f"({text} LIKE '{shape}' AND {usual} = {text})"

    return respelt


def _fits_timestamp(pattern: str, type_: str) -> Callable[[str], str]:
    def fits(text: str) -> str:
        value = f"TRY_CAST({text} AS {type_})"
        # Most programs write `T` between date and time; this test costs half as much as the regular expression.
        with_t = (
            f"{text} LIKE '____-__-__T__:__:__%' AND replace(CAST({value} AS VARCHAR), ' ', 'T') = {text}"
        )
        # DuckDB accepts the year 0, which Python does not have.
        is_ours = f"{value} IS NOT NULL AND NOT starts_with({text}, '0000')"
        return f"(CASE WHEN {with_t} THEN true ELSE regexp_full_match({text}, '{pattern}') AND {is_ours} END)"

    return fits


def _cast(type_: str) -> Callable[[str], str]:
    return lambda text: f"TRY_CAST({text} AS {type_})"


INTEGER_TEXT = Candidate(BIGINT, _fits_integer, _cast(BIGINT), _fits_integer, glance=_starts_as_number)
DOUBLE_TEXT = Candidate(DOUBLE, _fits_double, _cast(DOUBLE), _same_double, glance=_starts_as_number)
DECIMAL_TEXT = Candidate(
    DECIMAL,
    lambda text: f"regexp_full_match({text}, '{_PLAIN_NUMBER}')",
    str,  # cast once the digits are known
    lambda text: f"(regexp_full_match({text}, '{_PLAIN_NUMBER}') AND {_number(text)} = {text})",
    glance=_starts_as_number,
)
BOOLEAN_TEXT = Candidate(
    BOOLEAN,
    # DuckDB turns an IN with more than five values into a join: one per column, each with its own memory.
    lambda text: f"list_contains(['true', 'false', 'True', 'False', 'TRUE', 'FALSE'], {text})",
    _cast(BOOLEAN),
    lambda text: f"({text} IN ('true', 'false'))",
    glance=lambda text: f"length({text}) BETWEEN 4 AND 5",
)
DATE_TEXT = Candidate(DATE, _fits_date, _cast(DATE), _fits_date, glance=_starts_as_number)
TIMESTAMP_TEXT = Candidate(
    TIMESTAMP,
    _fits_timestamp(_ISO_TIME, TIMESTAMP),
    _cast(TIMESTAMP),
    _same_timestamp("____-__-__ __:__:__%", TIMESTAMP),
    glance=_starts_as_number,
    respelt=_respelt_timestamp("____-__-__T__:__:__%", TIMESTAMP),
)
TIMESTAMPTZ_TEXT = Candidate(
    TIMESTAMPTZ,
    _fits_timestamp(_ISO_TIME + _ZONE, TIMESTAMPTZ),
    _cast(TIMESTAMPTZ),
    _same_timestamp("____-__-__ __:__:__%+00", TIMESTAMPTZ),
    glance=_starts_as_number,
    respelt=_respelt_timestamp("____-__-__T__:__:__%Z", TIMESTAMPTZ),
)

DATES = (DATE_TEXT, TIMESTAMP_TEXT, TIMESTAMPTZ_TEXT)
NUMBERS = (INTEGER_TEXT, DOUBLE_TEXT, DECIMAL_TEXT)


def marked_numbers(decimal_mark: str) -> tuple[Candidate, ...]:
    """Numbers with a decimal mark that the configuration gives: `1.234,56`, or `1,234.56`."""
    group = group_mark(decimal_mark)
    whole = f"(0|[1-9][0-9]*|[1-9][0-9]{{0,2}}([{group}][0-9]{{3}})+)"
    pattern = literal(f"-?{whole}([{decimal_mark}][0-9]+)?")

    def plain(text: str) -> str:
        return plain_number(text, decimal_mark)

    def marked(candidate: Candidate) -> Candidate:
        return Candidate(
            candidate.type,
            lambda text: f"(regexp_full_match({text}, {pattern}) AND {candidate.fits(plain(text))})",
            lambda text: candidate.cast(plain(text)),
            lambda text: (
                f"(regexp_full_match({text}, {pattern}) AND {plain(text)} = {text} AND {candidate.same_text(text)})"
            ),
            plain,
            _starts_as_number,
        )

    return tuple(marked(candidate) for candidate in NUMBERS)


def shortest_number(text: str) -> str:
    """SQL for a plain number without plus sign, leading zeros, and trailing zeros of its fraction."""
    digits = f"ltrim({text}, '+-')"
    whole = f"coalesce(nullif(ltrim(split_part({digits}, '.', 1), '0'), ''), '0')"
    fraction = f"rtrim(split_part({digits}, '.', 2), '0')"
    return (
        f"(CASE WHEN starts_with({text}, '-') THEN '-' ELSE '' END || {whole} "
        f"|| CASE WHEN {fraction} = '' THEN '' ELSE '.' || {fraction} END)"
    )


def plain_number(text: str, decimal_mark: str) -> str:
    """SQL for a number without its group marks and with a point."""
    return f"replace(replace({text}, {literal(group_mark(decimal_mark))}, ''), {literal(decimal_mark)}, '.')"


def group_mark(decimal_mark: str) -> str:
    """Return the thousands separator that goes with a decimal mark: the other of `.` and `,`."""
    return "." if decimal_mark == "," else ","


def formatted_dates(date_format: str) -> tuple[Candidate, ...]:
    """Dates, or times, in the strptime format that the configuration gives."""
    type_ = TIMESTAMP if has_clock(date_format) else DATE
    format_ = literal(date_format)

    def cast(text: str) -> str:
        return f"CAST(try_strptime({text}, {format_}) AS {type_})"

    def fits(text: str) -> str:
        return f"(strftime({cast(text)}, {format_}) = {text})"

    return (
        Candidate(
            type_, fits, cast, lambda text: f"({fits(text)} AND CAST({cast(text)} AS VARCHAR) = {text})"
        ),
    )
