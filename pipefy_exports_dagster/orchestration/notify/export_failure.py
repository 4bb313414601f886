"""What a person's own notifier is told when a run fails or a check does not pass."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipefy_exports_dagster import errors
from pipefy_exports_dagster.errors import PermanentError, PipefyExportsError

RUN_DIED = "RunDied"
"""In place of an error's class: the run ended outside of any step."""
CHECK_FAILED, CHECK_WARNED = "CheckFailed", "CheckWarned"
IN_THE_LOG = (
    "Open the run in Dagster's UI: its log has the whole error. What is pending is resumed by the next run"
)
RESUME = "When the cause is gone, materialize the partition again: it resumes the same export"
MEND = "Do what the message says, then materialize the partition again: what is pending is resumed"
ASK_AGAIN = "Materialize the partition again: it asks Pipefy for a new export"
ADVICE = {
    errors.ExportFailedError: ASK_AGAIN,
    errors.ExportNotFoundError: ASK_AGAIN,
    errors.UnreadableFileError: f"Look at the raw file that the message names. {ASK_AGAIN}",
    errors.CreateAnswerLostError: (
        "Look whether Pipefy sends the file by e-mail, and load it with `pipefy-exports load`; or materialize the "
        "partition again, which asks for another export"
    ),
    errors.SupersededExportError: "Nothing is lost: the table holds a newer export. Nothing has to be done",
    errors.MonthNotCoveredError: (
        "Materialize the partition of the export that the message names, then the month again; Pipefy reaches back "
        "three months"
    ),
}


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """One asset that was not materialized, or one check of it that did not pass. `str()` of it is a message.

    Nothing in it is secret. An error that is not this package's is named by its class only, because nobody knows what
    its text may quote.

    Args:
        asset: The asset's key.
        partition: Partition or range of partitions; None where the result is of the whole asset.
        run_id: The run; empty for a result of the due sensor, which needs no run.
        error: Class of the error, `RunDied`, `CheckFailed`, or `CheckWarned`.
        message: What happened, to which export or file.
        what_to_do: A sentence.
        check: Name of the check, None for a run.
    """

    asset: str
    partition: str | None
    run_id: str
    error: str
    message: str
    what_to_do: str
    check: str | None = None

    def __str__(self) -> str:
        of = f" ({self.partition})" if self.partition else ""
        what = f"check {self.check} of {self.asset}" if self.check else self.asset
        run = f" Run {self.run_id}." if self.run_id else ""
        return f"{what}{of}: {self.error}: {self.message}. {self.what_to_do}.{run}"


Notify = Callable[[ExportFailure], None]
"""A person's own function: mails, posts, or whatever it likes."""


def advice_for(error: str) -> str:
    """Return what to do about an error of a class; the messages of ours go into detail."""
    known = {cls.__name__: cls for cls in error_classes(PipefyExportsError)}
    cls = known.get(error)
    if cls is None:
        return IN_THE_LOG
    return ADVICE.get(cls) or (MEND if issubclass(cls, PermanentError) else RESUME)


def notify_all(failures: Iterator[ExportFailure], notify: Notify) -> int:
    """Tell a notifier of each failure, also after one that it broke on; return how many there were.

    Raises:
        Exception: What the notifier raised first.
    """
    count, first = 0, None
    for failure in failures:
        count += 1
        try:
            notify(failure)
        except Exception as error:  # noqa: BLE001 - the notifier is a person's own
            first = first or error
    if first:
        raise first
    return count


def error_classes(cls: type[PipefyExportsError]) -> Iterator[type[PipefyExportsError]]:
    """Yield a class of errors and all that are more special."""
    for subclass in cls.__subclasses__():
        yield subclass
        yield from error_classes(subclass)
