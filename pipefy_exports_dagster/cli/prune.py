"""`pipefy-exports prune`."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from pipefy_exports_dagster.cli.errors import Interruption, cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress_bar import progress_bar
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import setting_to_change
from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.history import (
    HistoryBuilder,
    Keep,
    RetentionRule,
    Verdict,
    history_plan,
    judge_files,
)
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.raw_files.store import Leftover, RawFileStore

LOCK_TIMEOUT_S = 60.0
UNDER_WAY = timedelta(days=1)
"""What is younger may be a download or an upload that goes on."""
OnFile = Callable[[str, int, int], None]


@click.command(context_settings={"max_content_width": 110})
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(1, 999_999),
    metavar="DAYS",
    show_default="PIPEFY_EXPORTS_RAW_RETENTION_DAYS",
    help="Only files that have been in the archive for longer.",
)
@click.option(
    "--give-up-rebuilding",
    is_flag=True,
    help="Also delete files that months of the history were taken from: they stay in the table, and `rebuild-history` "
    "cannot build them again.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be deleted, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def prune(*, days: int | None, give_up_rebuilding: bool, dry_run: bool, as_json: bool) -> None:
    """Delete old raw files that nothing needs any more, such as the daily exports of a month that is over.

    The raw files are what tables and history can be rebuilt from without asking Pipefy. So a file stays, however old
    it is, if it is the newest of its partition, if rows of the export's table or a month of the history come from it,
    or if the history has still to take a month from it. Each file that stays is listed with its reason. What a process
    that was killed left of a file is listed after a day, and not deleted.
    """
    with cli_errors(as_json=as_json, undone="nothing was deleted") as interruption:
        ages = [(config, days or config.raw_retention_days) for config in read_settings().configs]
        ruled = [
            (
                config,
                RetentionRule(
                    datetime.now(UTC) - timedelta(days=age), keep_rebuildable=not give_up_rebuilding
                ),
            )
            for config, age in ages
            if age is not None
        ]
        if not ruled:
            setting = setting_to_change("PipefyExportsConfig", "raw_retention_days", os.environ)
            raise click.UsageError(f"give --older-than, or set {setting}")
        with progress_bar("files", quiet=as_json) as advance:
            judged = [
                (raw_file_store(config), judge_archive(config, rule, on_file=advance))
                for config, rule in ruled
            ]
        if not dry_run:
            for store, found in judged:
                _delete(store, found, interruption)
        verdicts = [verdict for _, found in judged for verdict in found]
        left = find_leftovers(config for config, _ in ruled)
        with readers_may_leave():
            if as_json:
                days = min(age for _, age in ages if age)
                echo_json(_as_json(verdicts, left, days=days, dry_run=dry_run))
            else:
                _print(verdicts, dry_run=dry_run)
                _print_leftovers(left)


def judge_archive(
    config: PipefyExportsConfig, rule: RetentionRule, *, on_file: OnFile = lambda *_: None
) -> list[Verdict]:
    """Say of each raw file of the configured exports, of all organizations, whether it may go.

    Raises:
        DatabaseLockedError: Another process held the database until the deadline.
        StorageError: The database cannot be read.
    """
    verdicts: list[Verdict] = []
    for export in configured_exports(config):
        for organization_id in raw_file_store(config).organizations(export.asset):
            plan = replace(history_plan(export, organization_id), lock_timeout_s=LOCK_TIMEOUT_S)
            with HistoryBuilder(plan, on_warning=lambda _: None) as builder:

                def advance(number: int, total: int, what: str = export.asset) -> None:
                    on_file(what, number, total)

                verdicts += judge_files(builder, rule, on_file=advance)
    return verdicts


def find_leftovers(configs: Iterable[PipefyExportsConfig]) -> list[Leftover]:
    """Return what killed processes left in the archives of some configurations; what is under way is younger."""
    before = datetime.now(UTC) - UNDER_WAY
    found = {
        left.address: left
        for config in configs
        for export in configured_exports(config)
        for left in raw_file_store(config).leftovers(export.asset, before=before)
    }
    return list(found.values())


def _delete(store: RawFileStore, verdicts: Sequence[Verdict], interruption: Interruption) -> None:
    interruption.done = "some files were deleted already"
    for verdict in (verdict for verdict in verdicts if verdict.keep is None):
        try:
            store.delete(verdict.raw)
        except StorageError as error:
            raise StorageError(
                f"{error}; files before it are deleted, fix that and run the command again"
            ) from None
        interruption.committed = True


def _print(verdicts: Sequence[Verdict], *, dry_run: bool) -> None:
    old = [verdict for verdict in verdicts if verdict.keep is not Keep.YOUNG]
    going = [verdict for verdict in old if verdict.keep is None]
    if old:
        done = "would delete" if dry_run else "deleted"
        echo_table(
            ("", "asset", "partition", "export", "archived", "kB", "why"),
            [
                (
                    "keep" if verdict.keep else done,
                    verdict.raw.sidecar.asset,
                    verdict.raw.sidecar.period_filter,
                    verdict.raw.sidecar.export_id,
                    f"{verdict.raw.sidecar.downloaded_at:%Y-%m-%d}",
                    round(verdict.raw.sidecar.size_bytes / 1000),
                    verdict.why,
                )
                for verdict in old
            ],
            empty="",
        )
    click.echo(
        f"{'would delete' if dry_run else 'deleted'} {len(going)} of {len(verdicts)} raw files "
        f"({_bytes(going) / 1e6:.1f} MB); {len(old) - len(going)} are old and stay, "
        f"{len(verdicts) - len(old)} are not old yet"
    )


def _print_leftovers(left: Sequence[Leftover]) -> None:
    if left:
        click.echo(
            "left by a process that was killed, and read by nothing; delete it, if no run is to go on with it:"
        )
    for each in left:
        click.echo(f"  {each.address} ({each.size_bytes / 1000:.0f} kB, {each.written_at:%Y-%m-%d})")


def _as_json(
    verdicts: Sequence[Verdict], left: Sequence[Leftover], *, days: int, dry_run: bool
) -> dict[str, Any]:
    going = [verdict for verdict in verdicts if verdict.keep is None]
    return {
        "dry_run": dry_run,
        "older_than_days": days,
        "deleted": [_file(verdict) for verdict in going],
        "deleted_bytes": _bytes(going),
        "kept": [_file(verdict) | {"reason": verdict.keep.value} for verdict in verdicts if verdict.keep],
        "leftovers": [
            {"path": each.address, "size_bytes": each.size_bytes, "written_at": each.written_at.isoformat()}
            for each in left
        ],
    }


def _file(verdict: Verdict) -> dict[str, Any]:
    sidecar = verdict.raw.sidecar
    return {
        "path": verdict.raw.address,
        "organization_id": sidecar.organization_id,
        "asset": sidecar.asset,
        "partition": sidecar.period_filter,
        "export_id": sidecar.export_id,
        "downloaded_at": sidecar.downloaded_at.isoformat(),
        "size_bytes": sidecar.size_bytes,
        "why": verdict.why,
    }


def _bytes(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.raw.sidecar.size_bytes for verdict in verdicts)
