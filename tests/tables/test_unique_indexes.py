"""A person's unique index on a table: slices are replaced under it, and rows that break it are named."""

from collections.abc import Callable

import pytest
from support.loader import Loader

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.tables import Slice

SliceOf = Callable[..., Slice]
INDEXES = "SELECT index_name, is_unique FROM duckdb_indexes() ORDER BY 1"


@pytest.mark.parametrize(
    "columns",
    ["id", '"id", _period_filter', "(lower(v))", "(v || ')'), _file_row", "(concat(v, 'it''s, [x'))"],
)
def test_a_slice_is_replaced_under_a_unique_index(loader: Loader, columns: str) -> None:
    loader.load([["id", "v"], [1, "x"], [2, "y"]])
    loader.execute(f'CREATE UNIQUE INDEX "by (key)" ON jobs({columns}); CREATE INDEX by_v ON jobs(v)')
    loader.execute("COMMENT ON TABLE jobs IS 'mine'; ALTER TABLE jobs ADD COLUMN note VARCHAR DEFAULT 'n'")
    loader.load([["id", "v"], [2, "y"], [1, "X"], [3, "z"]])
    assert loader.query("SELECT id, v, note FROM jobs ORDER BY id") == [
        (1, "X", "n"),
        (2, "y", "n"),
        (3, "z", "n"),
    ]
    assert loader.query(INDEXES) == [("by (key)", True), ("by_v", False)]
    assert loader.query("SELECT comment FROM duckdb_tables() WHERE table_name = 'jobs'") == [("mine",)]
    comments = dict(
        loader.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'jobs'")
    )
    assert comments["v"] == "v"
    assert comments["_export_id"]
    with pytest.raises(Exception, match="Duplicate key"):
        loader.execute("INSERT INTO jobs SELECT * FROM jobs WHERE id = 1")


def test_a_slice_is_replaced_and_a_column_widened_under_a_unique_index(loader: Loader) -> None:
    loader.load([["id", "v"], [1, 1], [2, 2]])
    loader.execute("CREATE UNIQUE INDEX by_id ON jobs(id); CREATE UNIQUE INDEX by_v ON jobs(v)")
    loader.load([["id", "v", "w"], [2, "b", 1], [1, "a", 2]])
    assert loader.query("SELECT id, v, w FROM jobs ORDER BY id") == [(1, "a", 2), (2, "b", 1)]
    assert loader.query(INDEXES) == [("by_id", True), ("by_v", True)]


@pytest.mark.parametrize("shown", [True, False])
def test_rows_that_break_a_unique_index_are_named_and_nothing_is_changed(
    loader: Loader, slice_of: SliceOf, shown: bool
) -> None:
    loader.load([["cpf", "v"], ["529.982.247-25", "x"]])
    loader.execute("CREATE UNIQUE INDEX by_cpf ON jobs(cpf)")
    options = ReadOptions(show_values=shown)
    other = slice_of(period_filter="current_month")
    for rows, slice_ in (
        ([["cpf", "v"], ["111", "a"], ["111", "b"]], slice_of()),
        ([["cpf", "v"], ["529.982.247-25", "y"]], other),
    ):
        with pytest.raises(LoadFailedError, match=r"unique index 'by_cpf' on 'jobs' \(cpf\)") as caught:
            loader.load(rows, slice_=slice_, options=options)
        assert "Drop the index" in str(caught.value)
        assert (str(rows[1][0]) in str(caught.value)) is shown
        assert loader.query("SELECT cpf, v FROM jobs") == [("529.982.247-25", "x")]
        assert loader.query(INDEXES) == [("by_cpf", True)]


def test_keys_with_null_are_like_no_other(loader: Loader) -> None:
    loader.load([["id", "v"], [1, "x"]])
    loader.execute("CREATE UNIQUE INDEX by_key ON jobs(id, v)")
    loader.load([["id", "v"], [1, None], [1, None], [None, "x"], [None, "x"], [1, "x"]])
    assert loader.query("SELECT count(*) FROM jobs") == [(5,)]


@pytest.mark.parametrize("shown", [True, False])
def test_a_primary_key_lets_slices_be_replaced_and_says_what_breaks_it(loader: Loader, shown: bool) -> None:
    loader.load([["id", "v"], [1, "x"], [2, "y"]])
    loader.execute("ALTER TABLE jobs ADD PRIMARY KEY (id)")
    loader.load([["id", "v"], [2, "y"], [1, "z"]])
    with pytest.raises(LoadFailedError, match="PRIMARY KEY or UNIQUE constraint of the table") as caught:
        loader.load([["id", "v"], [918273, "y"], [918273, "z"]], options=ReadOptions(show_values=shown))
    assert ("918273" in str(caught.value)) is shown
    assert loader.query("SELECT id, v FROM jobs ORDER BY 1") == [(1, "z"), (2, "y")]
