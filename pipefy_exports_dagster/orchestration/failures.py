"""Our errors as Dagster failures: the one place where they meet.

A permanent error ends the run: retrying would only repeat it. A transient one leaves the decision to
the asset's retry policy, and the retry resumes the pending export.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipefy_exports_dagster.config import PipefyExportsConfig
from pipefy_exports_dagster.errors import PermanentError, PipefyExportsError


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
        yield
    except PipefyExportsError as error:
        # `from None`: the causes are spelled out in our message, and a cause might quote a link.
        raise dg.Failure(
            description=str(error),
            metadata={"pipefy/error": type(error).__name__},
            allow_retries=not isinstance(error, PermanentError),
        ) from None
