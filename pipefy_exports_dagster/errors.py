"""Everything that can go wrong, as one tree.

    PipefyExportsError
    ├── PermanentError                  stays wrong until a person changes something
    │   ├── ConfigurationError          a setting is missing or impossible
    │   │   └── InvalidFilterError      a report filter that Pipefy would refuse
    │   ├── AuthenticationError         401: the credentials are not accepted
    │   ├── PermissionDeniedError       403, or PERMISSION_DENIED in a GraphQL error
    │   ├── RequestRejectedError        Pipefy understood the request and refused it
    │   │   ├── SchemaMismatchError     ... because its schema has no such field or argument
    │   │   └── FeatureUnavailableError ... because the organization's plan does not have it
    │   ├── ExportNotFoundError         Pipefy does not know (or no longer knows) the export
    │   ├── ExportFailedError           Pipefy reports the export as failed
    │   ├── CreateAnswerLostError       an export may exist; asking again could make a second
    │   ├── ExportNotRecordedError      an export was created, and the event log did not take its id
    │   ├── DownloadRefusedError        a link that we must not follow, or a file past the size limit
    │   ├── MonthNotCoveredError        no export holds a month of the history
    │   ├── SupersededExportError       the table already holds a newer export of the partition
    │   ├── UnreadableFileError         the file is not a table; another try reads the same bytes
    │   ├── ReadLimitError              reading the file passed a limit; the file itself may be fine
    │   ├── ReaderFailedError           the machine, or a fault of the reader, kept the file from being read
    │   ├── ValueDoesNotFitError        a value does not fit the column's pinned type
    │   ├── StorageError                a file or folder of ours cannot be read or written
    │   ├── QueryRefusedError           SQL that DuckDB cannot run, or that would do more than read
    │   └── LoadFailedError             DuckDB refused the load for a reason that stays
    └── TransientError                  may pass by itself; a retry resumes
        ├── ConnectionFailedError       no connection, or it broke
        │   └── StoreUnavailableError   ... to the object store, or that answers with 5xx
        ├── ServerUnavailableError      5xx, or an answer that is not GraphQL
        │   ├── RateLimitedError        429
        │   └── TokenUnavailableError   ... of the token endpoint: the request itself was not sent
        ├── ExportTimedOutError         still not finished at the deadline
        ├── DownloadFailedError         the file did not arrive whole
        ├── PartitionLockedError        another run works on the same partition
        ├── LocksUnavailableError       the Postgres that keeps locks does not answer, or ended a session that held one
        ├── DatabaseLockedError         another process holds the database
        └── DiskFullError               no space left for the file or the table

Messages say what happened, to which id, and what to do next. They never hold a token or the query
string of a link. Only `orchestration/failures.py` turns these into `dg.Failure`.
"""

from collections.abc import Mapping
from typing import Any, Self


class PipefyExportsError(Exception):
    """Base of all errors of this package; each fact it knows is an attribute.

    `correlation_id` is what Pipefy's support asks for: Pipefy's own id of the request that it refused. The message
    holds it as well.
    """

    correlation_id: str | None = None

    def of_request(self, correlation_id: str | None) -> Self:
        """Return the error with the id of the request that it is about."""
        self.correlation_id = correlation_id
        return self


class PermanentError(PipefyExportsError):
    """Stays wrong until a person changes something; never retried."""


class TransientError(PipefyExportsError):
    """May pass by itself; a retry resumes where this attempt stopped."""


class ConfigurationError(PermanentError):
    """A setting is missing or impossible."""


class InvalidFilterError(ConfigurationError):
    """A report filter that Pipefy would refuse; `path` leads to the offending key."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"report filter: {path}: {problem}")
        self.path = path


class AuthenticationError(PermanentError):
    """Pipefy does not accept the credentials (HTTP 401, or the token endpoint refused them)."""


class PermissionDeniedError(PermanentError):
    """The credentials are valid but may not do this (HTTP 403 or `PERMISSION_DENIED`)."""


class RequestRejectedError(PermanentError):
    """Pipefy understood the request and refused it.

    `codes` are the `extensions.code` values of the GraphQL errors, where there were any; `not_found` is whether they
    say that there is nothing of that id. `export_not_found` is whether messages without a code say so, which means
    something only to who asked for an export by its id.
    """

    def __init__(
        self,
        message: str,
        *,
        codes: tuple[str, ...] = (),
        not_found: bool = False,
        export_not_found: bool = False,
    ) -> None:
        super().__init__(message)
        self.codes = codes
        self.not_found = not_found
        self.export_not_found = not_found or export_not_found


class SchemaMismatchError(RequestRejectedError):
    """The server's schema lacks a field, type or argument of the request, so nothing was executed."""


class FeatureUnavailableError(RequestRejectedError):
    """The organization's plan does not have what was asked for, so nothing was executed."""


class ExportNotFoundError(PermanentError):
    """Pipefy does not know, or no longer knows, an export."""

    def __init__(self, message: str, *, export_id: str) -> None:
        super().__init__(message)
        self.export_id = export_id


