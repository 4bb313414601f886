"""A run's own look-ups: in an event log of 100,000 materializations, and in an archive of 50,000 raw files."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.orchestration.events import newest_materialization
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.raw_files.archive import archived_files
from pipefy_exports_dagster.raw_files.folder import RawFolder
from pipefy_exports_dagster.raw_files.sidecar import Sidecar

LOADS, FILES, ASSETS = 100_000, 50_000, 500
ORGANIZATION = "300514001"
ASKED = 20


def measure_event_log(rounds: int) -> Iterator[tuple[str, float, str]]:
    """Yield how much longer a run's questions to the event log take in one that years have filled."""
    with tempfile.TemporaryDirectory(dir=Path("/dev/shm")) as folder:  # noqa: S108
        empty, full = (prepare_instance(Path(folder) / name) for name in ("empty", "full"))
        assets = [dg.AssetKey(f"report_{number}") for number in range(ASSETS)]
        with (
            dg.DagsterInstance.from_config(str(empty)) as few,
            dg.DagsterInstance.from_config(str(full)) as many,
        ):
            _fill(few, assets, len(assets))
            sys.stderr.write(f"writing {LOADS} loads\n")
            _fill(many, assets, LOADS)
            for _ in range(rounds):
                beside, seconds = (_timed(partial(_ask, one, assets)) for one in (few, many))
                sys.stderr.write(f"look-ups of {ASKED} runs: {beside:.3f} and {seconds:.3f} s of CPU\n")
                yield (
                    f"a run's look-ups in an event log of {LOADS} loads / an empty one, CPU",
                    seconds / beside,
                    "1.5",
                )


def _fill(instance: dg.DagsterInstance, assets: list[dg.AssetKey], loads: int) -> None:
    from .event_log import a_load, fill

    start = datetime.now(UTC) - timedelta(minutes=loads)
    fill(
        instance,
        (
            event
            for number in range(loads)
            for event in a_load(
                assets[number % len(assets)], "current_month", f"e{number}", start + timedelta(minutes=number)
            )
        ),
    )


def _ask(instance: dg.DagsterInstance, assets: list[dg.AssetKey]) -> None:
    """Ask what a run asks: what is pending, what was loaded, how often it was asked for, and for which month."""
    for asset in assets[:ASKED]:
        ledger = Ledger(instance, asset, "current_month")
        ledger.pending()
        ledger.newest_request()
        ledger.loaded()
        ledger.requests_since_materialization()
        newest_materialization(instance, asset, "current_month", organization_id=ORGANIZATION)


def measure_archive(rounds: int) -> Iterator[tuple[str, float, str]]:
    """Yield how much longer a run's look-ups in the archive take: of the file it loads, and of all for a history."""
    with tempfile.TemporaryDirectory(dir=Path("/dev/shm")) as folder:  # noqa: S108
        empty, full = Path(folder) / "empty", Path(folder) / "full"
        per_asset = FILES // ASSETS
        _keep(empty, 1, per_asset)
        sys.stderr.write(f"writing {FILES} raw files\n")
        _keep(full, ASSETS, per_asset)
        one, many = f"an archive of {FILES} files", f"one of {per_asset}, all of one export"
        for _ in range(rounds):
            beside, seconds = (_timed(partial(_find, each)) for each in (empty, full))
            yield f"finding a run's own file in {one} / {many}, CPU", seconds / beside, "1.5"
            beside, seconds = (
                _timed(partial(archived_files, each, ORGANIZATION, "report_0")) for each in (empty, full)
            )
            sys.stderr.write(f"listing an export's files: {beside:.3f} and {seconds:.3f} s of CPU\n")
            yield f"listing an export's files in {one} / {many}, CPU", seconds / beside, "1.5"


def _find(data_dir: Path) -> None:
    for number in range(ASKED):
        folder = RawFolder.of(data_dir, ORGANIZATION, "report_0", PeriodFilter.CURRENT_MONTH.value)
        assert folder.find(f"e{number}")  # noqa: S101


def _keep(data_dir: Path, assets: int, files: int) -> None:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    for asset in range(assets):
        folder = RawFolder.of(data_dir, ORGANIZATION, f"report_{asset}", PeriodFilter.CURRENT_MONTH.value)
        folder.create()
        for number in range(files):
            part = folder.part_path(f"e{number}", "run")
            part.write_bytes(b"a\n1\n")
            folder.keep(
                part,
                Sidecar(
                    organization_id=ORGANIZATION,
                    asset=f"report_{asset}",
                    period_filter=PeriodFilter.CURRENT_MONTH.value,
                    export_id=f"e{number}",
                    request={"organizationId": ORGANIZATION},
                    requested_month=date(2026, 11, 1),
                    requested_at=moment,
                    exported_at=moment + timedelta(minutes=number),
                    downloaded_at=moment,
                    sha256="309b0e45a73d3fc5325e2b6ed0a01ef8b9cde6b05a5633c1f893f970d52bfddc",
                    size_bytes=4,
                    fingerprint="f" * 64,
                ),
            )


def _timed(function: Callable[[], object]) -> float:
    started = time.process_time()
    function()
    return time.process_time() - started
