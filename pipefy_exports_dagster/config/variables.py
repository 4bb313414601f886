"""Every environment variable, once: which field it fills, how its text is read, and what is said of it.

`config_from_environment`, `doctor`, the reference page and `.env.example` are made from this table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.notify import NOTIFY_VARIABLE
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

CONFIG_FILE = "PIPEFY_EXPORTS_CONFIG"
DAGSTER_HOME = "DAGSTER_HOME"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable.

    Args:
        name: Its name.
        section: Name of the class whose field it fills; empty for one that fills none.
        field: That field.
        read: Turns a name and a text into the field's value; raises ConfigurationError, naming the variable.
        says: What the reference says of a variable that fills no field, or holds something else than its field.
        example: The text after `=` in `.env.example`; None leaves the variable out there.
        example_note: The comment above it.
        is_commented_out: Whether the example is a comment itself: a value that is not the default.
    """

    name: str
    section: str = ""
    field: str = ""
    read: Callable[[str, str], Any] = lambda _, text: text
    says: str = ""
    example: str | None = None
    example_note: str = ""
    is_commented_out: bool = False


def _flag(name: str, text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ConfigurationError(f"{name} is {text!r}; use true or false")
    return words[text.lower()]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ConfigurationError(f"{name} is {text!r}; use the number at the end of the page's address")
    return int(text)


def _days(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ConfigurationError(f"{name} is {text!r}; use a number of days")
    return int(text)


def _size(name: str, text: str) -> int:
    size = bytes_of(text)
    if size is None:
        raise ConfigurationError(
            f"{name} is {quoted_value(text)}; use a size such as 4GB, or a number of bytes"
        )
    return size


def _seconds(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        raise ConfigurationError(f"{name} is {quoted_value(text)}; use a number of seconds")
    return float(text)


def _list(_: str, text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _path(_: str, text: str) -> Path:
    return Path(text)


def _its_name(name: str, _: str) -> str:
    """Keep a secret out of the configuration: the variable is read again when it is needed."""
    return name


VARIABLES = (
    Variable(
        "PIPEFY_BASE_URL",
        "Connection",
        "base_url",
        example="https://app.pipefy.com",
        example_note="Where Pipefy's API is.",
    ),
    Variable(
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID",
        says="A service account's client id.",
        example="",
        example_note="Credentials: a service account (recommended) ...",
    ),
    Variable(
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET",
        says="The service account's client secret. Credentials are read when a run starts, never when the definitions "
        "load.",
        example="",
    ),
    Variable(
        "PIPEFY_TOKEN",
        says="A token: an account's personal access token. It wins over a service account.",
        example="",
        example_note="... or a personal access token, which wins if both are set.",
    ),
    Variable(
        "PIPEFY_ORG_ID",
        "PipefyExportsConfig",
        "organization_id",
        example="",
        example_note="The number after /organizations/ in the address of the organization's page.",
    ),
    Variable(
        "PIPEFY_ORGANIZATION_REPORT_ID",
        "Report",
        "organization_report_id",
        _number,
        example="",
        example_note="The saved report to export: the number at the end of the report's address.",
    ),
    Variable(
        "PIPEFY_PIPE_ID",
        "PipeReport",
        "pipe_id",
        _number,
        example="",
        example_note="A report of a pipe to export as well: the number after /pipes/ in the pipe's address ...",
    ),
    Variable(
        "PIPEFY_PIPE_REPORT_ID",
        "PipeReport",
        "pipe_report_id",
        _number,
        example="",
        example_note="... and the number at the end of the report's address. `pipefy-exports pipes` and `reports "
        "--pipe` list both.",
    ),
    Variable("PIPEFY_ALLOW_INSECURE_URLS", "Connection", "allow_insecure_urls", _flag),
    Variable("PIPEFY_DOWNLOAD_HOSTS", "Connection", "download_hosts", _list),
    Variable("PIPEFY_EXPORTS_DATA_DIR", "PipefyExportsConfig", "data_dir", _path),
    Variable("PIPEFY_EXPORTS_DATABASE", "PipefyExportsConfig", "database", _path),
    Variable(
        "PIPEFY_EXPORTS_TIMEZONE",
        "PipefyExportsConfig",
        "timezone",
        example="UTC",
        example_note="Where the organization's months begin.",
    ),
    Variable(
        "PIPEFY_EXPORTS_WAIT",
        "PipefyExportsConfig",
        "wait",
        example="inline",
        example_note="`deferred`: a run ends once its export is requested, and a sensor loads the export when it is "
        "finished.",
    ),
    Variable("PIPEFY_EXPORTS_MIN_INTERVAL_S", "PollPolicy", "min_interval_s", _seconds),
    Variable("PIPEFY_EXPORTS_ALLOW_WIDER_ROWS", "Report", "allow_wider_rows", _flag),
    Variable("PIPEFY_EXPORTS_READ_COPY", "PipefyExportsConfig", "read_copy", _flag),
    Variable("PIPEFY_EXPORTS_CHECKS", "PipefyExportsConfig", "checks", _flag),
    Variable(
        "PIPEFY_EXPORTS_RAW_RETENTION_DAYS",
        "PipefyExportsConfig",
        "raw_retention_days",
        _days,
        example="365",
        example_note="From which age `pipefy-exports prune` deletes raw files that nothing needs any more; without it, "
        "only on request.",
        is_commented_out=True,
    ),
    Variable(
        "PIPEFY_EXPORTS_SHOW_VALUES",
        "PipefyExportsConfig",
        "show_values",
        _flag,
        example="true",
        example_note="`false`: no value of a file in previews, profiles, logs and errors, for personal data.",
    ),
    Variable(
        NOTIFY_VARIABLE,
        "PipefyExportsConfig",
        "notify",
        _its_name,
        says="Who is told of failed runs and of checks that do not pass: addresses for apprise, such as `mailto://...` "
        "or `slack://...`, with a blank or comma between them, read when there is something to tell. Takes the extra "
        "`[notify]`.",
        example="mailto://USER:PASSWORD@example.com?to=team@example.com",
        example_note="Who is told of failed runs and of checks that do not pass: addresses for apprise "
        "(https://github.com/caronc/apprise/wiki), with blanks between them. `pipefy-exports notify --test` tries "
        "them.",
        is_commented_out=True,
    ),
    Variable(
        "PIPEFY_EXPORTS_UI_URL",
        "PipefyExportsConfig",
        "ui_url",
        example="http://127.0.0.1:3000",
        example_note="The address of Dagster's UI, for links in those messages.",
        is_commented_out=True,
    ),
    Variable("PIPEFY_EXPORTS_MAX_MEMORY_BYTES", "ReadOptions", "max_memory_bytes", _size),
    Variable("PIPEFY_EXPORTS_MAX_SECONDS", "ReadOptions", "max_seconds", _seconds),
    Variable("PIPEFY_EXPORTS_MAX_UNPACKED_BYTES", "ReadOptions", "max_unpacked_bytes", _size),
    Variable(
        CONFIG_FILE,
        says="A `defs.yaml` of the component. The other settings, but for credentials, are then read from it and not "
        "from variables.",
    ),
    Variable(
        DAGSTER_HOME,
        says="The Dagster instance's folder, which holds the ledger of exports. Our own commands take `dagster` in the "
        "data folder if it is not given; Dagster's need it.",
    ),
)
"""In the order in which the reference page and `.env.example` name them."""

SETTINGS = tuple(variable.name for variable in VARIABLES if variable.name != DAGSTER_HOME)
"""All of ours."""


def variable_of(section: str, field: str) -> str | None:
    """Return the name of the variable that fills a field of a class of the configuration; None if none does."""
    filled = {(variable.section, variable.field): variable.name for variable in VARIABLES if variable.section}
    return filled.get((section, field))