class ExportFailedError(PermanentError):
    """Pipefy reports an export as failed; its id never recovers."""

    def __init__(self, message: str, *, export_id: str) -> None:
        super().__init__(message)
        self.export_id = export_id


class CreateAnswerLostError(PermanentError):
    """The request to create an export was sent, its answer was lost: an export may exist.

    Permanent, because a blind retry could create a second export.
    """


class ExportNotRecordedError(PermanentError):
    """An export was created, and Dagster's event log did not take its id, so that it cannot be resumed.

    Permanent, because a retry would create another.
    """

    def __init__(self, message: str, *, export_id: str) -> None:
        super().__init__(message)
        self.export_id = export_id


class DownloadRefusedError(PermanentError):
    """A link leads where we must not go, or the file is larger than allowed."""


class MonthNotCoveredError(PermanentError):
    """No export in the archive covers a month of the history, and the table does not hold it."""


class SupersededExportError(PermanentError):
    """The table already holds a newer export of the same partition, which an older must not replace."""


class UnreadableFileError(PermanentError):
    """The file is not a table: `detected` says what it is instead."""

    def __init__(self, message: str, *, detected: str) -> None:
        super().__init__(message)
        self.detected = detected


class ReadLimitError(PermanentError):
    """Reading a file passed a limit of memory, time or size; the same file loads when the limit is raised.

    `what` is what happened, and `option` the field of `ReadOptions` that is the limit; None where it is not ours.
    """

    def __init__(self, what: str, *, option: str | None = None, settable_as: str | None = None) -> None:
        if option and settable_as is None:
            settable_as = f"`reading.{option}` (PIPEFY_EXPORTS_{option.upper()})"
        remedy = f"; if it is that large, raise {settable_as}, and the same file loads" if option else ""
        super().__init__(what + remedy)
        self.what = what
        self.option = option
        self.settable_as = settable_as

    def of(self, file: str) -> "ReadLimitError":
        """Return the error with the name of the file: for where one of many is read."""
        return ReadLimitError(f"{file}: {self.what}", option=self.option, settable_as=self.settable_as)

    def on_command_line(self, options: Mapping[str, str]) -> "ReadLimitError":
        """Return the error for a reader who sets limits by a command's options: those by field."""
        settable_as = options.get(self.option) if self.option else None
        return ReadLimitError(self.what, option=self.option, settable_as=settable_as)


class ReaderFailedError(PermanentError):
    """The machine, or a fault of the reader, kept a file from being read, which says nothing of the file.

    Its export stays pending, and the same file loads when what the message names is fixed.
    """


class StorageError(PermanentError):
    """A file or folder of ours cannot be read or written, for a reason that stays."""


class ValueDoesNotFitError(PermanentError):
    """A value does not fit the type that the configuration pins for its column.

    `row` is the 1-based data row in the file.
    """

    def __init__(self, message: str, *, column: str, row: int, value: Any) -> None:
        super().__init__(message)
        self.column = column
        self.row = row
        self.value = value


class QueryRefusedError(PermanentError):
    """DuckDB cannot run the SQL of a query, or it would do more than read."""


class LoadFailedError(PermanentError):
    """DuckDB refused the load for a reason that another try does not change.

    `without_values` is the message without values of a file or table, where the message may quote one.
    """

    def __init__(self, message: str, *, without_values: str | None = None) -> None:
        super().__init__(message)
        self.without_values = without_values


class ConnectionFailedError(TransientError):
    """The connection could not be made, or broke; `sent` tells whether a request may have arrived."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class StoreUnavailableError(ConnectionFailedError):
    """The object store of the raw files, or of a lake's, does not answer, or answers with a server error."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=True)


class ServerUnavailableError(TransientError):
    """Pipefy answered with a server error, or with something that is not GraphQL.

    `retry_after_s` is Retry-After in seconds, where the answer carried it; `export_not_found` is as in
    `RequestRejectedError`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        retry_after_s: float | None = None,
        export_not_found: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.export_not_found = export_not_found


class RateLimitedError(ServerUnavailableError):
    """Pipefy asks us to slow down (HTTP 429)."""


class TokenUnavailableError(ServerUnavailableError):
    """The token endpoint does not work, so the request that needed the token was not sent."""


class ExportTimedOutError(TransientError):
    """An export was not finished at the deadline; it stays pending and is resumed by the next run."""

    def __init__(self, message: str, *, export_id: str) -> None:
        super().__init__(message)
        self.export_id = export_id


class DownloadFailedError(TransientError):
    """A file did not arrive whole; nothing of it was kept."""


class PartitionLockedError(TransientError):
    """Another run works on the same partition and did not end within the time we wait for it."""


class LocksUnavailableError(TransientError):
    """The Postgres that keeps locks cannot be reached, or ended the session that held one; nothing was committed."""


class DatabaseLockedError(TransientError):
    """Another process holds the database; `holder_pid` where DuckDB named it."""

    def __init__(self, message: str, *, holder_pid: int | None = None) -> None:
        super().__init__(message)
        self.holder_pid = holder_pid


class DiskFullError(TransientError):
    """No space is left for the file or the table; nothing was changed."""
