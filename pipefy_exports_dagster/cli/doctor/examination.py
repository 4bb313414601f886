"""All checks of doctor, in the order in which people fix problems."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from pipefy_exports_dagster.cli.doctor import account, permissions, reports, storage
from pipefy_exports_dagster.cli.doctor.automation import check_automation
from pipefy_exports_dagster.cli.doctor.finding import Finding, State, skipped
from pipefy_exports_dagster.cli.doctor.notify import check_notify
from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.exports import AutomationJobs, PipeReport, Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import DATA_DIR
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.periods import month_of
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import read_credentials
from pipefy_exports_dagster.pipefy.look_ups import Organization
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.tables.stores import table_store

REQUEST_TIMEOUT_S = 10.0
"""For a look-up. An answer that takes longer is a finding itself."""


def examine(
    config: PipefyExportsConfig, environment: Mapping[str, str], *, clock: Clock
) -> Iterator[Finding]:
    """Yield all findings about a configuration, each as soon as it is known. No export is created.

    Args:
        config: What is to be exported, from where, to where.
        environment: Where the credentials and DAGSTER_HOME are.
        clock: This machine's clock, which is checked as well.
    """
    connection = replace(
        config.connection, request_timeout_s=min(config.connection.request_timeout_s, REQUEST_TIMEOUT_S)
    )
    config = replace(config, connection=connection)
    usable = True
    for finding in (
        *account.check_credentials(connection, environment),
        *account.check_server(connection, clock),
    ):
        # A wrong clock prevents no other check.
        usable &= finding.state is not State.ERROR or finding.check == "clock"
        yield finding
    yield from _check_pipefy(config, environment, clock, usable=usable)
    yield from storage.check_folder("data folder", config.data_dir, DATA_DIR)
    for setting, folder in table_store(config).folders.items():
        if folder != config.data_dir:
            yield from storage.check_folder("database folder", folder, setting)
    yield from storage.check_raw_files(config)
    database = list(storage.check_database(config))
    yield from database
    if not _has_error(database):
        yield from storage.check_lake(config)
    instance = list(storage.check_instance(environment))
    yield from instance
    if not _has_error(instance):
        yield from check_automation(config, environment, clock.now())
    yield from check_notify(config, environment)
    yield from permissions.check_permissions(config, environment)
    yield storage.check_runs(config)


def _has_error(findings: Iterable[Finding]) -> bool:
    return any(finding.state is State.ERROR for finding in findings)


def _check_pipefy(
    config: PipefyExportsConfig, environment: Mapping[str, str], clock: Clock, *, usable: bool
) -> Iterator[Finding]:
    month = month_of(clock.now(), config.zone)
    askable = []
    yield from reports.check_found_reports(config)
    # A report that was found is there as it is: only those that a person wrote down are looked up.
    for export in (export for export in configured_exports(config) if not export.found):
        if finding := reports.check_request(export, month):
            yield finding
        else:
            askable.append(export)
    waiting = ["account", "organization", *(export.asset for export in askable)]
    if usable:
        credentials = read_credentials(config.connection, environment)
        with closing(PipefyClient(config.connection, credentials, clock=clock)) as client:
            finding, seen = account.check_account(client)
            yield finding
            waiting.remove("account")
            organization = None
            if seen is not None:
                finding, organization = account.check_organization(client, config, seen)
                yield finding
                waiting.remove("organization")
            if organization:
                for export in askable:
                    check_export = EXPORT_CHECKS.get(type(export.settings))
                    yield from check_export(client, export, organization) if check_export else ()
                return
    for check in waiting:
        yield skipped(check, "skipped until the problem above is solved")


def _check_jobs(
    _client: PipefyClient, export: ConfiguredExport, organization: Organization
) -> Iterator[Finding]:
    yield account.check_jobs_permission(export.asset, organization, _proof(export, organization))


def _check_report(
    client: PipefyClient, export: ConfiguredExport, organization: Organization
) -> Iterator[Finding]:
    assert isinstance(export.settings, Report)  # noqa: S101 - as EXPORT_CHECKS says
    yield from account.check_report_permission(export.asset, organization)
    yield from reports.check_saved_report(client, export.asset, export.settings)


def _check_pipe_report(
    client: PipefyClient, export: ConfiguredExport, _organization: Organization
) -> Iterator[Finding]:
    assert isinstance(export.settings, PipeReport)  # noqa: S101 - as EXPORT_CHECKS says
    yield from reports.check_saved_pipe_report(client, export.asset, export.settings)


EXPORT_CHECKS: Mapping[type, Callable[[PipefyClient, ConfiguredExport, Organization], Iterator[Finding]]] = {
    AutomationJobs: _check_jobs,
    Report: _check_report,
    PipeReport: _check_pipe_report,
}
"""What is asked of Pipefy about an export, by the class of its settings; nothing of one that is not here."""


def _proof(export: ConfiguredExport, organization: Organization) -> str | None:
    try:
        files = [
            raw
            for raw in raw_file_store(export.config).files(organization.id, export.asset)
            if not raw.sidecar.export_id.startswith("file-")  # came by hand, and proves nothing
        ]
    except PipefyExportsError:
        return None  # a check of its own says so
    if not files:
        return None
    newest: datetime = max(raw.sidecar.exported_at for raw in files)
    return f"Pipefy made one on {newest:%Y-%m-%d}"
