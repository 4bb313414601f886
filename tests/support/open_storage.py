"""The SQLite files of Dagster's instances: statements are compiled once, and a run in this process opens a file once.

Dagster makes an engine for each access, and opens and closes the file with it: some seventy times in a small run. To
open a file is to read its schema, and to close it is to write its log back.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

_dispose = Engine.dispose


class _Engines:
    """The engines of all files, and those whose files are open because of a run."""

    def __init__(self) -> None:
        self._kept = dict[tuple[str, bool], Engine]()
        self._open = set[Engine]()
        self._runs = 0
        self._lock = threading.Lock()

    def create(self, create: Callable[..., Engine], url: str, **options: Any) -> Engine:
        with self._lock:
            is_run = self._runs > 0
            if is_run:
                options |= {"poolclass": QueuePool, "max_overflow": -1}
            if (url, is_run) not in self._kept:
                self._kept[url, is_run] = create(url, **options)
            engine = self._kept[url, is_run]
            if is_run:
                self._open.add(engine)
            return engine

    def dispose(self, engine: Engine, close: bool = True) -> None:
        if engine not in self._open:
            _dispose(engine, close)

    def begin_run(self) -> None:
        with self._lock:
            self._runs += 1

    def end_run(self) -> None:
        with self._lock:
            self._runs -= 1
            while self._open and not self._runs:
                _dispose(self._open.pop())


_engines = _Engines()


@contextlib.contextmanager
def statements_compiled_once() -> Iterator[None]:
    """Keep the engine of each file: a new one compiles its statements again."""
    with pytest.MonkeyPatch.context() as patch:
        for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            patch.setattr(storage, "create_engine", _kept(storage.create_engine))
        patch.setattr(Engine, "dispose", _dispose_unless_open)
        yield


def _kept(create: Callable[..., Engine]) -> Callable[..., Engine]:
    return lambda url, **options: _engines.create(create, url, **options)


def _dispose_unless_open(engine: Engine, close: bool = True) -> None:
    _engines.dispose(engine, close)


@contextlib.contextmanager
def files_opened_once() -> Iterator[None]:
    """Keep each file open until the block ends, or the last of several threads' blocks."""
    _engines.begin_run()
    try:
        yield
    finally:
        _engines.end_run()
