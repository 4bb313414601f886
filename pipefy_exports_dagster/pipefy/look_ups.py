"""What Pipefy can be asked without an export: who asks, organizations, pipes, saved reports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipefy_exports_dagster.config.setting_names import ORGANIZATION_ID
from pipefy_exports_dagster.errors import RequestRejectedError, ServerUnavailableError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.export import read_id
from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text
from pipefy_exports_dagster.pipefy.pages import MAX_PAGING_S, nodes_of_pages

_ORGANIZATION = "id name planName role membersCount pipesCount"
ME = "query Me { me { email name } }"
ORGANIZATIONS = f"query Organizations {{ organizations {{ {_ORGANIZATION} }} }}"
ORGANIZATION = f"query Organization($id: ID!) {{ organization(id: $id) {{ {_ORGANIZATION} }} }}"
REPORTS = """
    query OrganizationReports($organizationId: ID!, $first: Int, $after: String) {
      organizationReports(organizationId: $organizationId, first: $first, after: $after) {
        edges { node { id name cardCount } } pageInfo { hasNextPage endCursor }
      }
    }
"""
REPORT = """
    query OrganizationReport($id: ID!) {
      organizationReport(id: $id) {
        id name fields filter repos { id name } sortBy { field direction } lastUpdatedAt
      }
    }
"""


PIPES = "query Pipes { organizations { id pipes { id name } } }"
PIPE = "query Pipe($id: ID!) { pipe(id: $id) { id uuid name } }"
# Without `cardCount`: Pipefy may answer it with an error here.
PIPE_REPORTS = """
    query PipeReports($pipeUuid: String!, $first: Int, $after: String) {
      pipeReports(pipeUuid: $pipeUuid, first: $first, after: $after) {
        edges { node { id name fields filter sortBy { field direction } lastUpdatedAt } }
        pageInfo { hasNextPage endCursor }
      }
    }
"""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization that the credentials see; `role` is their owner's role in it."""

    id: str
    name: str
    role: str | None
    plan: str | None
    members: int | None
    pipes: int | None


@dataclass(frozen=True, slots=True)
class ListedReport:
    """A saved report, as the list of an organization's reports has it."""

    id: str
    name: str
    cards: int | None


@dataclass(frozen=True, slots=True)
class ListedPipe:
    """A pipe, as the list of an organization's pipes has it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Pipe:
    """A pipe; its reports are listed by its uuid."""

    id: str
    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class SavedReport:
    """All of a saved report. `columns` are field names, `pipes` names by id, `filter` is as Pipefy keeps it."""

    id: str
    name: str
    columns: tuple[str, ...]
    filter: Any
    pipes: Mapping[str, str]
    sort_by: Mapping[str, str] | None
    updated_at: str | None


def who_asks(client: PipefyClient) -> str:
    """Return the name of the credentials' owner; empty where Pipefy does not say."""
    answer = client.execute(ME, {}, field="me")
    return (_text(answer, "name") or _text(answer, "email") or "") if isinstance(answer, Mapping) else ""


def list_organizations(client: PipefyClient) -> tuple[Organization, ...]:
    """Return the organizations that the credentials see."""
    return tuple(
        _organization(node) for node in _objects(client.execute(ORGANIZATIONS, {}, field="organizations"))
    )


def find_organization(client: PipefyClient, organization_id: str) -> Organization | None:
    """Return an organization; None where there is no such organization.

    Raises:
        PermissionDeniedError: It is none that the credentials may see.
    """
    answer = _found(client, ORGANIZATION, organization_id, field="organization")
    return _organization(answer) if answer else None


def list_reports(
    client: PipefyClient,
    organization_id: str,
    *,
    on_page: Callable[[int], None] = lambda _: None,
    within_s: float = MAX_PAGING_S,
) -> Iterator[ListedReport]:
    """Yield an organization's saved reports, page by page; `on_page` hears how many there are so far.

    Raises:
        ServerUnavailableError: The list has no end: the next page is one that was here, or there are more pages or
            reports, or they take longer, than any organization's.
    """
    variables = {"organizationId": organization_id}
    nodes = nodes_of_pages(
        client, REPORTS, variables, field="organizationReports", on_page=on_page, within_s=within_s
    )
    for node in nodes:
        yield ListedReport(_id(node), _text(node, "name") or "", _number(node, "cardCount"))


