"""What people are told at once: of one run, or of results without a run; and the message that says it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipefy_exports_dagster.notifications.message import LONGEST_BODY, Kind, Message, cut
from pipefy_exports_dagster.orchestration.notify.export_failure import CHECK_WARNED, ExportFailure

HEAD = "Pipefy exports: "
LONGEST_MESSAGE = 600
"""Characters of what is said about one asset or check; the UI has all of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message's worth.

    Args:
        number: The number of the run's end, or of the newest result, in the event log.
        failures: Assets that were not materialized, and checks that did not pass; at least one.
        run_id: The run; empty for results without one.
    """

    number: int
    failures: Sequence[ExportFailure]
    run_id: str = ""

    @property
    def title(self) -> str:
        """What happened, in a few words."""
        assets = [failure for failure in self.failures if not failure.check]
        checks = [failure for failure in self.failures if failure.check]
        parts = []
        if assets:
            parts.append(f"{_one_or_count(assets, 'assets')} failed")
        if checks:
            named = f"check {checks[0].check} of {_of(checks[0])}" if len(checks) == 1 else _checks(checks)
            parts.append(f"{named} did not pass")
        return "; ".join(parts)

    @property
    def kind(self) -> Kind:
        """Whether it is more than warnings."""
        only_warned = all(failure.error == CHECK_WARNED for failure in self.failures)
        return Kind.WARNING if only_warned else Kind.FAILURE


def message_of(notices: Sequence[Notice], ui_url: str | None) -> Message:
    """Return the message that tells of one notice, or of very many in a line each."""
    if len(notices) == 1:
        return _message_of_one(notices[0], ui_url)
    runs = [notice for notice in notices if notice.run_id]
    failed = [notice for notice in runs if any(not failure.check for failure in notice.failures)]
    lines = [f"- {notice.title}{_run(notice, ui_url)}" for notice in notices]
    end = f"All runs: {ui_url}/runs" if ui_url else "The list of runs in the Dagster UI has them all."
    kinds = {notice.kind for notice in notices}
    others = len(notices) - len(failed)
    parts = [f"{len(failed)} runs failed"] * bool(failed)
    parts += [f"{others} had checks that did not pass"] * bool(others)
    return Message(
        f"{HEAD}{', '.join(parts)}",
        _listed(lines, "\n", end),
        Kind.FAILURE if Kind.FAILURE in kinds else Kind.WARNING,
    )


def _message_of_one(notice: Notice, ui_url: str | None) -> Message:
    texts = [_text(failure) for failure in notice.failures]
    advice = list(dict.fromkeys(f"{failure.what_to_do}." for failure in notice.failures))
    if len(advice) > 1:  # each beside what it is about; what is to be done about all is said once
        texts = [
            f"{text}\n{failure.what_to_do}." for text, failure in zip(texts, notice.failures, strict=True)
        ]
        advice = []
    end = "\n\n".join(filter(None, [*advice, _run(notice, ui_url).removeprefix(", ")]))
    return Message(f"{HEAD}{notice.title}", _listed(texts, "\n\n", end), notice.kind)


def _listed(parts: Sequence[str], between: str, end: str) -> str:
    """Return as many parts as there is room for, how many there are besides, and the end."""
    room = LONGEST_BODY - len(end) - 60
    kept: list[str] = []
    for part in parts:
        room -= len(part) + len(between)
        if room < 0:
            break
        kept.append(part)
    more = [f"… and {len(parts) - len(kept)} more, which are in the Dagster UI"] * (len(kept) < len(parts))
    return "\n\n".join(filter(None, [between.join([*kept, *more]), end]))


def _text(failure: ExportFailure) -> str:
    message = cut(failure.message, LONGEST_MESSAGE)
    if failure.check:
        is_warning = " (warning)" * (failure.error == CHECK_WARNED)
        return f"{failure.check} of {failure.asset}{is_warning}: {message}"
    return f"{_of(failure)}: {failure.error}\n{message}"


def _of(failure: ExportFailure) -> str:
    return f"{failure.asset} ({failure.partition})" if failure.partition else failure.asset


def _one_or_count(failures: Sequence[ExportFailure], what: str) -> str:
    if len(failures) == 1:
        return _of(failures[0])
    partitions = {failure.partition for failure in failures}
    [partition] = partitions if len(partitions) == 1 else [None]
    return f"{len(failures)} {what}" + (f" ({partition})" if partition else "")


def _checks(checks: Sequence[ExportFailure]) -> str:
    assets = {_of(check) for check in checks}
    return f"{len(checks)} checks" + (f" of {assets.pop()}" if len(assets) == 1 else "")


def _run(notice: Notice, ui_url: str | None) -> str:
    if not notice.run_id:
        return ""
    return f", {ui_url}/runs/{notice.run_id}" if ui_url else f", run {notice.run_id}"
