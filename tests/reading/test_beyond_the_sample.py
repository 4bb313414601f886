"""Types are guessed from a sample; what other rows hold is noticed while they are written."""

import pytest
from support.loader import Loader

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ValueDoesNotFitError
from pipefy_exports_dagster.reading.inference import SAMPLE_ROWS

ROWS = 5 * SAMPLE_ROWS
LATE = ROWS - 3


def _csv(ordinary: str, odd: str) -> str:
    values = [ordinary] * ROWS
    values[LATE] = odd
    return "n,v\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values))


@pytest.mark.parametrize(
    ("ordinary", "odd", "type_"),
    [
        ("5", "N/A", "VARCHAR"),
        ("5", "007", "VARCHAR"),
        ("5", "5.5", "DOUBLE"),
        ("5", "0.1234567890123456789", "DECIMAL(20,19)"),
        ("true", "5", "VARCHAR"),
        ("2026-11-01", "2026-11-01T10:00:00", "VARCHAR"),
        ("2026-11-01 10:00:00", "soon", "VARCHAR"),
        ("", "5", "BIGINT"),
        ("", "2026-11-01", "DATE"),
        ("", "1.50", "DOUBLE"),
        ("", "x", "VARCHAR"),
        ("1234567890.123456789", "12345678901.5", "DECIMAL(20,9)"),
        ("1234567890.123456789", "x", "VARCHAR"),
    ],
)
def test_one_late_value_decides_the_type_and_none_is_lost(
    loader: Loader, ordinary: str, odd: str, type_: str
) -> None:
    loader.load_here(loader.csv(_csv(ordinary, odd)))
    assert loader.types()["v"] == type_
    assert loader.query("SELECT count(*), sum(n) FROM jobs") == [(ROWS, ROWS * (ROWS - 1) // 2)]
    others = f"WHERE n <> {LATE} AND v IS DISTINCT FROM " + (f"'{ordinary}'::{type_}" if ordinary else "NULL")
    assert loader.query(f"SELECT count(*) FROM jobs {others}") == [(0,)]
    assert loader.query(f"SELECT v = '{odd}'::{type_} FROM jobs WHERE n = {LATE}") == [(True,)]


def test_a_column_that_one_late_value_makes_text_has_the_spelling_of_the_file(
    loader: Loader,
) -> None:
    path = loader.csv(_csv("1.5", "100.0"))
    loader.load_here(path)
    assert loader.types()["v"] == "DOUBLE"
    loader.load_here(loader.csv("n,v\n1,x\n"))
    loader.load_here(path)
    assert loader.types()["v"] == "VARCHAR"
    assert loader.query("SELECT v, count(*) FROM jobs GROUP BY v ORDER BY v") == [
        ("1.5", ROWS - 1),
        ("100.0", 1),
    ]


def test_a_late_value_that_does_not_fit_its_pinned_type_is_named_with_its_row(loader: Loader) -> None:
    with pytest.raises(ValueDoesNotFitError) as caught:
        loader.load_here(loader.csv(_csv("5", "x")), options=ReadOptions(column_types={"v": "INTEGER"}))
    assert (caught.value.row, caught.value.value) == (LATE + 1, "x")
