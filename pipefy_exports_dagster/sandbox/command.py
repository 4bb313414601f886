"""`pipefy-exports sandbox`."""

import signal
import threading
from datetime import datetime
from types import FrameType

import click

from pipefy_exports_dagster.sandbox import well_known
from pipefy_exports_dagster.sandbox.clock import parse_moment
from pipefy_exports_dagster.sandbox.server import Sandbox
from pipefy_exports_dagster.sandbox.settings import Dialect, FileFormat, SandboxSettings

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


@click.command(context_settings={"show_default": True})
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
@click.option(
    "--processing-seconds",
    default=_DEFAULTS.processing_seconds,
    type=click.FloatRange(0),
    help="From an export's creation until it is finished.",
)
@click.option(
    "--dialect",
    default=_DEFAULTS.dialect,
    type=click.Choice(list(Dialect)),
    help="Forms of createAutomationJobsExport that the schema has.",
)
@click.option("--file-format", default=_DEFAULTS.file_format, type=click.Choice(list(FileFormat)))
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
def sandbox(**options: object) -> None:
    """Run a local Pipefy with made-up data.

    It prints its address once it accepts requests, then the settings to reach it with.
    Ctrl+C ends it.
    """
    settings = SandboxSettings(**options)  # type: ignore[arg-type]
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
    )
    click.echo("\n".join(lines))  # flushes: whoever started this waits for the first line
