"""`pipefy-exports sandbox`."""

import importlib.util
import signal
import threading
from datetime import datetime
from types import FrameType

import click

from pipefy_exports_dagster.sandbox import well_known
from pipefy_exports_dagster.sandbox.clock import parse_moment
from pipefy_exports_dagster.sandbox.faults import ALWAYS, ANY, FAULTS, Fault, FaultPlan
from pipefy_exports_dagster.sandbox.operations import Operation
from pipefy_exports_dagster.sandbox.server import Sandbox
from pipefy_exports_dagster.sandbox.settings import (
    ApiDialect,
    DateColumns,
    FileFormat,
    SandboxSettings,
    Writer,
)

_DEFAULTS = SandboxSettings()


class Moment(click.ParamType):
    """An ISO 8601 time."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the time."""
        try:
            return value if isinstance(value, datetime) else parse_moment(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-22T12:00:00Z", param, ctx)


def _check_faults(_: click.Context, __: click.Parameter, orders: tuple[str, ...]) -> tuple[str, ...]:
    for order in orders:
        try:
            FaultPlan().arm(order)
        except ValueError as error:
            raise click.BadParameter(f"{order}: {error}") from error
    return orders


class CommandWithFaults(click.Command):
    """A command whose help ends with the list of faults."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List every fault with its line."""
        formatter.write_paragraph()
        formatter.write_text(
            f"Operations: {', '.join(Operation)}, {ANY}, or a GraphQL field such as exportOrganizationReport. "
            f"Times: a number, 1 if left out, or {ALWAYS}. "
            "For example --fault create:answer-lost --fault status:slow:3:0.5"
        )
        faults = sorted(FAULTS.values(), key=lambda fault: -len(fault.operations))
        with formatter.section("Faults"):
            formatter.write_dl([(fault.name, _describe(fault)) for fault in faults])


def _describe(fault: Fault) -> str:
    everywhere = fault.operations == frozenset(Operation)
    operations = "any" if everywhere else ", ".join(op for op in Operation if op in fault.operations)
    argument = f" Argument: {fault.argument.meaning} ({fault.argument.default})." if fault.argument else ""
    return f"[{operations}] {fault.description}{argument}"


@click.command(cls=CommandWithFaults, context_settings={"show_default": True, "max_content_width": 110})
@click.option("--host", default=_DEFAULTS.host, help="Interface to listen on.")
@click.option("--port", default=_DEFAULTS.port, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--seed", default=_DEFAULTS.seed, help="The same seed and clock give the same data.")
@click.option(
    "--jobs",
    default=_DEFAULTS.jobs,
    type=click.IntRange(0),
    help="Automation jobs of the first organization over five months; the others have a quarter.",
)
@click.option("--cards", default=_DEFAULTS.cards, type=click.IntRange(0), help="Cards, likewise.")
@click.option("--organizations", default=_DEFAULTS.organizations, type=click.IntRange(1, 900))
@click.option(
    "--reports",
    default=_DEFAULTS.reports,
    type=click.IntRange(0, 500),
    help="Saved reports per organization.",
)
@click.option("--pipes", default=_DEFAULTS.pipes, type=click.IntRange(5, 100), help="Pipes per organization.")
@click.option(
    "--pipe-reports",
    default=_DEFAULTS.pipe_reports,
    type=click.IntRange(0, 1000),
    help="Saved reports of pipes per organization, shared out among its pipes.",
)
@click.option(
    "--pipe-exports-per-day",
    default=_DEFAULTS.pipe_exports_per_day,
    type=click.IntRange(0),
    help="Exports of one pipe's reports that are taken in 24 hours.",
)
@click.option(
    "--processing-seconds",
    default=_DEFAULTS.processing_seconds,
    type=click.FloatRange(0),
    help="From an export's creation until it is finished.",
)
@click.option(
    "--dialect",
    default=_DEFAULTS.dialect.value,
    type=click.Choice([dialect.value for dialect in ApiDialect]),
    help="Forms of createAutomationJobsExport that the schema has.",
)
@click.option(
    "--file-format",
    default=_DEFAULTS.file_format.value,
    type=click.Choice([file_format.value for file_format in FileFormat]),
)
@click.option(
    "--writer",
    default=_DEFAULTS.writer.value,
    type=click.Choice([writer.value for writer in Writer]),
    help="In which library's form the workbooks are; caxlsx is what Rails applications such as Pipefy use.",
)
@click.option(
    "--date-columns",
    type=click.Choice([choice.value for choice in DateColumns]),
    default=_DEFAULTS.date_columns.value,
    help="When an export of a saved report has columns of dates: only where the request names them, or always.",
)
@click.option("--link-lifetime-seconds", default=_DEFAULTS.link_lifetime_seconds, type=click.FloatRange(0))
@click.option("--token-lifetime-seconds", default=_DEFAULTS.token_lifetime_seconds, type=click.FloatRange(0))
@click.option(
    "--now",
    type=Moment(),
    show_default="the real time",
    help="What the sandbox's clock reads at the start, e.g. 2026-11-22T12:00:00Z; then it runs on.",
)
@click.option(
    "--last-3-months-includes-current/--no-last-3-months-includes-current",
    default=_DEFAULTS.last_3_months_includes_current,
    help="Of automation jobs; Pipefy does not say which.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="OPERATION:FAULT[:TIMES][:ARGUMENT]",
    callback=_check_faults,
    help="Something that goes wrong; can be given several times. See below.",
)
def sandbox(**options: object) -> None:
    """Run a local Pipefy with made-up data.

    It prints its address once it accepts requests, then the settings to reach it with.
    Ctrl+C ends it.

    While it runs, GET /sandbox/stats counts what it was asked, POST /sandbox/clock sets its clock
    ({"now": "2026-12-01T00:00:00Z"} or {"advance_seconds": 3600}), and /sandbox/faults shows (GET), sets
    (POST, {"spec": "create:answer-lost"}) and clears (DELETE) faults.
    """
    settings = SandboxSettings(**options)  # type: ignore[arg-type]
    if settings.writer is Writer.OPENPYXL and importlib.util.find_spec("openpyxl") is None:
        raise click.ClickException(
            "--writer openpyxl needs the library openpyxl, which is not installed: `pip install openpyxl`"
        )
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        with Sandbox(settings).running() as running:
            _introduce(running)
            stop.wait()
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]  # without the address, named already
        raise click.ClickException(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; "
            "choose another --port, or 0 for a free one"
        ) from error


def _introduce(running: Sandbox) -> None:
    lines = (
        f"sandbox ready at {running.url}",
        f"PIPEFY_BASE_URL={running.url}",
        "PIPEFY_ALLOW_INSECURE_URLS=true",
        f"PIPEFY_TOKEN={well_known.TOKEN}",
        f"PIPEFY_SERVICE_ACCOUNT_CLIENT_ID={well_known.CLIENT_ID}",
        f"PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET={well_known.CLIENT_SECRET}",
        f"PIPEFY_ORG_ID={well_known.ORGANIZATION_ID}",
        f"PIPEFY_ORGANIZATION_REPORT_ID={well_known.REPORT_ID}",
        f"PIPEFY_PIPE_ID={well_known.PIPE_ID}",
        f"PIPEFY_PIPE_REPORT_ID={well_known.PIPE_REPORT_ID}",
    )
    click.echo("\n".join(lines))  # flushes: whoever started this waits for the first line
