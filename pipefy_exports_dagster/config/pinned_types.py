"""Which types a column can be pinned to, without DuckDB: it is not imported where definitions load.

The names are DuckDB 1.5's; a test compares them with the one that is installed.
"""

import re

_TYPE = re.compile(r"([A-Z][A-Z0-9_ ]*?) ?(?:\( ?(\d{1,9}) ?(?:, ?(\d{1,9}) ?)?\))?")

_PLAIN = (
    "BIGINT BIGNUM BINARY BLOB BOOL BOOLEAN BYTEA DATE DOUBLE FLOAT4 FLOAT8 GEOMETRY GUID HUGEINT INT INT1 INT128 "
    "INT16 INT2 INT32 INT4 INT64 INT8 INTEGER INTEGRAL INTERVAL JSON LOGICAL LONG OID REAL SHORT SIGNED SMALLINT TIME "
    "TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ TIME_NS TINYINT UBIGINT UHUGEINT UINT128 UINT16 UINT32 "
    "UINT64 UINT8 UINTEGER USMALLINT UTINYINT UUID VARBINARY VARINT"
)
PLAIN = frozenset(_PLAIN.split()) | {
    "DOUBLE PRECISION",
    "TIME WITH TIME ZONE",
    "TIME WITHOUT TIME ZONE",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE",
}
WITH_LENGTH = frozenset(
    {*["BIT", "BITSTRING", "BPCHAR", "CHAR", "CHARACTER", "NCHAR", "NVARCHAR", "STRING", "TEXT", "VARCHAR"]}
) | {
    "CHAR VARYING",
    "CHARACTER VARYING",
}
"""A length may follow; DuckDB takes it, and does not mind it."""
DECIMALS = frozenset({"DEC", "DECIMAL", "NUMERIC"})
TIMESTAMPS = frozenset({"DATETIME", "TIMESTAMP", "TIMESTAMP_US"})
ZONED = frozenset({"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"})
NESTED = frozenset({"ARRAY", "ENUM", "LIST", "MAP", "NULL", "ROW", "STRUCT", "TYPE", "UNION", "VARIANT"})
MOST_DIGITS = 38
_MOST_FRACTION_DIGITS = 9
_LARGEST_FLOAT = 53


def pinned_type_problem(text: str) -> str | None:
    """Say why a column cannot be pinned to a type, None if it can."""
    plain = _normalized(text)
    match = _TYPE.fullmatch(plain)
    name = match[1] if match else re.split(r"[\[(<]", plain)[0].strip()
    if name in NESTED or "[" in plain:
        return f"a column of a file cannot be {name}; pin it as VARCHAR or JSON, and take it apart in a query"
    if match is None:
        return "it is not a type of DuckDB, such as BIGINT, DECIMAL(18,2), DATE, TIMESTAMP or VARCHAR"
    first, second = (int(digits) if digits else None for digits in match.groups()[1:])
    return _arguments_problem(name, first, second)


def is_zoned_type(text: str) -> bool:
    """Whether a type is a time with a zone."""
    return _normalized(text) in ZONED


def _normalized(text: str) -> str:
    return " ".join(text.split()).upper()


def _arguments_problem(name: str, first: int | None, second: int | None) -> str | None:
    if name in DECIMALS:
        if first is None:
            return None
        if not 1 <= first <= MOST_DIGITS:
            return f"a DECIMAL has 1 to {MOST_DIGITS} digits, such as DECIMAL(18,2)"
        return (
            None
            if (second or 0) <= first
            else "a DECIMAL has no more digits after the point than it has in all"
        )
    limits = {
        **dict.fromkeys(PLAIN, -1),
        **dict.fromkeys(WITH_LENGTH, 10**9),
        **dict.fromkeys(TIMESTAMPS, _MOST_FRACTION_DIGITS),
        "FLOAT": _LARGEST_FLOAT,
    }
    if name not in limits:
        return "it is not a type of DuckDB, such as BIGINT, DECIMAL(18,2), DATE, TIMESTAMP or VARCHAR"
    if second is not None or (first is not None and first > limits[name]) or (name == "FLOAT" and first == 0):
        return f"DuckDB takes {name} without these numbers"
    return None
