"""The configuration from environment variables, which `.env` may hold."""

import os
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pipefy_exports_dagster.config.exports import AutomationJobs, ExportSettings, PipeReport, Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig, PollPolicy
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.config.variables import VARIABLES


def config_from_environment(environ: Mapping[str, str] | None = None) -> PipefyExportsConfig:
    """Fill the configuration from the environment variables that docs/reference.md lists.

    Raises:
        ConfigurationError: A variable has a value that cannot be used; the message names it.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, dict[str, Any]] = defaultdict(dict)
    for variable in VARIABLES:
        text = environ.get(variable.name, "").strip()
        if text and variable.section:
            given[variable.section][variable.field] = variable.read(variable.name, text)
    reading = ReadOptions(**given["ReadOptions"])

    def export(settings: type[ExportSettings]) -> Any:
        return settings(**given[settings.__name__], reading=reading)

    if given["PipeReport"]:
        # One variable for both kinds of reports; alone it makes no report of a pipe.
        given["PipeReport"].update(_of_both(given["Report"]))
    return PipefyExportsConfig(
        **given["PipefyExportsConfig"],
        connection=Connection(**given["Connection"]),
        polling=PollPolicy(**given["PollPolicy"]),
        automation_jobs=export(AutomationJobs),
        reports=(export(Report),),
        pipe_reports=(export(PipeReport),) if given["PipeReport"] else (),
    )


def _of_both(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name == "allow_wider_rows"}
