"""DuckDB's errors about a lake as ours. They may quote a value or a password: none is passed on."""

import re
from collections.abc import Callable

from pipefy_exports_dagster.config.setting_names import LAKE_DATA_PATH
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    ConnectionFailedError,
    DatabaseLockedError,
    DiskFullError,
    LoadFailedError,
    PipefyExportsError,
    StorageError,
    StoreUnavailableError,
)

# The catalog's file, while another process, or another connection of this one, has it.
BUSY = re.compile(
    r"Could not set lock|Unique file handle conflict|different configuration|database is locked"
)
MISSING = re.compile(
    r"creating a new DuckLake is explicitly disabled|in read-only mode: database does not exist"
)


def _unreachable(message: str) -> ConnectionFailedError:
    return ConnectionFailedError(message, sent=True)


_SAYS: tuple[tuple[re.Pattern[str], Callable[[str], PipefyExportsError], str], ...] = (
    (
        re.compile(r"No space left|disk is full", re.IGNORECASE),
        DiskFullError,
        "no space is left for its files",
    ),
    (
        re.compile(r"does not match existing data path", re.IGNORECASE),
        ConfigurationError,
        f"its catalog was made with another {LAKE_DATA_PATH} than is set now: set the one that it was made with",
    ),
    (
        re.compile(r"DuckLake (catalog )?version|newer version of|migrat", re.IGNORECASE),
        StorageError,
        "another version of DuckLake has written its catalog: use the same DuckDB as who else writes to it",
    ),
    (
        re.compile(
            r"Transaction conflict|another transaction|Failed to commit DuckLake transaction|TransactionContext Error",
            re.IGNORECASE,
        ),
        DatabaseLockedError,
        "somebody else changed the same table at the same moment, outside our loads; a retry may succeed",
    ),
    (
        re.compile(r"password|authentication|role \"[^\"]{0,300}\" does not exist|pg_hba", re.IGNORECASE),
        StorageError,
        "its catalog's Postgres does not accept the user or the password",
    ),
    (
        re.compile(r"database \"[^\"]{0,300}\" does not exist", re.IGNORECASE),
        StorageError,
        "its catalog's database does not exist: create it",
    ),
    (
        re.compile(r"permission denied for", re.IGNORECASE),
        StorageError,
        "the user of its catalog's Postgres may not create or change tables there",
    ),
    (
        re.compile(
            r"Unable to connect to Postgres|server closed the connection|terminating connection|Connection refused|"
            r"SSL connection has been closed|could not receive data|administrator command",
            re.IGNORECASE,
        ),
        _unreachable,
        "its catalog's Postgres cannot be reached, or has ended the session; a retry may succeed",
    ),
    (
        re.compile(
            r"\b403\b|Forbidden|SignatureDoesNotMatch|InvalidAccessKeyId|AccessDenied|Authentication Failure",
            re.IGNORECASE,
        ),
        StorageError,
        "the object store does not accept the keys, or they may not read and write there",
    ),
    (re.compile(r"NoSuchBucket", re.IGNORECASE), StorageError, "there is no such bucket: create it"),
    (
        re.compile(
            r"\b(408|429|5\d\d)\b|HTTP Error|Could not establish connection|Could not connect|timed out|Timeout|"
            r"Connection error|error for HTTP [A-Z]{3,7} to|SSL",
            re.IGNORECASE,
        ),
        StoreUnavailableError,
        "the object store cannot be reached, or did not answer as it should; a retry may succeed",
    ),
    (
        re.compile(r"\b404\b|No files found|No such file", re.IGNORECASE),
        StorageError,
        "a file of it is gone: restore it from a backup, or load the raw files again",
    ),
    (re.compile(r"Permission denied", re.IGNORECASE), StorageError, "this user may not write to its folder"),
)


def lake_error(
    error: Exception, lake: object, *, otherwise: type[LoadFailedError | StorageError], undone: str = ""
) -> PipefyExportsError:
    """Return an error of DuckDB about a lake as one of ours.

    Args:
        otherwise: The class of an error that says nothing that is known here.
        undone: What did not happen, for the message.
    """
    message = str(error)
    where = f"the lake {lake}"
    after = f"; {undone}" if undone else ""
    if MISSING.search(message):
        return StorageError(f"there is no lake at {lake} yet: materialize a partition first")
    for pattern, make, said in _SAYS:
        if pattern.search(message):
            return make(f"{where} cannot be used: {said}{after}")
    return otherwise(f"{where} cannot be used: DuckDB says {type(error).__name__}{after}")
