"""Automation jobs: one row for each time that an automation ran."""

import bisect
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipefy_exports_dagster.sandbox import words
from pipefy_exports_dagster.sandbox.cards import Card
from pipefy_exports_dagster.sandbox.organizations import SandboxOrganization
from pipefy_exports_dagster.sandbox.periods import SandboxMonth
from pipefy_exports_dagster.sandbox.tables import Cell
from pipefy_exports_dagster.sandbox.volume import MonthlyVolume

# Headers follow the organization's language, as they do at Pipefy.
HEADERS = {
    "en": (
        "Job ID", "Automation ID", "Automation", "Event", "Action", "Pipe ID", "Pipe", "Card ID",
        "Card title", "Status", "Started at", "Finished at", "Duration (s)", "Credits", "Retried",
        "Batch code", "Error message",
    ),
    "pt": (
        "ID da execução", "ID da automação", "Automação", "Evento", "Ação", "ID do pipe", "Pipe",
        "ID do card", "Título do card", "Status", "Iniciado em", "Finalizado em", "Duração (s)",
        "Créditos", "Repetido", "Código do lote", "Mensagem de erro",
    ),
}  # fmt: skip

_STATUSES = ("success",) * 17 + ("failed",) * 2 + ("skipped",)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: when it started, and its row in a file."""

    started_at: datetime
    row: tuple[Cell, ...]


def jobs_of_month(
    organization: SandboxOrganization, month: SandboxMonth, volume: MonthlyVolume, cards: Sequence[Card]
) -> list[Job]:
    """Return the jobs of a whole month, oldest first, whether or not the clock has come that far.

    `cards` are those created in the month, oldest first; each job ran on one that existed already.
    """
    by_pipe = {pipe.id: [card for card in cards if card.pipe is pipe] for pipe in organization.pipes}
    rng = random.Random(f"{volume.seed}/{volume.stream}/rows/{month}")  # noqa: S311
    # Ids go on from month to month and never meet those of another organization.
    first_id = 4_000_000_000 + organization.number * 10**12 + month.ordinal * 10**8
    return [
        _job(organization, first_id + position, started_at, by_pipe, rng)
        for position, started_at in enumerate(volume.times(month))
    ]


def _job(
    organization: SandboxOrganization,
    job_id: int,
    started_at: datetime,
    cards: dict[str, list[Card]],
    rng: random.Random,
) -> Job:
    automation = rng.choice(organization.automations)
    card = _choose_card(cards[automation.pipe.id], started_at, rng)
    status = rng.choice(_STATUSES)
    duration_s = round(rng.expovariate(0.4), 3)
    failed = status == "failed"
    row = (
        job_id,
        int(automation.id),
        automation.name,
        automation.event,
        automation.action,
        int(automation.pipe.id),
        automation.pipe.name,
        card.id if card else None,
        card.title if card else None,
        status,
        started_at.replace(tzinfo=None),
        (started_at + timedelta(seconds=round(duration_s))).replace(tzinfo=None),
        duration_s,
        rng.randint(1, 12) if automation.action == "generate_with_ai" else None,
        failed and rng.random() < 0.5,  # noqa: PLR2004
        words.digits(rng, 6),
        rng.choice(words.JOB_ERRORS) if failed else None,
    )
    return Job(started_at, row)


def _choose_card(cards: list[Card], started_at: datetime, rng: random.Random) -> Card | None:
    existing = bisect.bisect_right(cards, started_at, key=lambda card: card.created_at)
    position = int(rng.random() * existing)  # draws once, whether or not there is a card
    return cards[position] if existing else None
