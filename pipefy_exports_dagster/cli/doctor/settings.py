"""The environment variables: whether each can be used, and whether one is misspelt."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error, report_warning
from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.variables import CONFIG_FILE, SETTINGS
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.periods import month_of

_CONNECTION = Connection()
OTHER_NAMES = {
    "PIPEFY_ORGANIZATION_ID": "PIPEFY_ORG_ID",
    "PIPEFY_REPORT_ID": "PIPEFY_ORGANIZATION_REPORT_ID",
    "PIPEFY_CLIENT_ID": _CONNECTION.client_id_env,
    "PIPEFY_CLIENT_SECRET": _CONNECTION.client_secret_env,
}
"""What people write instead, and what they mean."""
SIMILAR = 0.8
"""How alike two names are, from 0 to 1, where one is taken for a slip of the other."""


LAKE_DATA_PATH = "PIPEFY_EXPORTS_LAKE_DATA_PATH"
OF_THE_LAKE = ("PIPEFY_EXPORTS_LAKE_CATALOG", "PIPEFY_EXPORTS_LAKE_CATALOG_ENV")


def usable_configs(
    environment: Mapping[str, str],
) -> tuple[Sequence[PipefyExportsConfig], dict[str, Finding]]:
    """Return the configuration without the settings that cannot be used, and a finding for each of those, by name.

    So that one bad setting does not hide what else there is to fix. A YAML file is used as a whole, or not.
    """
    if environment.get(CONFIG_FILE, "").strip():
        try:
            return configurations(environment), {}
        except ConfigurationError as error:
            return [], {CONFIG_FILE: report_error("settings", str(error))}
    usable, findings = dict(environment), {}
    for name in SETTINGS:
        try:
            # Where a lake's catalog is says nothing without the lake.
            given = (name, LAKE_DATA_PATH) if name in OF_THE_LAKE else (name,)
            config_from_environment({each: environment.get(each, "") for each in given})
        except ConfigurationError as error:
            del usable[name]
            findings[name] = report_error("settings", str(error))
    return [config_from_environment(usable)], findings


def check_settings(
    environment: Mapping[str, str], dotenv: Mapping[str, str], unusable: Mapping[str, Finding]
) -> Iterator[Finding]:
    """Yield what is to be said of the variables themselves.

    Args:
        environment: The environment of this process, without `.env`.
        dotenv: What `.env` says.
        unusable: What `usable_configs` found.
    """
    given = {**environment, **dotenv}
    by_end = {_end(name): name for name in SETTINGS}
    yield from unusable.values()
    for name in sorted(given.keys() - set(SETTINGS)):
        if name.startswith("PIPEFY_"):
            close = difflib.get_close_matches(_end(name), by_end, n=1, cutoff=SIMILAR)
            if meant := OTHER_NAMES.get(name) or (by_end[close[0]] if close else None):
                yield report_warning("settings", f"{name} is no setting; if {meant} is meant, rename it")
            elif name.startswith("PIPEFY_EXPORTS_"):
                yield report_warning(
                    "settings",
                    f"{name} is no setting of this version; docs/reference.md lists those there are",
                )
    for name in SETTINGS:
        if environment.get(name) and dotenv.get(name) and environment[name] != dotenv[name]:
            yield report_warning(
                "settings",
                f"{name} has another value in .env than in the environment; .env wins, so remove one",
            )
    if not unusable:
        count = sum(bool(given.get(name)) for name in SETTINGS)
        where = "the environment and .env" if dotenv else "the environment; there is no .env here"
        yield ok("settings", f"{count} set, from {where}")


def _end(name: str) -> str:
    """Return what tells a setting from others: the beginnings are alike anyway."""
    return name.removeprefix("PIPEFY_").removeprefix("EXPORTS_")


def check_time_zone(config: PipefyExportsConfig, now: datetime) -> Finding:
    """Say what time it is for the organization, and so which month: a person sees at once whether that is right."""
    local = now.astimezone(config.zone)
    return ok(
        "time zone",
        f"{config.timezone}: it is {local:%Y-%m-%d %H:%M} there, and exports are of "
        f"{month_of(now, config.zone):%Y-%m}",
    )
