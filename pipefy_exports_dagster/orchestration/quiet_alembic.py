"""A run that hung: alembic logged while Dagster held the lock that storing a log line needs."""

import logging


def keep_alembic_quiet() -> None:
    """Let alembic log warnings only, unless somebody has given it a level of its own.

    Dagster opens an SQLite event log under a lock that its thread cannot take twice, and has alembic look at it, which
    logs at INFO. Where Dagster manages the root logger, that line is to be stored in the event log: the thread waits
    for itself. So it went in each process of a step, whose first look into the ledger opens the event log (1.13).
    SQLAlchemy sets its own loggers to WARNING when it is imported; this is the same for alembic.
    """
    alembic = logging.getLogger("alembic")
    if alembic.level == logging.NOTSET:
        alembic.setLevel(logging.WARNING)