def list_pipes(client: PipefyClient, organization_id: str) -> tuple[ListedPipe, ...]:
    """Return the pipes of an organization that the credentials see.

    Raises:
        RequestRejectedError: The organization is none of those that the credentials see.
    """
    organizations = _objects(client.execute(PIPES, {}, field="organizations"))
    found = [each for each in organizations if _id(each) == organization_id]
    if not found:
        raise RequestRejectedError(
            f"organization {organization_id} is none of those that the credentials see: check {ORGANIZATION_ID}; "
            "`pipefy-exports organizations` lists them"
        )
    return tuple(ListedPipe(_id(pipe), _text(pipe, "name") or "") for pipe in _objects(found[0].get("pipes")))


def find_pipe(client: PipefyClient, pipe_id: str) -> Pipe | None:
    """Return a pipe; None where there is no such pipe.

    Raises:
        PermissionDeniedError: It is none that the credentials may see.
        ServerUnavailableError: The answer has no uuid, which the pipe's reports are listed by.
    """
    answer = _found(client, PIPE, pipe_id, field="pipe")
    if not answer:
        return None
    uuid = answer.get("uuid")
    if not isinstance(uuid, str) or not uuid:
        raise ServerUnavailableError(f"Pipefy's answer about the pipe {pipe_id} has no uuid", status=200)
    return Pipe(_id(answer), uuid, _text(answer, "name") or "")


def list_pipe_reports(
    client: PipefyClient,
    pipe: Pipe,
    *,
    on_page: Callable[[int], None] = lambda _: None,
    within_s: float = MAX_PAGING_S,
) -> Iterator[SavedReport]:
    """Yield a pipe's saved reports, page by page, with all there is to know of each.

    Raises:
        ServerUnavailableError: The list has no end, as in `list_reports`.
    """
    for node in pipe_report_nodes(client, pipe.uuid, on_page=on_page, within_s=within_s):
        yield replace(_saved_report(node), pipes={pipe.id: pipe.name})


def pipe_report_nodes(
    client: PipefyClient,
    pipe_uuid: str,
    *,
    on_page: Callable[[int], None] = lambda _: None,
    within_s: float = MAX_PAGING_S,
) -> Iterator[Mapping[str, Any]]:
    """Yield a pipe's saved reports as Pipefy has them.

    Raises:
        ServerUnavailableError: The list has no end, as in `list_reports`.
    """
    variables = {"pipeUuid": pipe_uuid}
    yield from nodes_of_pages(
        client, PIPE_REPORTS, variables, field="pipeReports", on_page=on_page, within_s=within_s
    )


def find_report(client: PipefyClient, report_id: str) -> SavedReport | None:
    """Return a saved report; None where there is no such report.

    Raises:
        PermissionDeniedError: It is none that the credentials may see.
    """
    answer = _found(client, REPORT, report_id, field="organizationReport")
    return _saved_report(answer) if answer else None


def _saved_report(answer: Mapping[str, Any]) -> SavedReport:
    fields, sort = answer.get("fields"), answer.get("sortBy")
    return SavedReport(
        id=_id(answer),
        name=_text(answer, "name") or "",
        columns=tuple(name for name in fields if isinstance(name, str)) if isinstance(fields, list) else (),
        filter=answer.get("filter"),
        pipes={_id(pipe): _text(pipe, "name") or "" for pipe in _objects(answer.get("repos"))},
        sort_by={name: str(value) for name, value in sort.items()} if isinstance(sort, Mapping) else None,
        updated_at=_text(answer, "lastUpdatedAt"),
    )


def _found(client: PipefyClient, document: str, id_: str, *, field: str) -> Mapping[str, Any] | None:
    try:
        answer = client.execute(document, {"id": id_}, field=field)
    except RequestRejectedError as error:
        if not error.not_found:
            raise
        return None
    return answer if isinstance(answer, Mapping) else None


def _organization(node: Mapping[str, Any]) -> Organization:
    return Organization(
        id=_id(node),
        name=_text(node, "name") or "",
        role=_text(node, "role"),
        plan=_text(node, "planName"),
        members=_number(node, "membersCount"),
        pipes=_number(node, "pipesCount"),
    )


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _id(node: Mapping[str, Any]) -> str:
    return read_id(node) or ""


def _text(node: Mapping[str, Any], name: str) -> str | None:
    value = node.get(name)
    return sanitized_text(value) if isinstance(value, str) and value else None


def _number(node: Mapping[str, Any], name: str) -> int | None:
    value = node.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
