"""With `show_values` false no error says what the file says."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.loader import Loader

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.reading.redaction import without_values
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.tables.database_errors import translated

MARK = "Maria Marcada"


@pytest.mark.parametrize("show_values", [True, False])
@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (f"id,name\n1,{MARK}\n2,x\n", {"column_types": {"name": "BIGINT"}}, "column 'name', data row 1"),
        (f"{MARK} is not here.", {}, "one line of text"),
        (f'{{"error": "{MARK}"}}', {}, "a JSON document"),
        (f"<html><title>{MARK}</title></html>", {}, "an HTML page"),
    ],
)
def test_what_cannot_be_read_is_quoted_only_where_values_may_be_shown(
    tmp_path: Path, loader: Loader, content: str, options: dict[str, Any], told: str, *, show_values: bool
) -> None:
    with pytest.raises(PipefyExportsError) as raised:
        read_table_file(
            loader.csv(content), folder=tmp_path, options=ReadOptions(show_values=show_values, **options)
        )
    assert (MARK in str(raised.value)) is show_values
    assert (MARK in repr(vars(raised.value))) is (show_values and "column_types" in options)
    if not show_values:
        assert told in str(raised.value)
        assert "`show_values` is false" in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__


@pytest.mark.parametrize("show_values", [True, False])
def test_a_value_of_the_table_that_does_not_fit_a_pinned_type_is_quoted(
    loader: Loader, slice_of: Any, *, show_values: bool
) -> None:
    loader.load(f"name,n\n{MARK},1\n")
    options = ReadOptions(column_types={"name": "BIGINT"}, show_values=show_values)
    with pytest.raises(PipefyExportsError, match="'name' is pinned as BIGINT") as raised:
        loader.load("name,n\n7,1\n", slice_=slice_of(period_filter="current_month"), options=options)
    assert (MARK in str(raised.value)) is show_values


def test_what_duckdb_says_is_left_out(tmp_path: Path) -> None:
    error = translated(duckdb.ConversionException(f"Could not convert string '{MARK}' to INT32"), tmp_path)
    assert MARK in str(error)
    assert str(without_values(error)) == (
        f"loading into {tmp_path} failed, nothing was changed: ConversionException"
    )


def test_the_preview_is_left_out(loader: Loader) -> None:
    shown = loader.load(f"name,n\n{MARK},1\n")
    hidden = loader.load(f"name,n\n{MARK},1\n", options=ReadOptions(show_values=False))
    assert shown.preview == ((MARK, 1),)
    assert hidden.preview == ()
    assert hidden.rows == 1
