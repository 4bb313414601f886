"""The configuration from environment variables, which `.env` may hold; all of it, or what a YAML leaves open."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipefy_exports_dagster.config.descriptions import descriptions
from pipefy_exports_dagster.config.exports import AutomationJobs, ExportSettings, PipeReport, Report
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig, PollPolicy
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.config.variables import VARIABLES, Variable
from pipefy_exports_dagster.errors import ConfigurationError

SECTIONS = {
    class_.__name__: class_
    for class_ in (PipefyExportsConfig, Connection, PollPolicy, ReadOptions, Report, PipeReport, Lake)
}


def config_from_environment(environ: Mapping[str, str] | None = None) -> PipefyExportsConfig:
    """Fill the configuration from the environment variables that docs/reference.md lists.

    Raises:
        ConfigurationError: A variable has a value that cannot be used; the message names it.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, dict[str, Any]] = defaultdict(dict)
    for variable in VARIABLES:
        if variable.section and variable.is_given(environ):
            given[variable.section][variable.field] = _value(variable, environ)
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
        lake=Lake(**given["Lake"]) if given["Lake"] else None,
        pipe_reports=(export(PipeReport),) if given["PipeReport"] else (),
    )


def meaning_of(variable: Variable) -> str:
    """Return what is said everywhere of a variable that fills a field: its field's description, or its own."""
    return variable.says or descriptions(SECTIONS[variable.section])[variable.field]


def with_environments_connection(
    config: PipefyExportsConfig, said: Mapping[str, Any], environ: Mapping[str, str]
) -> PipefyExportsConfig:
    """Connect a component as the environment says, where its YAML does not say it.

    Where its data lies and what it exports is the YAML's alone: a variable that comes later would begin another
    database beside the one that is there. So is everything of a component that names credentials of its own: the
    environment's address is of another account, and would get this one's token.

    Args:
        config: What the YAML says, with defaults.
        said: The keys of the YAML.
        environ: Where the variables are.

    Raises:
        ConfigurationError: A variable that is needed has a value that cannot be used; the message names it.
    """
    if config.connection.credential_variables != Connection().credential_variables:
        return config
    of_connection: Mapping[str, Any] = said.get("connection") or {}
    left_open = [
        variable
        for variable in VARIABLES
        if variable.is_for_components
        and variable.is_given(environ)
        and variable.field not in (of_connection if variable.section == "Connection" else said)
    ]
    address = str(of_connection.get("base_url", "http://")).strip().lower()
    if not address.startswith("http://"):
        # A sandbox's variable is not to let the files of another Pipefy, which the YAML names, come from this machine.
        left_open = [variable for variable in left_open if variable.field != "allow_insecure_urls"]
    taken: dict[str, dict[str, Any]] = defaultdict(dict)
    for variable in left_open:
        taken[variable.section][variable.field] = _value(variable, environ)
    connection = replace(config.connection, **taken["Connection"])
    return replace(config, connection=connection, **taken["PipefyExportsConfig"])


def _value(variable: Variable, environ: Mapping[str, str]) -> Any:
    """Return the value of a variable's field; an error about it also says what the field is."""
    try:
        return variable.value(environ)
    except ConfigurationError as error:
        said = meaning_of(variable)
        raise ConfigurationError(f"{error}. {said}") from None


def _of_both(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name == "allow_wider_rows"}
