"""A spinner with what is being done, for a person who waits."""

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

SHOWN_AFTER_S = 2.0


class Progress:
    """Says on stderr what is being done, where that takes long and stderr is a terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._text = "starting"
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(SHOWN_AFTER_S, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._timer.cancel()
            if self._status:
                self._status.stop()

    def show(self, text: str) -> None:
        """Say what begins now."""
        with self._lock:
            self._text = text
            if self._status:
                self._status.update(Text(text))

    def _show(self) -> None:
        with self._lock:
            if not self._timer.finished.is_set():
                self._status = self._console.status(Text(self._text))
                self._status.start()
