"""Reports over cards: the saved ones of an organization, and what a request for an export asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipefy_exports_dagster.sandbox.cards import ATTRIBUTES
from pipefy_exports_dagster.sandbox.fields import Field
from pipefy_exports_dagster.sandbox.organizations import Pipe, SandboxOrganization
from pipefy_exports_dagster.sandbox.well_known import PIPE_REPORT_ID, REPORT_ID


@dataclass(frozen=True, slots=True)
class Sort:
    """What a report is sorted by."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The input of `exportOrganizationReport` or `exportPipeReport`; None stands for what was not given.

    `pipe_id` is the pipe whose saved report is exported; None for an organization's report.
    """

    organization_id: str
    columns: tuple[str, ...] | None = None
    pipe_ids: tuple[str, ...] | None = None
    filter: Mapping[str, Any] | None = None
    sort: Sort | None = None
    report_id: str | None = None
    pipe_id: str | None = None


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """A report that somebody saved, of an organization or of a pipe.

    Args:
        filter: What it lists.
        shown_filter: What the API shows as its filter: the same with ids, which the input type does not take,
            or a legacy shape that is no `ReportCardsFilter`, as old reports have it.
    """

    id: str
    name: str
    color: str
    fields: tuple[str, ...]
    pipes: tuple[Pipe, ...]
    filter: Mapping[str, Any] | None
    shown_filter: Any
    sort: Sort | None
    created_at: datetime
    updated_at: datetime


def fields_of(organization: SandboxOrganization, pipe_id: str | None = None) -> dict[str, Field]:
    """Return every field that columns, filters and sorting may name, by name: a pipe's or all pipes'."""
    fields = {field.name: field for field in ATTRIBUTES}
    for pipe in organization.pipes:
        if pipe_id not in (None, pipe.id):
            continue
        for field in pipe.fields:
            fields.setdefault(field.name, field)
    return fields


def _filter(*queries: tuple[str, str, Any], operator: str = "and", groups: Any = ()) -> dict[str, Any]:
    keys = ("field", "operator", "value")
    return {
        "operator": operator,
        "queries": [dict(zip(keys, query, strict=True)) for query in queries],
        **({"groups": list(groups)} if groups else {}),
    }


def _with_ids(filter_: Mapping[str, Any], path: str = "1") -> dict[str, Any]:
    """Return a filter as Pipefy gives it back: with `id` on queries, `id` and `lastId` on groups."""
    queries = [{"id": f"{path}.{nth}", **query} for nth, query in enumerate(filter_.get("queries", ()), 1)]
    groups = [_with_ids(group, f"{path}.g{nth}") for nth, group in enumerate(filter_.get("groups", ()), 1)]
    return {"id": path, "lastId": str(len(queries)), **filter_, "queries": queries, "groups": groups}


_BASICS = ("id", "title", "pipe", "current_phase", "created_at")
_OPEN = _filter(("finished_at", "not_exists", None))

# name, columns besides the basics (None: every field), positions of the pipes (None: all), filter, sort
_TEMPLATES: tuple[tuple[str, tuple[str, ...] | None, tuple[int, ...] | None, Any, Sort | None], ...] = (
    ("Todos os cards", None, None, None, None),
    ("Compras em aberto", ("fornecedor", "valor_total", "centro_de_custo"), (0,), _OPEN, Sort("created_at")),
    ("Reembolsos acima de R$ 1.000", ("colaborador", "cpf", "valor_total"), (2,),
     _filter(("valor_total", "gt", "1000")), Sort("valor_total", descending=True)),
    ("Support backlog", ("customer", "priority", "first_response_at", "satisfaction"), (3,),
     _filter(("priority", "eq", ["high", "urgent"]), groups=[_OPEN]), None),
    ("Contas a vencer", ("fornecedor", "vencimento", "prazo", "codigo_de_barras", "juros"), (4,), None,
     Sort("vencimento")),
    ("Novos clientes", ("cliente", "plano", "contrato_assinado", "data_de_inicio"), (1,), None, None),
    ("Atrasados", ("due_date", "overdue", "assignees"), None, _filter(("overdue", "eq", "true")), None),
    ("Etiquetas e responsáveis", ("labels", "assignees", "created_by"), None,
     _filter(("labels", "exists", None)), None),
    ("Observações repetidas", ("observacoes", "observacoes_1"), (0, 1), None, None),
    ("Urgentes ou VIP", ("labels", "urgente"), None,
     _filter(("labels", "contains", "Urgente"), ("labels", "contains", "VIP"), operator="or"), None),
    ("Concluídos", ("finished_at",), None, _filter(("finished_at", "exists", None)), Sort("finished_at")),
    ("Títulos com nota fiscal", (), None, _filter(("title", "contains", "nota fiscal")), None),
)  # fmt: skip

_COLORS = ("#3B5BFD", "#00B578", "#FF8A00")
_LEGACY = "Concluídos"  # was saved long ago, when filters had another shape


# name, whether it has every field of its pipe, filter
_PIPE_TEMPLATES: tuple[tuple[str, bool, Any], ...] = (
    ("Todos os cards", True, None),
    ("Em aberto", False, _OPEN),
    ("Atrasados", False, _filter(("overdue", "eq", "true"))),
    ("Concluídos", False, _filter(("finished_at", "exists", None))),
)


def build_pipe_reports(organization: SandboxOrganization, count: int) -> list[SandboxReport]:
    """Return the saved reports of an organization's pipes, the first of each pipe first."""
    pipes = organization.pipes
    return [
        _build_pipe_report(organization, pipes[position % len(pipes)], position // len(pipes), position)
        for position in range(count if pipes else 0)
    ]


def _build_pipe_report(
    organization: SandboxOrganization, pipe: Pipe, number: int, position: int
) -> SandboxReport:
    round_, template = divmod(number, len(_PIPE_TEMPLATES))
    name, has_all, filter_ = _PIPE_TEMPLATES[template]
    own = tuple(field.name for field in pipe.fields)
    created_at = organization.created_at + timedelta(days=20 * (position + 1))
    return SandboxReport(
        id=str(int(PIPE_REPORT_ID) + organization.number * 1000 + position),
        name=name if round_ == 0 else f"{name} ({round_ + 1})",
        color=_COLORS[position % len(_COLORS)],
        fields=tuple(fields_of(organization, pipe.id)) if has_all else (*_BASICS, *own[:3]),
        pipes=(pipe,),
        filter=filter_,
        shown_filter=filter_ and _with_ids(filter_),
        sort=None,
        created_at=created_at,
        updated_at=created_at + timedelta(days=5),
    )


def build_reports(organization: SandboxOrganization, count: int) -> list[SandboxReport]:
    """Return the saved reports of an organization; past the twelfth they repeat under other names."""
    return [_build_report(organization, position) for position in range(count)]


def _build_report(organization: SandboxOrganization, position: int) -> SandboxReport:
    round_, template = divmod(position, len(_TEMPLATES))
    name, columns, positions, filter_, sort = _TEMPLATES[template]
    fields = tuple(fields_of(organization)) if columns is None else (*_BASICS, *columns)
    created_at = organization.created_at + timedelta(days=30 * (position + 1))
    return SandboxReport(
        id=str(int(REPORT_ID) + organization.number * 1000 + position),
        name=name if round_ == 0 else f"{name} ({round_ + 1})",
        color=_COLORS[position % len(_COLORS)],
        fields=fields,
        pipes=organization.pipes if positions is None else tuple(organization.pipes[p] for p in positions),
        filter=filter_,
        shown_filter={"current_phase": ["done"]} if name == _LEGACY else filter_ and _with_ids(filter_),
        sort=sort,
        created_at=created_at,
        updated_at=created_at + timedelta(days=10),
    )
