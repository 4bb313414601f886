"""The lattice of column types: which type holds the values of two types without changing any."""

import re
from dataclasses import dataclass

VARCHAR, BIGINT, DOUBLE, BOOLEAN = "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"
DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL = "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "INTERVAL"

MAX_EXACT_IN_DOUBLE = 2**53
BIGINT_DIGITS = 19
DOUBLE_DIGITS = 15
MAX_DECIMAL_DIGITS = 38

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


@dataclass(frozen=True, slots=True)
class Decimal:
    """A DECIMAL type: `digits` in total, `scale` of them after the point."""

    digits: int
    scale: int

    def __str__(self) -> str:
        return f"DECIMAL({self.digits},{self.scale})"


def as_decimal(type_: str) -> Decimal | None:
    """Read a DECIMAL type's digits and scale; None for any other type."""
    match = _DECIMAL.fullmatch(type_)
    return Decimal(int(match[1]), int(match[2])) if match else None


def widest(one: str, other: str) -> str:
    """Return the narrowest type that holds every value of both types exactly.

    For BIGINT with DOUBLE that depends on the values: this returns DOUBLE, and the caller has to check that each
    integer is within 2^53. A DECIMAL with a DOUBLE is a DOUBLE if it has few enough digits for an exact round trip.
    """
    if one == other:
        return one
    pair = {one, other}
    if pair == {BIGINT, DOUBLE}:
        return DOUBLE
    if pair == {DATE, TIMESTAMP}:
        return TIMESTAMP
    decimals = [decimal for decimal in (as_decimal(one), as_decimal(other)) if decimal]
    if len(decimals) == 1 and DOUBLE in pair:
        return DOUBLE if decimals[0].digits <= DOUBLE_DIGITS else VARCHAR
    if len(decimals) == 1 and BIGINT in pair:
        decimals.append(Decimal(BIGINT_DIGITS, 0))
    if len(decimals) == 2:  # noqa: PLR2004  two decimals
        scale = max(decimal.scale for decimal in decimals)
        whole = max(decimal.digits - decimal.scale for decimal in decimals)
        return str(Decimal(whole + scale, scale)) if whole + scale <= MAX_DECIMAL_DIGITS else VARCHAR
    return VARCHAR


def canonical_text(expression: str, type_: str) -> str:
    """SQL for a value's canonical text: `12` and not `12.0`, ISO dates, `true`.

    Times with a zone need `SET TimeZone = 'UTC'`, so that the text does not depend on the machine.
    """
    text = f"CAST({expression} AS VARCHAR)"
    if type_ == DOUBLE:
        return f"regexp_replace({text}, '\\.0$', '')"
    if as_decimal(type_) and not type_.endswith(",0)"):
        return f"rtrim(rtrim({text}, '0'), '.')"
    return text


def respelt_text(canonical: str, type_: str) -> str | None:
    """SQL for the other common notation of a value, from its canonical text; None if there is none."""
    if type_ == TIMESTAMP:
        return f"replace({canonical}, ' ', 'T')"
    if type_ == TIMESTAMPTZ:
        return f"replace(replace({canonical}, ' ', 'T'), '+00', 'Z')"
    return None
