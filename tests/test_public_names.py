"""What other people's projects import."""

import subprocess
import sys

import dagster as dg

import pipefy_exports_dagster

PUBLIC = [
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


def test_the_public_names_are_these() -> None:
    assert sorted(pipefy_exports_dagster.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(pipefy_exports_dagster))
    assert all(getattr(pipefy_exports_dagster, name) for name in PUBLIC)


def test_importing_the_package_imports_none_of_them() -> None:
    heavy = "('dagster', 'pydantic', 'httpx', 'duckdb', 'pipefy_exports_dagster.config.model')"
    script = f"import sys, pipefy_exports_dagster; print([n for n in {heavy} if n in sys.modules])"
    result = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_definitions_are_built_in_plain_python() -> None:
    from pipefy_exports_dagster import PipefyExportsConfig, Report, build_pipefy_exports

    config = PipefyExportsConfig(
        organization_id="300514001",
        automation_jobs=None,
        reports=[Report("purchases", organization_report_id=300700102)],
        history=False,
    )
    definitions = build_pipefy_exports(config)
    assert definitions.resolve_all_asset_keys() == [dg.AssetKey("purchases")]
