"""The names of the assets of reports that are found: after the report, once; then its id decides."""

import keyword
import re
from collections.abc import Iterable

from pipefy_exports_dagster.config.naming import history_name
from pipefy_exports_dagster.reading.names import snake_case

LONGEST = 60
"""Characters; a name is part of files' names as well."""
_OTHER = re.compile(r"[^a-z0-9_]+")
RESERVED = {
    # The names of our own exports: a report that is configured later may have them.
    "automation_jobs_export", "organization_report_export", "pipe_report_export",
    # What Dagster refuses as a name (`DISALLOWED_NAMES` of its definitions), besides Python's words.
    "context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict", "int", "str", "float",
    "bool", "input", "output", "type",
    *(word.lower() for word in keyword.kwlist),
}  # fmt: skip
OURS = re.compile(r"pipefy(_|\Z)")
"""What the names of our jobs, schedules, sensors and resources begin with."""


class AssetNames:
    """Gives each report a name that no other export has; `taken` are the names of other exports."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken: set[str] = set()
        for name in (*RESERVED, *taken):
            self.take(name)

    def take(self, name: str) -> None:
        """Let nobody else have a name, or that of its history."""
        self._taken |= _tables(name)

    def name(self, report_name: str, report_id: str, *, kind: str) -> str:
        """Name the asset of a new report.

        Args:
            report_name: The report's own name.
            report_id: Its id: `_<id>` is added where the name is taken, empty or reserved.
            kind: What an asset is called whose report has a name without a Latin letter or a digit.
        """
        base = _OTHER.sub("_", snake_case(report_name)).strip("_")[:LONGEST].rstrip("_")
        is_free = base and not OURS.match(base) and self._taken.isdisjoint(_tables(base))
        name = base if is_free else f"{base or kind}_{report_id}"
        while not self._taken.isdisjoint(_tables(name)):
            name += "_2"
        self.take(name)
        return name


def _tables(name: str) -> set[str]:
    return {name.lower(), history_name(name).lower()}
