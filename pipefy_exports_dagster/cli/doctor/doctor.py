"""`pipefy-exports doctor`."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import click
from dotenv import dotenv_values
from rich.console import Console
from rich.text import Text

from pipefy_exports_dagster.cli.doctor.examination import examine
from pipefy_exports_dagster.cli.doctor.finding import Finding, State
from pipefy_exports_dagster.cli.doctor.permissions import check_dotenv
from pipefy_exports_dagster.cli.doctor.settings import check_settings, check_time_zone, usable_configs
from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, readers_may_leave
from pipefy_exports_dagster.cli.text import one_line
from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config.dotenv import environment_with_dotenv

STYLES = {State.OK: "green", State.WARN: "yellow", State.ERROR: "bold red", State.SKIPPED: "dim"}
WIDEST_STATE = max(map(len, State))


@click.command(context_settings={"max_content_width": 110})
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def doctor(*, as_json: bool) -> None:
    """Check that exports will work: settings, credentials, permissions, reports, folders, database and clock.

    It asks Pipefy and reads the disk, and creates no export. Each line says what was checked, and:

    \b
    ok       all is well
    warn     it works, but may not do what is meant, or it cannot be known from here
    error    it does not work; the line says what to do
    skipped  it can be checked when a problem above it is solved

    Ends with 1 if there is an error, otherwise with 0.
    """  # noqa: D301 - click wants the character itself
    with cli_errors(as_json=as_json, undone=""):
        findings = []
        with readers_may_leave():
            console = Console(highlight=False, soft_wrap=True)
            for finding in _findings(SystemClock()):
                findings.append(finding)
                if not as_json:
                    _print(console, finding)
            counts = Counter(finding.state for finding in findings)
            if as_json:
                echo_json(_as_json(findings))
            else:
                click.echo(_summary(counts))
        if counts[State.ERROR]:
            sys.exit(1)


def _findings(clock: Clock) -> Iterator[Finding]:
    before = dict(os.environ)
    environment = environment_with_dotenv()
    dotenv = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    os.environ.update(environment)
    configs, unusable = usable_configs(environment)
    yield from check_settings(before, dotenv, unusable)
    yield from check_dotenv(dotenv, configs)
    for config in configs:
        time_zone = check_time_zone(config, clock.now())
        which = f"{'/'.join(config.prefix) or config.organization_id} " if len(configs) > 1 else ""
        for finding in chain(
            [] if "PIPEFY_EXPORTS_TIMEZONE" in unusable else [time_zone],
            examine(config, environment, clock=clock),
        ):
            yield replace(finding, check=f"{which}{finding.check}")


def _print(console: Console, finding: Finding) -> None:
    line = Text(f"{finding.state:{WIDEST_STATE}}", style=STYLES[finding.state])
    console.print(line.append(f"  {one_line(f'{finding.check}: {finding.message}')}", style="default"))


def _summary(counts: Counter[State]) -> str:
    warnings = _count(counts[State.WARN], "warning")
    if counts[State.ERROR]:
        return f"{_count(counts[State.ERROR], 'problem')}, {warnings}"
    return warnings if counts[State.WARN] else "all is well"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _as_json(findings: list[Finding]) -> dict[str, object]:
    return {
        "ok": not any(finding.state is State.ERROR for finding in findings),
        "findings": [
            {"check": finding.check, "state": finding.state.value, "message": finding.message}
            for finding in findings
        ],
    }
