"""Waiting for a lake: for its locks, and for its catalog's file."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.tables.database_errors import locked
from pipefy_exports_dagster.tables.lake.catalogs import Catalog, Check
from pipefy_exports_dagster.tables.lake.lake_errors import BUSY

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0


class Waiting:
    """Waits for one thing after the other, all of them until one deadline; `seconds` is how long it has waited."""

    def __init__(self, timeout_s: float) -> None:
        self.seconds = 0.0
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s

    @contextmanager
    def for_lock(self, catalog: Catalog, name: str) -> Iterator[Check]:
        """Hold a lock."""
        began = time.monotonic()
        with catalog.lock(name, timeout_s=max(self._deadline - began, 0.0)) as still_held:
            self.seconds += time.monotonic() - began
            yield still_held

    def until_free(self, attach: Callable[[], None], lake: object) -> None:
        """Attach a lake, waiting while another process, or another connection, has the catalog's file.

        Raises:
            DatabaseLockedError: It had it until the deadline.
        """
        import duckdb

        began, pause = time.monotonic(), _FIRST_PAUSE_S
        while True:
            try:
                attach()
            except duckdb.Error as error:
                if not BUSY.search(str(error)):
                    raise
                left = self._deadline - time.monotonic()
                if left <= 0:
                    raise locked(Path(str(lake)), str(error), self._timeout_s) from None
            else:
                self.seconds += time.monotonic() - began
                return
            # Half of the pause is random, so that loads that were refused together do not retry together.
            time.sleep(min(pause * random.uniform(0.5, 1.0), left))  # noqa: S311
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
