"""The lists by which a file's settings are checked are those of the DuckDB that is installed."""

import random
from typing import Any

import duckdb
import pytest

from pipefy_exports_dagster.config.date_formats import DIRECTIVES, UNPADDED, date_format_problem
from pipefy_exports_dagster.config.pinned_types import (
    DECIMALS,
    NESTED,
    PLAIN,
    TIMESTAMPS,
    WITH_LENGTH,
    pinned_type_problem,
)
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.reading.pinning import check_options
from pipefy_exports_dagster.text.sql import literal

MOMENTS = (
    "2026-11-22 13:04:05",
    "1999-01-05 00:00:00",
    "2024-02-29 12:59:59",
    "2000-12-31 23:00:00",
    "1969-03-01 11:07:09",
    "2021-01-01 01:02:03",
    "2024-12-30 00:00:00",
)
GOOD_FORMATS = (
    "%d/%m/%Y", "%d/%m/%y", "%-d/%-m/%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M %p", "%d %b %Y",
    "%A, %d de %B de %Y", "%Y%m%d", "%x", "%c", "%j/%Y", "%G-W%V-%u", "%Y-%U-%w", "%d/%m/%Y às %Hh%M", "100%% %d/%m/%Y",
    "%d/%m/%Y %X", "'%d/%m/%Y'",
)  # fmt: skip
BAD_FORMATS = {
    "": "no directive",
    "dd/mm/yyyy": "no directive",
    "%%": "no directive",
    "%d/%m/%Y %": "ends within a directive",
    "%d/%m/%Y %-": "ends within a directive",
    "%d/%m/%Q": "no %Q",
    "%d/%m/%É": "no %É",
    "%-Y-%m-%d": "no %-Y",
    "% d/%m/%Y": "no % ",
    "%d/%m": "no year",
    "%m/%Y": "no day",
    "%H:%M": "no year and no month and no day",
    "%d/%Y": "no month",
    "%d/%m/%Y %d": "the day twice",
    "%Y %y-%m-%d": "the year twice",
    "%d/%m/%Y %H:%M %X": "the hour twice",
    "%G-%V": "alone",
    "%Y-%W-%w": "of the weeks",
    "%d/%m/%Y %V": "of the weeks",
    "%d/%m/%Y %I:%M": "without %p",
    "%d/%m/%Y %H:%M %p": "%I",
    "%-d%-m%Y": "another number",
    "%-d1/%m/%Y": "another number",
    " %d/%m/%Y": "begins with a blank",
    "%d/%m/%Y %n %H": "at its end",
    "%d/%m/%Y\0": "control character",
    "%d/%m/%Y\ud800": "half a character",
    "%d/%m/%Y %z": "a zone",
    "%d/%m/%Y %Z": "a zone",
}
BAD_TYPES = {
    "NUMBER": "not a type",
    "": "not a type",
    " ": "not a type",
    "DATE; DROP TABLE x": "not a type",
    "DATE) AS x, (1": "not a type",
    "INTEGER(4)": "without these numbers",
    "TIME(3)": "without these numbers",
    "TIMESTAMP(10)": "without these numbers",
    "VARCHAR(3,1)": "without these numbers",
    "FLOAT(54)": "without these numbers",
    "FLOAT(0)": "without these numbers",
    "DECIMAL(0)": "1 to 38",
    "DECIMAL(39,2)": "1 to 38",
    "DECIMAL(5,6)": "no more digits",
    "VARIANT": "VARCHAR or JSON",
    "INTEGER[]": "VARCHAR or JSON",
    "INTEGER[3]": "VARCHAR or JSON",
    "STRUCT(a INTEGER)": "VARCHAR or JSON",
    "MAP(INTEGER, VARCHAR)": "VARCHAR or JSON",
    "ENUM('a', 'b')": "VARCHAR or JSON",
    "UNION(a INTEGER)": "VARCHAR or JSON",
    "enum": "VARCHAR or JSON",
    "null": "VARCHAR or JSON",
}
OTHER_BAD: list[dict[str, Any]] = [
    {"column_types": "amount=DATE"},
    {"column_types": ["amount"]},
    {"column_types": {5: "DATE"}},
    {"column_types": {" ": "DATE"}},
    {"column_types": {"amount": None}},
    {"column_types": {"amount": 5}},
    {"decimal_mark": ""},
    {"decimal_mark": ";"},
    {"decimal_mark": ",."},
    {"decimal_mark": 5},
    {"date_format": 5},
    {"sheets": "Cards"},
    {"sheets": None},
    {"sheets": [5]},
    {"sheets": [""]},
    {"sheets": {"Cards": 1}},
    {"sheets": b"all"},
]


@pytest.fixture(scope="module")
def connection() -> "duckdb.DuckDBPyConnection":
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def survives(connection: "duckdb.DuckDBPyConnection", date_format: str) -> bool:
    """Whether DuckDB reads the date of what it has written, and writes the same again."""
    format_ = literal(date_format)
    for moment in MOMENTS:
        text = f"strftime(TIMESTAMP '{moment}', {format_})"
        parsed = f"CAST(try_strptime({text}, {format_}) AS TIMESTAMP)"
        same = f"{parsed}::DATE = TIMESTAMP '{moment}'::DATE AND strftime({parsed}, {format_}) = {text}"
        if connection.execute(f"SELECT coalesce({same}, false)").fetchall() != [(True,)]:
            return False
    return True


