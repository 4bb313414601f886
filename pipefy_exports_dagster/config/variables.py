"""Every environment variable, once: which field it fills, how its text is read, and what is said of it.

`config_from_environment`, `doctor`, the reference page and `.env.example` are made from this table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.notify import NOTIFY_VARIABLE
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

CONFIG_FILE = "PIPEFY_EXPORTS_CONFIG"
DAGSTER_HOME = "DAGSTER_HOME"
HISTORY_START = "PIPEFY_EXPORTS_HISTORY_START"


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable.

    Args:
        name: Its name.
        section: Name of the class whose field it fills; empty for one that fills none.
        field: That field.
        read: Turns a name and a text into the field's value; raises ConfigurationError, naming the variable.
        says: What is said of a variable that fills no field, or holds something else than its field; of others, their
            field's description is.
        example: The text after `=` in `.env.example`, where the line is a comment unless the text is empty; None leaves
            the variable out there.
        example_note: The comment above it, in place of what is said of it; or after that, if it begins with a blank.
        is_for_components: Whether a component takes it where its YAML is silent: where Pipefy is, and whose exports.
    """

    name: str
    section: str = ""
    field: str = ""
    read: Callable[[str, str], Any] = lambda _, text: text
    says: str = ""
    example: str | None = None
    example_note: str = ""
    is_for_components: bool = False

    def is_given(self, environ: Mapping[str, str]) -> bool:
        """Whether it is set, to more than blanks."""
        return bool(environ.get(self.name, "").strip())

    def value(self, environ: Mapping[str, str]) -> Any:
        """Return its field's value.

        Raises:
            ConfigurationError: It cannot be used.
        """
        return self.read(self.name, environ[self.name].strip())


def _flag(name: str, text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ConfigurationError(f"{name} is {text!r}; use true or false")
    return words[text.lower()]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ConfigurationError(f"{name} is {text!r}; use a number")
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


def _month(name: str, text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) else text)
    except ValueError:
        raise ConfigurationError(f"{name} is {quoted_value(text)}; use a month such as 2026-08") from None


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
        is_for_components=True,
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
        is_for_components=True,
    ),
    Variable(
        "PIPEFY_ORGANIZATION_REPORT_ID",
        "Report",
        "organization_report_id",
        _number,
        example="",
    ),
    Variable(
        "PIPEFY_PIPE_ID",
        "PipeReport",
        "pipe_id",
        _number,
        example="",
        example_note=" With the next, a report of a pipe is exported as well.",
    ),
    Variable(
        "PIPEFY_PIPE_REPORT_ID",
        "PipeReport",
        "pipe_report_id",
        _number,
        example="",
        example_note=" `pipefy-exports pipes` and `reports --pipe` list both.",
    ),
    Variable(
        "PIPEFY_ALLOW_INSECURE_URLS", "Connection", "allow_insecure_urls", _flag, is_for_components=True
    ),
    Variable("PIPEFY_DOWNLOAD_HOSTS", "Connection", "download_hosts", _list, is_for_components=True),
    Variable("PIPEFY_EXPORTS_DATA_DIR", "PipefyExportsConfig", "data_dir", _path),
    Variable("PIPEFY_EXPORTS_DATABASE", "PipefyExportsConfig", "database", _path),
    Variable("PIPEFY_EXPORTS_LOCKS", "PipefyExportsConfig", "locks"),
    Variable("PIPEFY_EXPORTS_RAW_FILES", "PipefyExportsConfig", "raw_files"),
    Variable("PIPEFY_EXPORTS_LAKE_DATA_PATH", "Lake", "data_path"),
    Variable("PIPEFY_EXPORTS_LAKE_CATALOG", "Lake", "catalog"),
    Variable("PIPEFY_EXPORTS_LAKE_CATALOG_ENV", "Lake", "catalog_env"),
    Variable(
        "PIPEFY_EXPORTS_TIMEZONE",
        "PipefyExportsConfig",
        "timezone",
        example="UTC",
    ),
    Variable(
        "PIPEFY_EXPORTS_WAIT",
        "PipefyExportsConfig",
        "wait",
        example="inline",
    ),
    Variable(
        HISTORY_START,
        "PipefyExportsConfig",
        "history_start",
        _month,
        example="2024-01",
        example_note=" Three before the one you begin in: as far as Pipefy reaches back.",
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
    ),
    Variable(
        "PIPEFY_EXPORTS_SHOW_VALUES",
        "PipefyExportsConfig",
        "show_values",
        _flag,
        example="true",
        example_note=" `false` for personal data.",
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
        example_note=" `pipefy-exports notify --test` tries them; https://github.com/caronc/apprise/wiki lists what "
        "there is.",
    ),
    Variable(
        "PIPEFY_EXPORTS_UI_URL",
        "PipefyExportsConfig",
        "ui_url",
        example="http://127.0.0.1:3000",
    ),
    Variable("PIPEFY_EXPORTS_MAX_MEMORY_BYTES", "ReadOptions", "max_memory_bytes", _size),
    Variable("PIPEFY_EXPORTS_MAX_SECONDS", "ReadOptions", "max_seconds", _seconds),
    Variable("PIPEFY_EXPORTS_MAX_UNPACKED_BYTES", "ReadOptions", "max_unpacked_bytes", _size),
    Variable(
        CONFIG_FILE,
        says="A `defs.yaml` of the component. All settings are then read from it and not from variables, but for "
        "credentials, and for those that a component takes.",
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
