"""The fields that cards have: their names, titles, kinds, and how a value comes about."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from pipefy_exports_dagster.sandbox import words

Value: TypeAlias = str | int | float | bool | date | datetime | tuple[str, ...] | None
"""What a card holds in a field; a tuple where a field takes several values."""


class Kind(StrEnum):
    """What a field holds: decides how a filter compares it."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    MANY = "many"


DATE_KINDS = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a pipe.

    Args:
        name: What the API calls it; the same name in several pipes is one column of a report.
        title: The column's header in a file. Titles repeat: people give two fields the same one.
        make: Makes the value of a card that was created at the given moment.
        filled: How often it is filled in, between 0 and 1.
    """

    name: str
    title: str
    kind: Kind
    make: Callable[[random.Random, datetime], Value]
    filled: float = 0.9

    def value(self, rng: random.Random, created_at: datetime) -> Value:
        """Return one card's value; always draws the same amount of chance, filled or not."""
        made = self.make(rng, created_at)
        return made if rng.random() < self.filled else None


def _pick(options: tuple[str, ...]) -> Callable[[random.Random, datetime], str]:
    return lambda rng, _: rng.choice(options)


def _day(first: int, last: int) -> Callable[[random.Random, datetime], date]:
    return lambda rng, created_at: created_at.date() + timedelta(days=rng.randint(first, last))


def _term(rng: random.Random, _: datetime) -> Value:
    """A column that is not of one kind: days as a number, or a remark instead."""
    return rng.choice((7, 15, 30, 30, 45, 60, "a combinar", "30 dias", "0"))


REQUESTS = (
    Field("fornecedor", "Fornecedor", Kind.TEXT, _pick(words.COMPANIES)),
    Field("cnpj_do_fornecedor", "CNPJ do fornecedor", Kind.TEXT, lambda rng, _: words.cnpj(rng)),
    Field("valor_total", "Valor total (R$)", Kind.NUMBER, lambda rng, _: words.money(rng)),
    Field("quantidade", "Quantidade", Kind.NUMBER, lambda rng, _: rng.randint(1, 500)),
    Field("centro_de_custo", "Centro de custo", Kind.TEXT, lambda rng, _: words.cost_center(rng)),
    Field("data_de_entrega", "Data de entrega", Kind.DATE, _day(3, 60), 0.7),
    Field("urgente", "Urgente?", Kind.BOOLEAN, lambda rng, _: rng.random() < 0.2),  # noqa: PLR2004
    Field("observacoes", "Observações", Kind.TEXT, _pick(words.REMARKS), 0.5),
)
ONBOARDING = (
    Field("cliente", "Cliente", Kind.TEXT, _pick(words.COMPANIES), 1.0),
    Field("cpf", "CPF", Kind.TEXT, lambda rng, _: words.cpf(rng)),
    Field("telefone", "Telefone", Kind.TEXT, lambda rng, _: words.phone(rng), 0.8),
    Field("e_mail", "E-mail", Kind.TEXT, lambda rng, _: f"contato{rng.randrange(9999)}@example.com"),
    Field("plano", "Plano", Kind.TEXT, _pick(words.PLANS)),
    Field("contrato_assinado", "Contrato assinado", Kind.BOOLEAN, lambda rng, _: rng.random() < 0.6),  # noqa: PLR2004
    Field("data_de_inicio", "Data de início", Kind.DATE, _day(0, 30)),
    # The same title as in purchases, but another field.
    Field("observacoes_1", "Observações", Kind.TEXT, _pick(words.REMARKS), 0.3),
)
EXPENSES = (
    Field("colaborador", "Colaborador", Kind.TEXT, _pick(words.PEOPLE), 1.0),
    Field("cpf", "CPF", Kind.TEXT, lambda rng, _: words.cpf(rng)),
    Field("categoria", "Categoria", Kind.TEXT, _pick(words.CATEGORIES)),
    Field("data_da_despesa", "Data da despesa", Kind.DATE, _day(-40, 0)),
    Field("valor_total", "Valor total (R$)", Kind.NUMBER, lambda rng, _: words.money(rng)),
    Field("centro_de_custo", "Centro de custo", Kind.TEXT, lambda rng, _: words.cost_center(rng)),
)
SUPPORT = (
    Field("customer", "Customer", Kind.TEXT, _pick(words.COMPANIES)),
    Field("priority", "Priority", Kind.TEXT, _pick(words.PRIORITIES)),
    Field(
        "first_response_at",
        "First response at",
        Kind.DATETIME,
        lambda rng, created_at: created_at + timedelta(seconds=rng.randint(60, 180_000)),
        0.8,
    ),
    Field("satisfaction", "Satisfaction (1-5)", Kind.NUMBER, lambda rng, _: rng.randint(1, 5), 0.25),
    Field("effort_hours", "Effort (h)", Kind.NUMBER, lambda rng, _: rng.randint(1, 64) / 4, 0.8),
    Field("description", "Description", Kind.TEXT, _pick(words.REMARKS)),
)
PAYABLES = (
    Field("fornecedor", "Fornecedor", Kind.TEXT, _pick(words.COMPANIES)),
    Field("valor_total", "Valor total (R$)", Kind.NUMBER, lambda rng, _: words.money(rng)),
    Field("vencimento", "Vencimento", Kind.DATE, _day(5, 45)),
    Field("prazo", "Prazo (dias)", Kind.TEXT, _term),
    Field("codigo_de_barras", "Código de barras", Kind.TEXT, lambda rng, _: words.digits(rng, 47), 0.8),
    Field("competencia", "Competência", Kind.TEXT, lambda _, created_at: f"{created_at:%m/%Y}"),
    Field("juros", "Juros (%)", Kind.NUMBER, lambda rng, _: rng.randint(0, 300) / 10_000, 0.4),
    Field("reservado", "Campo reservado", Kind.TEXT, _pick(("-",)), 0.0),  # nobody ever fills it in
)
