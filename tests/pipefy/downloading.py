"""One download from the scripted server, and what holds for each that fails."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import (
    ScriptedServer,
)
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.pipefy.download import download_export
from pipefy_exports_dagster.pipefy.export import Export, ExportState
from pipefy_exports_dagster.pipefy.transfer import Downloaded

CONTENT = b"id,name\n" + b"1,a\n" * 50_000
WHOLE = Downloaded(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


class Download:
    """Downloads one export; asking Pipefy again gives the link `/fresh`."""

    def __init__(
        self, server: ScriptedServer, connection: Connection, clock: ManualClock, folder: Path
    ) -> None:
        self.server = server
        self.connection = connection
        self.clock = clock
        self.folder = folder
        self.target = folder / "e1.run.part"
        self.refreshed = 0
        self.refusals: list[PipefyExportsError] = []
        self.progress: list[int] = []
        self.on_progress: Callable[[int], None] = self.progress.append

    def export(self, link: str | None) -> Export:
        return Export("e1", ExportState.FINISHED, "finished", link)

    def link(self, path: str = "/file", *, lives_s: float = 3600) -> str:
        expires_on = int(self.clock.now().timestamp() + lives_s)
        return f"{self.server.url}{path}?expires_on={expires_on}&signature=s3cr3t"

    def refresh(self, export_id: str) -> Export:
        assert export_id == "e1"
        self.refreshed += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return self.export(self.link("/fresh"))

    def run(self, link: str | None = None, **limits: Any) -> Downloaded:
        return download_export(
            self.export(link or self.link()),
            self.target,
            refresh=self.refresh,
            connection=replace(self.connection, **limits),
            clock=self.clock,
            on_progress=self.on_progress,
        )

    def fails(
        self, error: type[PipefyExportsError], match: str | None = None, **limits: Any
    ) -> PipefyExportsError:
        """Run, expect an error, and check what holds for each: nothing left, nothing told."""
        with pytest.raises(error, match=match) as caught:
            self.run(**limits)
        assert type(caught.value) is error
        assert list(self.folder.iterdir()) == []
        assert "s3cr3t" not in told_by(caught.value)
        assert len(str(caught.value)) < 600
        return caught.value
