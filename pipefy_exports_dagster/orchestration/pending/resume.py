"""Whether a pending export answers a request: the same question for a run, and for the sensor before it."""

from datetime import datetime, timedelta

from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.periods import Period
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of


def why_not_resumed(
    pending: RequestedExport,
    *,
    base_url: str,
    kind: ExportKind,
    period: Period,
    now: datetime,
    resume_window_s: float,
) -> str | None:
    """Return why a pending export does not answer a request; None if it does.

    Args:
        pending: The export.
        base_url: Where the request would be sent.
        kind: What would be asked for.
        period: The period it would be asked for. A new request means the present month; one that goes on
            with this very export means the month of its request, whatever month it is now.
        now: The time.
        resume_window_s: The age up to which an export is resumed.

    Raises:
        ConfigurationError: The configuration cannot give a usable export.
    """
    age = now - pending.requested_at
    if pending.requested_month != period.requested_month:
        return f"it was requested in {pending.requested_month:%Y-%m}: {period.filter} meant another month"
    if pending.fingerprint != fingerprint_of(base_url, kind.label, kind.request(period)):
        return "it was made for other arguments or another organization"
    if age > timedelta(seconds=resume_window_s):
        return f"it is {age} old, more than the resume window"
    return None


def ago(age: timedelta) -> str:
    """Return an age as people say it."""
    seconds = max(int(age.total_seconds()), 0)
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004 - two minutes
