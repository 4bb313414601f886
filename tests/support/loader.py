"""Files of a few rows, loaded into tables of their own: in a DuckDB file, or in a lake."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.worker import read
from pipefy_exports_dagster.tables import LoadReport, Slice, load_file, replace_slice, workspace
from pipefy_exports_dagster.tables.lake import LakeTables, lake_tables
from support.asked import asked, changed, connected
from support.needs import needs_scale

LAST_MONTH = Slice(
    organization_id="301",
    period_filter="last_month",
    requested_month=date(2026, 11, 1),
    export_id="export-1",
    exported_at=datetime(2026, 11, 2, 15, 0),  # noqa: DTZ001  UTC, as the contract says of naive times
)

Rows = list[list[Any]]


over_stores = pytest.mark.parametrize("loader", ["file", "lake"], indirect=True)
"""For a test whose claim is about any place of tables."""


class Loader:
    """Loads rows or files into one place of tables, and asks it questions."""

    def __init__(self, folder: Path, tables: LakeTables | None = None) -> None:
        self.folder = folder
        self.database = folder / "data.duckdb"
        self.lake = tables
        self._files = 0

    @property
    def tables(self) -> Path | LakeTables:
        """Where rows are loaded: a test may name another database."""
        return self.lake or self.database

    def xlsx(self, rows: Rows) -> Path:
        workbook = openpyxl.Workbook()
        assert workbook.active is not None
        for row in rows:
            workbook.active.append(row)
        path = self._path("xlsx")
        workbook.save(path)
        return path

    def csv(self, text: str | bytes) -> Path:
        path = self._path("csv")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(
        self, source: Path | Rows | str | bytes, *, slice_: Slice = LAST_MONTH, **options: Any
    ) -> LoadReport:
        if isinstance(source, list):
            source = self.xlsx(source)
        elif not isinstance(source, Path):
            source = self.csv(source)
        options.setdefault("read_copy", False)
        options.setdefault("table", "jobs")
        return load_file(source, database=self.tables, slice_=slice_, **options)

    def load_here(
        self, path: Path, *, slice_: Slice = LAST_MONTH, options: ReadOptions | None = None
    ) -> LoadReport:
        """Load without a process of its own for the reading, which takes half a second to start."""
        with self.staged(path, options) as staged:
            return self.replace(staged, slice_)

    @contextmanager
    def staged(self, path: Path, options: ReadOptions | None = None) -> Iterator[StagedTable]:
        with workspace(self.database) as folder:
            yield read(path, folder=folder, options=options or ReadOptions(), started=time.monotonic())

    def replace(self, staged: StagedTable, slice_: Slice = LAST_MONTH) -> LoadReport:
        return replace_slice(staged, database=self.tables, table="jobs", slice_=slice_, read_copy=False)

    def texts(self, names: list[str]) -> list[list[str | None]]:
        """The whole table as text."""
        listed = ", ".join(f'"{name}"::VARCHAR' for name in names)
        with connected(self.tables) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            rows = connection.execute(f"SELECT {listed} FROM jobs ORDER BY _file_row").fetchall()
        return [list(row) for row in rows]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return asked(self.tables, sql)

    def execute(self, sql: str) -> None:
        changed(self.tables, sql)

    def column(self, name: str, where: str = "true") -> list[Any]:
        return [
            row[0]
            for row in self.query(
                f'SELECT "{name}" FROM jobs WHERE {where} ORDER BY _period_filter, _file_row'
            )
        ]

    def types(self) -> dict[str, str]:
        columns = self.query(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'jobs' ORDER BY column_index"
        )
        return {name: type_ for name, type_ in columns if not name.startswith("_")}

    def headers(self) -> list[str]:
        """The headers of the file's columns, as their comments have them."""
        columns = self.query(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'jobs' ORDER BY column_index"
        )
        return [comment or "" for name, comment in columns if not name.startswith("_")]

    def _path(self, suffix: str) -> Path:
        self._files += 1
        return self.folder / f"file-{self._files}.{suffix}"


@pytest.fixture
def loader(tmp_path: Path, request: pytest.FixtureRequest) -> Loader:
    if getattr(request, "param", "file") == "file":
        return Loader(tmp_path)
    needs_scale()
    lake = Lake(str(tmp_path / "lake"), str(tmp_path / "catalog.ducklake"))
    return Loader(tmp_path, lake_tables(lake, scratch=tmp_path))


@pytest.fixture
def slice_of() -> Callable[..., Slice]:
    def changed(**facts: Any) -> Slice:
        return replace(LAST_MONTH, **facts)

    return changed


@pytest.fixture
def no_leftovers(tmp_path: Path) -> Iterator[None]:
    yield
    assert not (tmp_path / ".pipefy_exports_loading").exists()
