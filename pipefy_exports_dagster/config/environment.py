"""The configuration from environment variables, which `.env` may hold."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.exports import AutomationJobs, Report
from pipefy_exports_dagster.config.field_checks import quoted_value
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig, Wait, wait_named
from pipefy_exports_dagster.config.reading import LIMIT_VARIABLES, ReadOptions
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.errors import ConfigurationError


def config_from_environment(environ: Mapping[str, str] | None = None) -> PipefyExportsConfig:
    """Fill the configuration from the environment variables that docs/reference.md lists.

    Raises:
        ConfigurationError: A variable has a value that cannot be used; the message names it.
    """
    environ = os.environ if environ is None else environ
    env = {name: value.strip() for name, value in environ.items() if value.strip()}
    defaults = Connection()
    data_dir = Path(env.get("PIPEFY_EXPORTS_DATA_DIR", "data"))
    database = env.get("PIPEFY_EXPORTS_DATABASE")
    report_id = env.get("PIPEFY_ORGANIZATION_REPORT_ID")
    reading = ReadOptions(**_limits(env))
    return PipefyExportsConfig(
        organization_id=env.get("PIPEFY_ORG_ID"),
        connection=Connection(
            base_url=env.get("PIPEFY_BASE_URL", defaults.base_url),
            allow_insecure_urls=_flag(env, "PIPEFY_ALLOW_INSECURE_URLS", default=False),
            download_hosts=tuple(env.get("PIPEFY_DOWNLOAD_HOSTS", "").replace(",", " ").split()),
        ),
        automation_jobs=AutomationJobs(reading=reading),
        reports=(
            Report(
                organization_report_id=_number("PIPEFY_ORGANIZATION_REPORT_ID", report_id)
                if report_id
                else None,
                reading=reading,
            ),
        ),
        data_dir=data_dir,
        database=Path(database) if database else None,
        timezone=env.get("PIPEFY_EXPORTS_TIMEZONE", "UTC"),
        wait=wait_named(env.get("PIPEFY_EXPORTS_WAIT", Wait.INLINE)),
        read_copy=_flag(env, "PIPEFY_EXPORTS_READ_COPY", default=True),
        checks=_flag(env, "PIPEFY_EXPORTS_CHECKS", default=True),
        raw_retention_days=_days("PIPEFY_EXPORTS_RAW_RETENTION_DAYS", env),
        show_values=_flag(env, "PIPEFY_EXPORTS_SHOW_VALUES", default=True),
    )


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    text = env.get(name)
    if text is None:
        return default
    if text.lower() not in words:
        raise ConfigurationError(f"{name} is {text!r}; use true or false")
    return words[text.lower()]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ConfigurationError(f"{name} is {text!r}; use the number at the end of the page's address")
    return int(text)


def _limits(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the limits of reading that are set, by their fields."""
    limits: dict[str, Any] = {}
    for field, name in LIMIT_VARIABLES.items():
        text = env.get(name)
        if text is None:
            continue
        if field.endswith("_bytes"):
            limits[field], wanted = bytes_of(text), "a size such as 4GB, or a number of bytes"
        else:
            limits[field], wanted = _seconds(text), "a number of seconds"
        if limits[field] is None:
            raise ConfigurationError(f"{name} is {quoted_value(text)}; use {wanted}")
    return limits


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text) else None


def _days(name: str, env: Mapping[str, str]) -> int | None:
    text = env.get(name)
    if text is not None and not re.fullmatch(r"[0-9]{1,6}", text):
        raise ConfigurationError(f"{name} is {text!r}; use a number of days")
    return None if text is None else int(text)
