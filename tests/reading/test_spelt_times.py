# ruff: noqa: E501  files and cases read better in one line
"""What a time was spelt like is kept for the case that its column becomes text."""

from collections.abc import Callable

import pytest
from support.loader import Loader

from pipefy_exports_dagster.tables import Slice

ZONED = ["2026-11-01T10:00:00Z", "2026-11-01 10:00:00+00", "2026-11-01T10:00:00-03:00", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:00+00:00", "2026-11-01T10:00:00.120Z"]  # fmt: skip
NAIVE = ["2026-11-01T10:00:00", "2026-11-01 10:00:00", "2026-11-01T10:00:00.500", "2026-11-01T10:00:00.5", "2026-11-01 10:00", "2026-11-01T00:00:00"]  # fmt: skip


@pytest.mark.parametrize("columns", [1, 150])
@pytest.mark.parametrize(("times", "type_"), [(ZONED, "TIMESTAMP WITH TIME ZONE"), (NAIVE, "TIMESTAMP")])
def test_each_spelling_is_in_a_table_whose_column_is_text(
    loader: Loader, slice_of: Callable[..., Slice], times: list[str], type_: str, columns: int
) -> None:
    header = ";".join(["k", *(f"t{n}" for n in range(columns))])
    text = "".join(f"{n};" + ";".join([time] * columns) + "\n" for n, time in enumerate(times))
    loader.load_here(loader.csv(f"{header}\n{text}9{';' * columns}\n"))
    assert loader.types()["t0"] == type_
    loader.execute("DROP TABLE jobs")
    loader.load_here(loader.csv(f"{header}\n1{';x' * columns}\n"))
    loader.load_here(
        loader.csv(f"{header}\n{text}9{';' * columns}\n"), slice_=slice_of(period_filter="current_month")
    )
    assert loader.column(f"t{columns - 1}", "_period_filter = 'current_month'") == [*times, None]
