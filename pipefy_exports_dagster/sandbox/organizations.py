"""Organizations with their pipes, phases and automations: what the sandbox's rows belong to."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from pipefy_exports_dagster.sandbox import fields
from pipefy_exports_dagster.sandbox.fields import Field
from pipefy_exports_dagster.sandbox.well_known import FORBIDDEN_ORGANIZATION_ID, ORGANIZATION_ID, PIPE_ID


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of a pipe; the last one is where cards end."""

    id: str
    name: str

    @property
    def slug(self) -> str:
        """The name as filters may also spell it: `in_progress`."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


@dataclass(frozen=True, slots=True)
class Pipe:
    """A process: cards move through its phases."""

    id: str
    uuid: str
    name: str
    phases: tuple[Phase, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Automation:
    """A rule of a pipe; each time it runs, it leaves a job."""

    id: str
    name: str
    event: str
    action: str
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class SandboxOrganization:
    """An organization. `number` counts them from 0 and sets apart the ids of what they own."""

    number: int
    id: str
    uuid: str
    name: str
    language: str
    created_at: datetime
    pipes: tuple[Pipe, ...]
    automations: tuple[Automation, ...]
    visible: bool = True


_PIPES: tuple[tuple[str, tuple[str, ...], tuple[Field, ...]], ...] = (
    ("Solicitações de compra", ("Caixa de entrada", "Cotação", "Aprovação", "Concluído"), fields.REQUESTS),
    ("Integração de clientes", ("Novo", "Documentação", "Em andamento", "Concluído"), fields.ONBOARDING),
    ("Reembolso de despesas", ("Enviado", "Conferência", "Pagamento", "Pago"), fields.EXPENSES),
    ("Support tickets", ("Inbox", "In progress", "Review", "Done"), fields.SUPPORT),
    ("Contas a pagar", ("Recebido", "Programado", "Aprovado", "Pago"), fields.PAYABLES),
)

_AUTOMATIONS = (
    ("Notificar responsável", "card_created", "send_email_template"),
    ("Mover para aprovação", "field_updated", "move_single_card"),
    ("Criar cartão vinculado", "card_moved", "create_connected_card"),
    ("Sync with the ERP", "card_done", "http_request"),
    ("Lembrete de vencimento", "card_late", "send_email_template"),
    ("Preencher campos com IA", "card_created", "generate_with_ai"),
)

_NAMES = (("Exemplo Indústria e Comércio S.A.", "en"), ("Serviços Compartilhados Águas Claras", "pt"))


def build_organizations(count: int, pipes: int) -> list[SandboxOrganization]:
    """Return `count` organizations that the default credentials see, and one that they do not."""
    visible = [build_organization(number, pipes) for number in range(count)]
    return [*visible, build_organization(int(FORBIDDEN_ORGANIZATION_ID) - int(ORGANIZATION_ID), pipes)]


def build_organization(number: int, pipe_count: int = len(_PIPES)) -> SandboxOrganization:
    """Return an organization; its ids and names follow from its number. Past the fifth, names of pipes repeat."""
    organization_id = str(int(ORGANIZATION_ID) + number)
    name, language = _NAMES[number] if number < len(_NAMES) else (f"Filial nº {number}", "pt")
    pipes = tuple(
        Pipe(
            id=str(int(PIPE_ID) + number * 100 + position),
            uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"pipe/{number}/{position}")),
            name=pipe_name if position < len(_PIPES) else f"{pipe_name} ({position // len(_PIPES) + 1})",
            phases=tuple(
                Phase(str(320_000_000 + number * 1000 + position * 10 + step), phase)
                for step, phase in enumerate(phases)
            ),
            fields=pipe_fields,
        )
        for position, (pipe_name, phases, pipe_fields) in enumerate(
            _PIPES[position % len(_PIPES)] for position in range(pipe_count)
        )
    )
    automations = tuple(
        Automation(str(303_000_000 + number * 1000 + p * 10 + a), name_, event, action, pipe)
        for p, pipe in enumerate(pipes)
        for a, (name_, event, action) in enumerate(_AUTOMATIONS)
    )
    return SandboxOrganization(
        number=number,
        id=organization_id,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"organization/{organization_id}")),
        name=name,
        language=language,
        created_at=datetime(2021, 3, 15, 12, tzinfo=UTC),
        pipes=pipes,
        automations=automations,
        visible=organization_id != FORBIDDEN_ORGANIZATION_ID,
    )
