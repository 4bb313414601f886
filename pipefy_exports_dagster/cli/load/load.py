"""`pipefy-exports load`."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

from pipefy_exports_dagster.cli.errors import Interruption, cli_errors
from pipefy_exports_dagster.cli.load.given_options import GivenOptions
from pipefy_exports_dagster.cli.load.load_or_plan import Manner, OnMilestone
from pipefy_exports_dagster.cli.load.outcome import Outcome
from pipefy_exports_dagster.cli.load.printing import print_outcome
from pipefy_exports_dagster.cli.param_types import (
    ColumnType,
    DateFormat,
    Moment,
    Month,
    OrganizationId,
    Seconds,
    Size,
    wait_option,
)
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.config.dotenv import dagster_home_of, environment_with_dotenv
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ALL_SHEETS, ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.periods import PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.organization import require_organization_id

SHOWN = {
    "waiting": "waiting: another run works on this partition",
    "copying": "copying the file to the archive",
    "reading": "reading the file",
    "writing": "writing to the database, as soon as no other process holds it",
    "in_transaction": "committing",
    "committed": "publishing",
    "reporting": "telling Dagster",
}

INTO_ASSET = ("asset", "partition", "organization_id", "requested_month", "exported_at")
INTO_TABLE = ("table", "database")


@click.command(context_settings={"max_content_width": 110})
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--asset", metavar="NAME", help="The export asset whose table takes the file.")
@click.option("--partition", type=click.Choice([period.value for period in PeriodFilter]))
@click.option("--organization-id", type=OrganizationId(), show_default="PIPEFY_ORG_ID")
@click.option(
    "--requested-month",
    type=Month(),
    show_default="this month",
    help="When the export was asked for: what last_month is relative to.",
)
@click.option(
    "--exported-at",
    type=Moment(),
    show_default="the file's time",
    help="When Pipefy made the file; UTC if it has no zone. Nothing newer is replaced.",
)
@click.option("--table", metavar="NAME", help="Or a table of your own; its slices are the files, by name.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, readable=False),
    help="The DuckDB file with that table; made if it is not there.",
)
@click.option(
    "--column-type",
    "column_types",
    type=ColumnType(),
    multiple=True,
    help="Pin a column's type, by its name or header: amount=DECIMAL(18,2). Can be given several times.",
)
@click.option("--decimal-mark", type=click.Choice([",", "."]), help="Read numbers such as 1.234,56.")
@click.option("--date-format", type=DateFormat(), help="Read dates such as 03/04/2026, here with %d/%m/%Y.")
@click.option(
    "--sheet",
    "sheets",
    metavar="NAME",
    multiple=True,
    show_default="the active one, and those that have all of its columns",
    help="Load this sheet of a workbook, hidden or not. Can be given several times.",
)
@click.option("--all-sheets", is_flag=True, help="Load every visible sheet of a workbook that has rows.")
@click.option(
    "--max-memory",
    type=Size(),
    show_default="the configuration's, or 1.8GB",
    help="What reading may take of memory.",
)
@click.option(
    "--max-seconds",
    type=Seconds(),
    show_default="the configuration's, or 900",
    help="How long reading may take.",
)
@click.option(
    "--max-unpacked",
    type=Size(),
    show_default="the configuration's, or 8GB",
    help="What the file may unpack to.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be done, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
@wait_option("How long to wait for another process that holds the partition or the database.")
def load(
    file: Path,
    *,
    asset: str | None,
    partition: str | None,
    organization_id: str | None,
    requested_month: date | None,
    exported_at: datetime | None,
    table: str | None,
    database: Path | None,
    column_types: tuple[tuple[str, str], ...],
    decimal_mark: str | None,
    date_format: str | None,
    sheets: tuple[str, ...],
    all_sheets: bool,
    max_memory: int | None,
    max_seconds: float | None,
    max_unpacked: int | None,
    dry_run: bool,
    as_json: bool,
    wait_s: float,
) -> None:
    """Load a file that is here already: an export that came by e-mail, or anything else.

    With --asset and --partition it becomes the partition's content: the file is copied to the archive, loaded,
    and reported to Dagster. With --table and --database it goes into any table of any DuckDB file.

    What of the file is not in the table is said on stderr, as a warning.

    Ends with 0: loaded; 1: an error, in one line; 2: wrong usage; 130: Ctrl-C.
    """
    _require_one_target(click.get_current_context())
    if sheets and all_sheets:
        raise click.UsageError("give --sheet or --all-sheets, not both")
    options = GivenOptions(
        column_types=dict(column_types),
        decimal_mark=decimal_mark,
        date_format=date_format,
        sheets=ALL_SHEETS if all_sheets else sheets,
        max_memory_bytes=max_memory,
        max_seconds=max_seconds,
        max_unpacked_bytes=max_unpacked,
    )
    with cli_errors(as_json=as_json) as interruption, Progress() as progress:
        manner = Manner(
            options=options.over(ReadOptions()) if table else ReadOptions(),
            pinned=tuple(name for name, _ in column_types),
            wait_s=wait_s,
            dry_run=dry_run,
            on_milestone=_watcher(interruption, progress),
        )
        if table and database:
            from pipefy_exports_dagster.cli.load.into_table import load_into_table

            outcome = load_into_table(file, table=table, database=database, manner=manner)
        else:
            outcome = _load_into_asset(
                file,
                asset=asset or "",
                partition=PeriodFilter(partition or ""),
                organization_id=organization_id,
                requested_month=requested_month,
                exported_at=exported_at,
                options=options,
                manner=manner,
            )
    print_outcome(outcome, as_json=as_json)


def _require_one_target(context: click.Context) -> None:
    """Check that the options are those of one way of loading, and all that it needs.

    Raises:
        click.UsageError: They are not.
    """
    given = {name for name, value in context.params.items() if value is not None}
    asset_options, table_options = given & set(INTO_ASSET), given & set(INTO_TABLE)
    if asset_options and table_options:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in INTO_ASSET if name in given)
        raise click.UsageError(f"--table and --database go without {names}")
    needed = {"table", "database"} if table_options else {"asset", "partition"}
    if not all(context.params[name] for name in needed):
        raise click.UsageError("give --asset and --partition, or --table and --database")


def _watcher(interruption: Interruption, progress: Progress) -> OnMilestone:
    def on_milestone(milestone: str) -> None:
        interruption.committed |= milestone == "committed"
        progress.show(SHOWN.get(milestone, milestone))

    return on_milestone


def _load_into_asset(
    file: Path,
    *,
    asset: str,
    partition: PeriodFilter,
    organization_id: str | None,
    requested_month: date | None,
    exported_at: datetime | None,
    options: GivenOptions,
    manner: Manner,
) -> Outcome:
    from pipefy_exports_dagster.cli.load import into_asset
    from pipefy_exports_dagster.cli.load.provenance import ProvenanceOverrides
    from pipefy_exports_dagster.exports import configured_exports

    environment = environment_with_dotenv()
    # A `dagster.yaml` may name variables, and `.env` is where people keep them.
    os.environ.update(environment)
    exports = {
        export.asset: export
        for config in configurations(environment)
        for export in configured_exports(config)
    }
    if asset not in exports:
        raise click.BadParameter(f"{asset!r} is not one of {', '.join(exports)}.", param_hint="'--asset'")
    export = exports[asset]
    _refuse_future(requested_month, export.config)
    target = ExportPartition(export, _organization(organization_id, export.config), partition)
    overrides = ProvenanceOverrides(requested_month, exported_at)
    manner = replace(manner, options=options.over(export.reading))
    home = dagster_home_of(environment)
    if manner.dry_run:
        return into_asset.plan_into_asset(file, target, overrides=overrides, manner=manner, dagster_home=home)
    return into_asset.load_into_asset(file, target, overrides=overrides, manner=manner, dagster_home=home)


def _refuse_future(requested_month: date | None, config: PipefyExportsConfig) -> None:
    """Refuse a month to come: until then, no export would be newer than the file."""
    if requested_month and requested_month > month_of(datetime.now(UTC), config.zone):
        raise click.BadParameter(
            f"{requested_month:%Y-%m} is still to come in {config.timezone}.",
            param_hint="'--requested-month'",
        )


def _organization(given: str | None, config: PipefyExportsConfig) -> str:
    try:
        return require_organization_id(given or config.organization_id)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}; or give --organization-id") from None
