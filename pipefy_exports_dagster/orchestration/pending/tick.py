"""One look at everything that is pending: what Pipefy says of it, and what is to be launched.

An export that a run works on is left alone, on whatever machine: such a run holds the partition's lock, which ends
with a run that dies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.attempts import ATTEMPT, NextAttempt, few_lines, next_attempt
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.orchestration.partition_locks import partition_locks_of
from pipefy_exports_dagster.orchestration.pending.follow_ups import find_follow_ups
from pipefy_exports_dagster.orchestration.pending.pending_exports import (
    PendingExport,
    PendingKey,
    find_pending,
)
from pipefy_exports_dagster.orchestration.pending.resume import ago, why_not_resumed
from pipefy_exports_dagster.orchestration.run_role import FOLLOWS_EXPORT
from pipefy_exports_dagster.periods import Period
from pipefy_exports_dagster.pipefy.export import ExportState
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.status_batch import Answers, Question, StatusClient

ASKING_BUDGET_S = 20.0
"""No request of a tick starts later; with `REQUEST_TIMEOUT_S` for the last one that is well below the 60 s after
which Dagster gives a sensor up."""
REQUEST_TIMEOUT_S = 8.0
MARGIN = timedelta(hours=1)
YOUNG_S = 60.0
"""An export that is younger and not known to Pipefy may just not have arrived everywhere there."""


@dataclass(slots=True)
class Tick:
    """What a tick launches, and for each other pending export why nothing is.

    `asked_at` is when Pipefy was last asked about those that are not finished, by their keys as text.
    """

    launches: list[dg.RunRequest] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked_at: dict[str, datetime] = field(default_factory=dict)
    failure: str = ""

    def __str__(self) -> str:
        """Say it in a few lines."""
        lines = [self.failure, few_lines(self.notes)]
        return "\n".join(line for line in lines if line) or "no export is pending"


@dataclass(frozen=True, slots=True)
class PendingExports:
    """Looks at all pending exports of a configuration's assets."""

    instance: dg.DagsterInstance
    config: PipefyExportsConfig
    exports: Sequence[ConfiguredExport]
    now: datetime

    def evaluate(self, client: StatusClient, asked_at: Mapping[str, datetime] = MappingProxyType({})) -> Tick:
        """Ask Pipefy about every pending export that nobody works on, and say what to launch.

        Args:
            client: Asks.
            asked_at: `Tick.asked_at` of the tick before: no export is asked about more often than a run would.

        Raises:
            ConfigurationError: No organization is configured, or `locks` does not fit the instance.
            StorageError: It cannot be told which partitions are locked.
            LocksUnavailableError: The locks cannot be reached.
        """
        tick = Tick()
        organization_id = require_organization_id(self.config.organization_id)
        resumable = []
        # No run would go on with an older one.
        asked_after = self.now - timedelta(seconds=self.config.resume_window_s) - MARGIN
        found = find_pending(self.instance, self.exports, asked_after=asked_after)
        names = {
            pending.key: ExportPartition(pending.export, organization_id, pending.period_filter).name
            for pending in found
        }
        worked_on = partition_locks_of(self.config, self.instance).holders(names.values())
        for pending in found:
            if refusal := self._why_left_alone(pending, str(client.base_url)):
                tick.notes.append(f"{pending.label}: {refusal}")
            elif names[pending.key] in worked_on:
                tick.notes.append(f"{pending.label}: a run is working on it")
            else:
                resumable.append(pending)
        verdicts = self._verdicts(resumable)
        waiting = []
        for pending in resumable:
            if refusal := verdicts[pending.key].refusal:
                tick.notes.append(f"{pending.label}: {refusal}")
            else:
                waiting.append(pending)
        asked = [pending for pending in waiting if self._is_due(pending, asked_at.get(str(pending.key)))]
        questions = [
            Question(pending.key, pending.id, pending.export.kind(overrides=pending.requested.overrides))
            for pending in asked
        ]
        answers = client.ask(questions, budget_s=ASKING_BUDGET_S)
        tick.failure = answers.failure
        for pending in waiting:
            self._judge(pending, verdicts[pending.key], answers, tick, asked_at.get(str(pending.key)))
        return tick

    def _is_due(self, pending: PendingExport, asked_at: datetime | None) -> bool:
        """Whether the pause since the last question is over, as long as a run's pause would be."""
        if asked_at is None or asked_at > self.now:  # a clock was set back
            return True
        pause_s = self.config.polling.pause_s((asked_at - pending.requested.requested_at).total_seconds())
        return self.now - asked_at >= timedelta(seconds=pause_s)

    def _why_left_alone(self, pending: PendingExport, base_url: str) -> str | None:
        """Return why a run would not go on with the export: it is not launched in vain."""
        try:
            return why_not_resumed(
                pending.requested,
                base_url=base_url,
                kind=pending.export.kind(overrides=pending.requested.overrides),
                period=Period(pending.period_filter, pending.requested.requested_month),
                now=self.now,
                resume_window_s=self.config.resume_window_s,
            )
        except ConfigurationError as error:
            return str(error)

    def _verdicts(self, resumable: Sequence[PendingExport]) -> dict[PendingKey, NextAttempt]:
        keys = [pending.key for pending in resumable]
        follow_ups = find_follow_ups(self.instance, keys, self.config, self.now)
        return {key: next_attempt(runs, self.now) for key, runs in follow_ups.items()}

    def _judge(
        self,
        pending: PendingExport,
        verdict: NextAttempt,
        answers: Answers,
        tick: Tick,
        asked_at: datetime | None,
    ) -> None:
        was_due = self._is_due(pending, asked_at)
        age = self.now - pending.requested.requested_at
        export = answers.exports.get(pending.key)
        is_unknown = pending.key in answers.unknown and age >= timedelta(seconds=YOUNG_S)
        is_over = export is not None and export.state in {ExportState.FINISHED, ExportState.FAILED}
        # A run that finds the export late fails, which is how people hear of it: once is enough.
        is_late = age >= timedelta(seconds=self.config.polling.timeout_s) and verdict.attempt == 1
        if is_over or is_unknown or (is_late and not answers.failure):
            tick.launches.append(_run_request(pending, verdict))
            return
        if not was_due and asked_at:
            tick.asked_at[str(pending.key)] = asked_at
            tick.notes.append(f"{pending.label}: it was asked about {ago(self.now - asked_at)} ago")
            return
        if export or pending.key in answers.trouble:
            tick.asked_at[str(pending.key)] = self.now
        if pending.key in answers.trouble:
            tick.notes.append(f"{pending.label}: {answers.trouble[pending.key]}")
        elif export:
            tick.notes.append(f"{pending.label}: it is {export.reported_state or 'without a state'}")
        elif not answers.failure:
            tick.notes.append(f"{pending.label}: Pipefy has not answered about it yet")


def _run_request(pending: PendingExport, verdict: NextAttempt) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=verdict.run_key or pending.key.run_key(verdict.attempt),
        partition_key=pending.period_filter.value,
        asset_selection=[dg.AssetKey(pending.export.asset_key)],
        run_config=pending.run_config,
        tags={FOLLOWS_EXPORT: pending.id, ATTEMPT: str(verdict.attempt)},
    )
