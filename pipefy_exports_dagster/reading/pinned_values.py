"""Which values fit a pinned type: those whose text says no more than the typed value."""

import re
from collections.abc import Callable
from enum import Enum
from functools import partial

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.text.sql import literal

from .column_types import DOUBLE_DIGITS, VARCHAR, canonical_text
from .text_types import Candidate, group_mark, plain_number, shortest_number

_NUMERIC = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(.*|FLOAT|DOUBLE)")
_ZONE_AT_END = r".*[0-9] ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
_SECOND_DIGITS = {
    "TIME": 6, "TIMESTAMP": 6, "TIMESTAMP WITH TIME ZONE": 6, "TIMESTAMP_S": 0, "TIMESTAMP_MS": 3, "TIMESTAMP_NS": 9,
}  # fmt: skip


class TextKind(Enum):
    """Where the text of a column's values comes from.

    `MIXED` texts come from cells of several types: number cells have a point as in `CANONICAL`, whatever the
    configured decimal mark is, and text cells are as users wrote them.
    """

    WRITTEN = "as the file has it"
    CANONICAL = "made of typed values"
    MIXED = "some of each"


def pin(type_: str, options: ReadOptions, kind: TextKind) -> Candidate:
    """Describe a pinned type as a candidate whose misfits fail the load."""
    if type_ == VARCHAR:
        return Candidate(VARCHAR, lambda _text: "true", str, lambda _text: "true")
    if _NUMERIC.fullmatch(type_):
        return _number(type_, options.decimal_mark if kind is not TextKind.CANONICAL else None, kind)
    if options.date_format and (type_ == "DATE" or type_.startswith("TIMESTAMP")):
        return _formatted(type_, options.date_format)
    cast = _cast(type_)
    return Candidate(
        type_, lambda text: _fits(text, cast(text), type_), cast, lambda text: _same_text(cast, type_, text)
    )


def _cast(type_: str) -> Callable[[str], str]:
    return lambda text: f"TRY_CAST({text} AS {type_})"


def _same_text(cast: Callable[[str], str], type_: str, text: str) -> str:
    return f"({canonical_text(cast(text), type_)} = {text} AND {_fits(text, cast(text), type_)})"


def _fits(text: str, value: str, type_: str) -> str:
    """SQL for whether a value keeps all that its text says."""
    if type_ == "DATE":
        return f"CAST({value} AS TIMESTAMP) = TRY_CAST({text} AS TIMESTAMP)"
    fits = f"{value} IS NOT NULL"
    if type_ == "INTERVAL":  # Parquet would keep a month as 30 days
        fits += f" AND date_part('month', {value}) = 0 AND date_part('year', {value}) = 0"
    if type_.startswith("TIMESTAMP") and type_ != "TIMESTAMP WITH TIME ZONE":
        fits += f" AND NOT regexp_full_match({text}, '{_ZONE_AT_END}')"
    if type_ in _SECOND_DIGITS:
        fits += f" AND NOT regexp_matches({text}, '\\.[0-9]{{{_SECOND_DIGITS[type_]}}}[0-9]*[1-9]')"
    return f"({fits})"


def _number(type_: str, decimal_mark: str | None, kind: TextKind) -> Candidate:
    cast = _cast(type_)

    def fits(text: str) -> str:
        # A double keeps fifteen digits exactly, so comparing doubles shows whether the cast changed the number, as it
        # does when 1.55 becomes DECIMAL(3,1) or 1.5 BIGINT. Of longer numbers each digit has to come back.
        value = cast(text)
        double, again = f"TRY_CAST({text} AS DOUBLE)", f"TRY_CAST(CAST({value} AS VARCHAR) AS DOUBLE)"
        digits = f"length(ltrim(regexp_replace(split_part(lower({text}), 'e', 1), '[^0-9]', '', 'g'), '0'))"
        is_itself = f"({digits} = 0 OR (isfinite({double}) AND {double} <> 0))"
        return (
            f"(({digits} <= {DOUBLE_DIGITS} AND {again} = {double} AND {is_itself}) "
            f"OR {canonical_text(value, type_)} = {shortest_number(text)})"
        )

    def same_text(text: str) -> str:
        return f"({canonical_text(cast(text), type_)} = {text} AND {fits(text)})"

    if decimal_mark is None:
        return Candidate(type_, fits, cast, same_text)
    group, mark = group_mark(decimal_mark), decimal_mark
    marked = literal(f"[-+]?([0-9]+|[0-9]{{1,3}}([{group}][0-9]{{3}})+)([{mark}][0-9]+)?")
    plain = partial(plain_number, decimal_mark=decimal_mark)

    def marked_fits(text: str) -> str:
        return f"(regexp_full_match({text}, {marked}) AND {fits(plain(text))})"

    if kind is TextKind.WRITTEN:
        return Candidate(
            type_,
            marked_fits,
            lambda text: cast(plain(text)),
            lambda text: f"({marked_fits(text)} AND {same_text(text)})",
        )

    def either(text: str) -> str:
        return f"CASE WHEN regexp_full_match({text}, {marked}) THEN {plain(text)} ELSE {text} END"

    def either_fits(text: str) -> str:
        # A text that is a different number in each notation, such as 1.234, is ambiguous.
        unclear = (
            f"regexp_full_match({text}, {marked}) AND {cast(text)} IS NOT NULL "
            f"AND {cast(text)} IS DISTINCT FROM {cast(plain(text))}"
        )
        return f"(NOT ({unclear}) AND {fits('(' + either(text) + ')')})"

    return Candidate(
        type_,
        either_fits,
        lambda text: cast(either(text)),
        lambda text: f"({either_fits(text)} AND {same_text(text)})",
    )


def _formatted(type_: str, date_format: str) -> Candidate:
    format_ = literal(date_format)
    cast = _cast(type_)

    def parsed(text: str) -> str:
        return f"try_strptime({text}, {format_})"

    def value(text: str) -> str:
        return f"coalesce(TRY_CAST({parsed(text)} AS {type_}), {cast(text)})"

    def fits(text: str) -> str:
        iso, exact = _fits(text, cast(text), type_), f"TRY_CAST({parsed(text)} AS {type_}) = {parsed(text)}"
        return f"(CASE WHEN {parsed(text)} IS NULL THEN {iso} ELSE {exact} END)"

    return Candidate(
        type_, fits, value, lambda text: f"(CAST({value(text)} AS VARCHAR) = {text} AND {fits(text)})"
    )
