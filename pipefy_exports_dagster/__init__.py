"""Keep an organization's Pipefy exports in DuckDB, with Dagster.

Everything public is here. It is imported when it is first asked for: the package's own reader of files runs in
a process that needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipefy_exports_dagster.component.component import PipefyExportsComponent
    from pipefy_exports_dagster.config.discovery import DefsState, ReportDiscovery
    from pipefy_exports_dagster.config.environment import config_from_environment
    from pipefy_exports_dagster.config.exports import AutomationJobs, PipeReport, Report
    from pipefy_exports_dagster.config.model import (
        Connection,
        PipefyExportsConfig,
        PollPolicy,
        Wait,
    )
    from pipefy_exports_dagster.config.reading import ReadOptions
    from pipefy_exports_dagster.config.schedules import Schedule, Schedules
    from pipefy_exports_dagster.config.stores import Lake, Locks
    from pipefy_exports_dagster.errors import (
        AuthenticationError,
        ConfigurationError,
        ConnectionFailedError,
        CreateAnswerLostError,
        DatabaseLockedError,
        DiskFullError,
        DownloadFailedError,
        DownloadRefusedError,
        ExportFailedError,
        ExportNotFoundError,
        ExportNotRecordedError,
        ExportTimedOutError,
        FeatureUnavailableError,
        InvalidFilterError,
        LoadFailedError,
        LocksUnavailableError,
        MonthNotCoveredError,
        PartitionLockedError,
        PermanentError,
        PermissionDeniedError,
        PipefyExportsError,
        QueryRefusedError,
        RateLimitedError,
        ReaderFailedError,
        ReadLimitError,
        RequestRejectedError,
        SchemaMismatchError,
        ServerUnavailableError,
        StorageError,
        StoreUnavailableError,
        SupersededExportError,
        TokenUnavailableError,
        TransientError,
        UnreadableFileError,
        ValueDoesNotFitError,
    )
    from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
    from pipefy_exports_dagster.orchestration.executor import side_by_side_executor
    from pipefy_exports_dagster.orchestration.notify.export_failure import ExportFailure
    from pipefy_exports_dagster.orchestration.notify.failed_check_sensor import pipefy_failed_check_sensor
    from pipefy_exports_dagster.orchestration.notify.failure_sensor import pipefy_failure_sensor
    from pipefy_exports_dagster.orchestration.pipefy_tables import PipefyTables

__all__ = [
    "AuthenticationError",
    "AutomationJobs",
    "ConfigurationError",
    "Connection",
    "ConnectionFailedError",
    "CreateAnswerLostError",
    "DatabaseLockedError",
    "DefsState",
    "DiskFullError",
    "DownloadFailedError",
    "DownloadRefusedError",
    "ExportFailedError",
    "ExportFailure",
    "ExportNotFoundError",
    "ExportNotRecordedError",
    "ExportTimedOutError",
    "FeatureUnavailableError",
    "InvalidFilterError",
    "Lake",
    "LoadFailedError",
    "Locks",
    "LocksUnavailableError",
    "MonthNotCoveredError",
    "PartitionLockedError",
    "PermanentError",
    "PermissionDeniedError",
    "PipeReport",
    "PipefyExportsComponent",
    "PipefyExportsConfig",
    "PipefyExportsError",
    "PipefyTables",
    "PollPolicy",
    "QueryRefusedError",
    "RateLimitedError",
    "ReadLimitError",
    "ReadOptions",
    "ReaderFailedError",
    "Report",
    "ReportDiscovery",
    "RequestRejectedError",
    "Schedule",
    "Schedules",
    "SchemaMismatchError",
    "ServerUnavailableError",
    "StorageError",
    "StoreUnavailableError",
    "SupersededExportError",
    "TokenUnavailableError",
    "TransientError",
    "UnreadableFileError",
    "ValueDoesNotFitError",
    "Wait",
    "build_pipefy_exports",
    "config_from_environment",
    "pipefy_failed_check_sensor",
    "pipefy_failure_sensor",
    "side_by_side_executor",
]

_MODULES = {  # all others are errors
    "AutomationJobs": "config.exports",
    "Connection": "config.model",
    "DefsState": "config.discovery",
    "ExportFailure": "orchestration.notify.export_failure",
    "Lake": "config.stores",
    "Locks": "config.stores",
    "PipeReport": "config.exports",
    "PipefyExportsComponent": "component.component",
    "PipefyExportsConfig": "config.model",
    "PipefyTables": "orchestration.pipefy_tables",
    "PollPolicy": "config.model",
    "ReadOptions": "config.reading",
    "Report": "config.exports",
    "ReportDiscovery": "config.discovery",
    "Schedule": "config.schedules",
    "Schedules": "config.schedules",
    "Wait": "config.model",
    "build_pipefy_exports": "orchestration.build",
    "config_from_environment": "config.environment",
    "pipefy_failed_check_sensor": "orchestration.notify.failed_check_sensor",
    "pipefy_failure_sensor": "orchestration.notify.failure_sensor",
    "side_by_side_executor": "orchestration.executor",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    """Return the public names as well, which `dg` looks through for components."""
    return sorted({*globals(), *__all__})
