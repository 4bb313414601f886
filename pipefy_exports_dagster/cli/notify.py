"""`pipefy-exports notify`."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import setting_to_change
from pipefy_exports_dagster.config.variables import CONFIG_FILE
from pipefy_exports_dagster.notifications.addresses import addresses_of
from pipefy_exports_dagster.notifications.message import Message
from pipefy_exports_dagster.notifications.sending import Delivery, look_at, send_to_all


@click.command()
@click.option("--test", "is_test", is_flag=True, help="Send a message to each address.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def notify(*, is_test: bool, as_json: bool) -> None:
    """List who is told of failed runs and of checks that do not pass; with --test, send them a message.

    An address is named by its variable, with a number where that holds several, and by its service. It is never shown.

    Ends with 1 if an address cannot be used, or a message did not arrive.
    """
    with cli_errors(as_json=as_json, undone=""), readers_may_leave():
        settings = read_settings()
        with Progress() as progress:
            progress.show("sending" if is_test else "looking at the addresses")
            found = [
                (config, each) for config in settings.configs for each in _deliveries(config, is_test=is_test)
            ]
        if as_json:
            echo_json({"addresses": [_as_json(config, each, is_test=is_test) for config, each in found]})
        else:
            several = len(settings.configs) > 1
            echo_table(
                ("organization", "address", "service", "result")
                if several
                else ("address", "service", "result"),
                [_row(config, each, several=several, is_test=is_test) for config, each in found],
                empty=_nobody_is_told(),
            )
        if not all(each.arrived for _, each in found) or (is_test and not found):
            sys.exit(1)


def _nobody_is_told() -> str:
    setting = setting_to_change("PipefyExportsConfig", "notify", os.environ)
    held = "the names of variables that hold " * bool(os.environ.get(CONFIG_FILE, "").strip())
    return f"Nobody is told: set {setting} to {held}addresses for apprise."


def _deliveries(config: PipefyExportsConfig, *, is_test: bool) -> list[Delivery]:
    addresses = addresses_of(config.notify, os.environ)
    if not is_test:
        return look_at(addresses)
    of = "/".join(config.prefix) or config.organization_id or "the exports"
    message = Message(
        "Pipefy exports: a test",
        f"`pipefy-exports notify --test` sent this. Failed runs of {of}, and checks that do not pass, are told here."
        + (f"\n\n{config.ui_url}" if config.ui_url else ""),
    )
    return send_to_all(addresses, message)


def _row(config: PipefyExportsConfig, each: Delivery, *, several: bool, is_test: bool) -> Sequence[object]:
    row = (each.address.name, each.service, each.problem or ("arrived" if is_test else "ok"))
    return ("/".join(config.prefix) or config.organization_id, *row) if several else row


def _as_json(config: PipefyExportsConfig, each: Delivery, *, is_test: bool) -> dict[str, Any]:
    return {
        "organization_id": config.organization_id,
        "key_prefix": list(config.prefix),
        "address": each.address.name,
        "service": each.service or None,
        "arrived": each.arrived if is_test else None,
        "problem": each.problem or None,
    }
