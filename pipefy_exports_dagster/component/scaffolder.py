"""What `dg scaffold defs pipefy_exports_dagster.PipefyExportsComponent` writes."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from pipefy_exports_dagster.clock import SystemClock
from pipefy_exports_dagster.periods import first_month_in_reach, month_of

STARTER = Path(__file__).with_name("starter.yaml")
ZONE = ZoneInfo("UTC")
"""The starter's."""


class PipefyExportsScaffolder(dg.Scaffolder):
    """Writes a `defs.yaml` that loads as it is, with what people set first, and the rest as comments."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the file; `--format python` gets Dagster's own beginning."""
        if request.scaffold_format == "python":
            dg.scaffold_component(request, {})
            return
        first_month = first_month_in_reach(month_of(SystemClock().now(), ZONE))
        starter = STARTER.read_text(encoding="utf-8").replace("TYPE", request.type_name, 1)
        starter = starter.replace("FIRST_MONTH", f"{first_month:%Y-%m}", 1)
        if request.append:
            # Beside another document only a prefix keeps the names apart.
            starter = starter.replace("# key_prefix: acme", "key_prefix: another")
            with request.target_path.open("a", encoding="utf-8") as file:
                file.write(f"---\n{starter}")
        else:
            (request.target_path / "defs.yaml").write_text(starter, encoding="utf-8")
