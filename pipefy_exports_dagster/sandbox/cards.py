"""Cards: what moves through the pipes, and what a report lists."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipefy_exports_dagster.sandbox import words
from pipefy_exports_dagster.sandbox.fields import Field, Kind, Value
from pipefy_exports_dagster.sandbox.organizations import Phase, Pipe, SandboxOrganization
from pipefy_exports_dagster.sandbox.periods import SandboxMonth
from pipefy_exports_dagster.sandbox.volume import MonthlyVolume


def _never(_: random.Random, __: datetime) -> Value:
    raise NotImplementedError("a card's own attributes are not drawn by chance")


# What every card has, whatever its pipe; the names are the ones that columns and filters use.
ATTRIBUTES = tuple(
    Field(name, title, kind, _never)
    for name, title, kind in (
        ("id", "ID", Kind.NUMBER),
        ("title", "Título", Kind.TEXT),
        ("pipe", "Pipe", Kind.TEXT),
        ("current_phase", "Fase atual", Kind.TEXT),
        ("labels", "Etiquetas", Kind.MANY),
        ("assignees", "Responsáveis", Kind.MANY),
        ("created_by", "Criado por", Kind.TEXT),
        ("created_at", "Criado em", Kind.DATETIME),
        ("updated_at", "Atualizado em", Kind.DATETIME),
        ("finished_at", "Finalizado em", Kind.DATETIME),
        ("due_date", "Data de vencimento", Kind.DATE),
        ("overdue", "Atrasado", Kind.BOOLEAN),
    )
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card with its whole life, past and future; what it looks like depends on when it is asked.

    Args:
        moves: When it entered each phase so far reached or yet to be, the first at its creation.
    """

    id: int
    pipe: Pipe
    title: str
    created_at: datetime
    moves: tuple[datetime, ...]
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    created_by: str
    due_date: date | None
    values: dict[str, Value]

    def phase(self, now: datetime) -> Phase:
        """Return the phase that the card is in at `now`."""
        return self.pipe.phases[self._entered(now) - 1]

    def value(self, field: str, now: datetime) -> Value:
        """Return what `field` holds at `now`; None where the card's pipe has no such field."""
        attribute = _ATTRIBUTE_VALUES.get(field)
        return attribute(self, now) if attribute else self.values.get(field)

    def updated_at(self, now: datetime) -> datetime:
        """Return when the card entered its phase."""
        return self.moves[self._entered(now) - 1]

    def finished_at(self, now: datetime) -> datetime | None:
        """Return when the card came to the last phase, if it has."""
        done = len(self.moves) == len(self.pipe.phases) and self.moves[-1] <= now
        return self.moves[-1] if done else None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether the card was, or has not been, finished after its due date."""
        last_day = (self.finished_at(now) or now).date()
        return self.due_date is not None and self.due_date < last_day

    def _entered(self, now: datetime) -> int:
        return max(1, sum(entered <= now for entered in self.moves))


_ATTRIBUTE_VALUES: dict[str, Callable[[Card, datetime], Value]] = {
    "id": lambda card, _: card.id,
    "title": lambda card, _: card.title,
    "pipe": lambda card, _: card.pipe.name,
    "current_phase": lambda card, now: card.phase(now).name,
    "labels": lambda card, _: card.labels,
    "assignees": lambda card, _: card.assignees,
    "created_by": lambda card, _: card.created_by,
    "created_at": lambda card, _: card.created_at,
    "updated_at": Card.updated_at,
    "finished_at": Card.finished_at,
    "due_date": lambda card, _: card.due_date,
    "overdue": Card.is_overdue,
}


def cards_of_month(
    organization: SandboxOrganization, month: SandboxMonth, volume: MonthlyVolume
) -> list[Card]:
    """Return the cards created in a whole month, oldest first, as far as the clock may still have to run."""
    rng = random.Random(f"{volume.seed}/{volume.stream}/rows/{month}")  # noqa: S311
    first_id = 700_000_000 + organization.number * 10**12 + month.ordinal * 10**7
    return [
        _card(rng.choice(organization.pipes), first_id + position, created_at, rng)
        for position, created_at in enumerate(volume.times(month))
    ]


def _card(pipe: Pipe, card_id: int, created_at: datetime, rng: random.Random) -> Card:
    moves = [created_at]
    for _ in pipe.phases[1:]:
        if rng.random() < 0.12:  # noqa: PLR2004 -- it stays where it is for good
            break
        moves.append(moves[-1] + timedelta(seconds=int(rng.expovariate(1 / 400_000))))
    due_in_days = rng.randint(5, 40)
    return Card(
        id=card_id,
        pipe=pipe,
        title=f"{rng.choice(words.SUBJECTS)} - {rng.choice(words.COMPANIES)}",
        created_at=created_at,
        moves=tuple(moves),
        labels=tuple(rng.sample(words.LABELS, rng.choice((0, 0, 1, 1, 2, 3)))),
        assignees=tuple(rng.sample(words.PEOPLE, rng.choice((0, 1, 1, 2)))),
        created_by=rng.choice(words.PEOPLE),
        due_date=created_at.date() + timedelta(days=due_in_days) if due_in_days % 5 else None,
        values={field.name: field.value(rng, created_at) for field in pipe.fields},
    )
