"""Our errors as Dagster failures: the one place where they meet.

A permanent error ends the run: retrying would only repeat it. A transient one leaves the decision to
the asset's retry policy, and the retry resumes the pending export.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipefy_exports_dagster.errors import PermanentError, PipefyExportsError

RETRY_POLICY = dg.RetryPolicy(
    max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""30, 60 and 120 seconds, spread by jitter, so that several partitions do not come back at once."""


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
