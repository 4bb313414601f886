"""Our errors as Dagster failures: the one place where they meet.

A permanent error ends the run: retrying would only repeat it. A transient one leaves the decision to
the asset's retry policy, and the retry resumes the pending export.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import DATA_DIR
from pipefy_exports_dagster.errors import PermanentError, PipefyExportsError, StorageError


def retry_policy(config: PipefyExportsConfig) -> dg.RetryPolicy:
    """Return the policy for transient errors; jitter keeps partitions from coming back all at once."""
    return dg.RetryPolicy(
        max_retries=config.max_retries,
        delay=config.retry_delay_s,
        backoff=dg.Backoff.EXPONENTIAL,
        jitter=dg.Jitter.PLUS_MINUS,
    )


@contextmanager
def failures_for_dagster() -> Iterator[None]:
    """Turn errors of ours into `dg.Failure`; the message is the first line that a person sees."""
    try:
        with lasting_os_errors_named():
            yield
    except PipefyExportsError as error:
        # `from None`: the causes are spelled out in our message, and a cause might quote a link.
        raise dg.Failure(
            description=str(error),
            metadata={
                "pipefy/error": type(error).__name__,
                **({"pipefy/correlation_id": error.correlation_id} if error.correlation_id else {}),
            },
            allow_retries=not isinstance(error, PermanentError),
        ) from None


LASTING = (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError, FileNotFoundError)


@contextmanager
def lasting_os_errors_named() -> Iterator[None]:
    """Turn what the operating system refuses for good into an error of ours; another try would not help.

    Raises:
        StorageError: A file or folder cannot be used.
    """
    try:
        yield
    except OSError as error:
        if not isinstance(error, LASTING) and error.errno != errno.EROFS:
            raise
        raise StorageError(
            f"{error.filename or 'a file'} cannot be used: {error.strerror}; the user that runs Dagster has to be "
            f"able to read and write the data folder, {DATA_DIR}"
        ) from None