@pytest.mark.parametrize("date_format", GOOD_FORMATS)
def test_a_format_that_gives_dates_is_taken(
    date_format: str, connection: "duckdb.DuckDBPyConnection"
) -> None:
    assert ReadOptions(date_format=date_format).date_format == date_format
    assert survives(connection, date_format)


@pytest.mark.parametrize("date_format", BAD_FORMATS)
def test_a_format_that_does_not_is_refused_with_the_reason(date_format: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ReadOptions(date_format=date_format)
    assert str(caught.value).startswith("`date_format` is ")
    assert BAD_FORMATS[date_format] in str(caught.value)


def test_formats_that_are_taken_survive_duckdb(connection: "duckdb.DuckDBPyConnection") -> None:
    chance = random.Random(11)  # noqa: S311 - the same each time
    dates = (
        ["%d", "%m", "%Y"],
        ["%-d", "%b", "%y"],
        ["%x"],
        ["%c"],
        ["%Y", "%j"],
        ["%G", "%V", "%u"],
        ["%Y", "%U", "%w"],
    )
    more = [f"%{each}" for each in sorted(DIRECTIVES - set("zZ"))] + [
        f"%-{each}" for each in sorted(UNPADDED)
    ]
    more += ["/", "-", " ", ":", ",", "h", "5", "é", "%%"]
    taken = 0
    while taken < 400:
        parts = [*chance.choice(dates), *chance.choices(more, k=chance.randint(0, 5))]
        chance.shuffle(parts)
        date_format = chance.choice(["", "/", " "]).join(parts)
        if date_format_problem(date_format) is None:
            taken += 1
            assert survives(connection, date_format), date_format


def test_the_directives_are_duckdbs(connection: "duckdb.DuckDBPyConnection") -> None:
    ascii_ = [chr(code) for code in range(33, 127)]
    for directive in [*ascii_, *(f"-{each}" for each in ascii_ if each != "-")]:
        known = directive in DIRECTIVES or (directive[0] == "-" and directive[1:] in UNPADDED)
        try:
            connection.execute(f"SELECT try_strptime('x', {literal(f'%{directive}')})")
        except duckdb.Error:
            assert not known, directive
        else:
            assert known, directive


@pytest.mark.parametrize("date_format", ["%d/%m/%Y %H:%M %z", "%d/%m/%Y %H:%M %Z"])
def test_a_format_with_a_zone_goes_with_a_column_that_is_pinned_with_one(date_format: str) -> None:
    for type_ in ("TIMESTAMPTZ", "timestamp  with time zone"):
        assert ReadOptions({"at": type_}, date_format=date_format)
    with pytest.raises(ConfigurationError, match="TIMESTAMP WITH TIME ZONE"):
        ReadOptions({"at": "TIMESTAMP"}, date_format=date_format)


@pytest.mark.parametrize("type_", BAD_TYPES)
def test_a_type_that_no_column_can_have_is_refused_with_the_reason(type_: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ReadOptions(column_types={"amount": type_})
    assert str(caught.value).startswith("`column_types` pins 'amount' as ")
    assert BAD_TYPES[type_] in str(caught.value)


def test_the_types_are_duckdbs(connection: "duckdb.DuckDBPyConnection") -> None:
    """Every name that is taken is a type, and every type that DuckDB has is taken or refused by its name."""
    simple = PLAIN | WITH_LENGTH | DECIMALS | TIMESTAMPS | {"FLOAT"}
    for name in sorted(simple):
        assert pinned_type_problem(name) is None, name
        check_options(connection, ReadOptions(column_types={"c": name}))
    found = connection.execute(
        "SELECT DISTINCT upper(type_name) FROM duckdb_types() WHERE database_name = 'system'"
    ).fetchall()
    assert {name for (name,) in found} - simple - NESTED == set()


@pytest.mark.parametrize(
    "type_",
    [
        "decimal(18, 2)",
        "DECIMAL(38,38)",
        "numeric(5)",
        "VARCHAR(10)",
        "TIMESTAMP(9)",
        "FLOAT(53)",
        " Double  Precision ",
    ],
)
def test_a_type_with_numbers_is_duckdbs(type_: str, connection: "duckdb.DuckDBPyConnection") -> None:
    check_options(connection, ReadOptions(column_types={"c": type_}))


@pytest.mark.parametrize("values", OTHER_BAD, ids=map(str, OTHER_BAD))
def test_any_other_value_that_cannot_be_used_is_refused_by_its_field(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{next(iter(values))}` "):
        ReadOptions(**values)


def test_what_another_duckdb_does_not_take_is_the_configurations_fault(
    connection: "duckdb.DuckDBPyConnection",
) -> None:
    """As with a version that has lost a type, or a directive."""
    for name, value in (("column_types", {"c": "ELEPHANT"}), ("date_format", "%d/%m/%Y %")):
        options = ReadOptions()
        object.__setattr__(options, name, value)
        with pytest.raises(ConfigurationError, match=f"^`{name}` .* this version of DuckDB does not take"):
            check_options(connection, options)
