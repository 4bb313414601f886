"""The sandbox's objects in the shapes of the GraphQL schema."""

import base64
from typing import Any

from graphql import GraphQLError

from pipefy_exports_dagster.sandbox.clock import format_moment
from pipefy_exports_dagster.sandbox.exports import SandboxExport, SandboxExportKind, SandboxExportState
from pipefy_exports_dagster.sandbox.organizations import Pipe, SandboxOrganization
from pipefy_exports_dagster.sandbox.refusals import extensions_of, invalid_input
from pipefy_exports_dagster.sandbox.reports import SandboxReport, fields_of
from pipefy_exports_dagster.sandbox.state import SandboxState
from pipefy_exports_dagster.sandbox.tokens import Principal

_REPORT_STATES = {
    SandboxExportState.CREATED: "processing",
    SandboxExportState.PROCESSING: "processing",
    SandboxExportState.FINISHED: "done",
    SandboxExportState.FAILED: "failed",
}


def organization_answer(organization: SandboxOrganization, principal: Principal) -> dict[str, Any]:
    """Shape an organization, as whoever asks sees it."""
    return {
        "id": organization.id,
        "uuid": organization.uuid,
        "name": organization.name,
        "planName": "Business",
        "role": principal.role,
        "membersCount": 14,
        "pipesCount": len(organization.pipes),
        "pipes": lambda _, name_search="": [
            {"id": pipe.id, "name": pipe.name}
            for pipe in organization.pipes
            if (name_search or "").casefold() in pipe.name.casefold()
        ],
        "createdAt": format_moment(organization.created_at),
    }


def user_answer(principal: Principal) -> dict[str, Any]:
    """Shape a person or a service account."""
    return {"id": principal.id, "name": principal.name, "email": principal.email}


def pipe_answer(pipe: Pipe) -> dict[str, Any]:
    """Shape a pipe."""
    return {"id": pipe.id, "uuid": pipe.uuid, "name": pipe.name}


def pipe_report_answer(
    state: SandboxState, organization: SandboxOrganization, report: SandboxReport
) -> dict[str, Any]:
    """Shape a pipe's saved report; as in Pipefy, asking for the number of its cards is an error."""
    return report_answer(state, organization, report) | {"cardCount": _no_card_count}


def _no_card_count(_: object) -> None:
    raise GraphQLError("Something went wrong", extensions=extensions_of("INTERNAL_SERVER_ERROR"))


def column_answers(organization: SandboxOrganization, pipe: Pipe) -> list[dict[str, Any]]:
    """Shape the columns that a report of a pipe may have."""
    return [
        {
            "name": field.name,
            "label": field.title,
            "type": str(field.kind),
            "visible": True,
            "archived": False,
            "options": [],
        }
        for field in fields_of(organization, pipe.id).values()
    ]


def report_answer(
    state: SandboxState, organization: SandboxOrganization, report: SandboxReport
) -> dict[str, Any]:
    """Shape a saved report; its cards are only counted where the count is asked for."""
    sort = report.sort
    return {
        "id": report.id,
        "name": report.name,
        "cardCount": lambda _: state.world.card_count(report, organization.id),
        "color": report.color,
        "fields": list(report.fields),
        "filter": report.shown_filter,
        "repos": [{"id": pipe.id, "name": pipe.name} for pipe in report.pipes],
        "sortBy": sort and {"field": sort.field, "direction": "desc" if sort.descending else "asc"},
        "createdAt": format_moment(report.created_at),
        "lastUpdatedAt": format_moment(report.updated_at),
    }


def automation_jobs_export_answer(
    state: SandboxState, export: SandboxExport, base_url: str
) -> dict[str, Any]:
    """Shape an export of automation jobs; its link has several names."""
    stage = state.exports.stage(export)
    link = _link(state, export, base_url) if stage is SandboxExportState.FINISHED else None
    return {
        "id": export.id,
        "status": str(stage),
        "createdAt": format_moment(export.created_at),
        "downloadUrl": link,
        "fileUrl": link,
    }


def report_export_answer(state: SandboxState, export: SandboxExport, base_url: str) -> dict[str, Any]:
    """Shape an export of a report."""
    stage = state.exports.stage(export)
    finished = stage is SandboxExportState.FINISHED
    is_of_pipe = export.kind is SandboxExportKind.PIPE_REPORT
    report_id = export.request.report_id if export.request and not is_of_pipe else None
    return {
        "id": export.id,
        "state": _REPORT_STATES[stage],
        "startedAt": format_moment(export.created_at),
        "finishedAt": format_moment(state.exports.finished_at(export)) if finished else None,
        "fileURL": _link(state, export, base_url) if finished else None,
        "requestedBy": user_answer(export.requested_by),
        "report": report_id and report_answer(state, *state.world.report(report_id)),
    }


def page(answers: list[dict[str, Any]], first: int | None, after: str | None) -> dict[str, Any]:
    """Shape one page of a list as a connection.

    Raises:
        Refusal: The cursor is none of ours, or the page size is negative.
    """
    start = _position(after) + 1 if after else 0
    size = 30 if first is None else first
    if size < 0:
        raise invalid_input("first must not be negative")
    edges = [
        {"cursor": _cursor(position), "node": answer}
        for position, answer in enumerate(answers[start : start + size], start)
    ]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": start + size < len(answers),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _cursor(position: int) -> str:
    return base64.b64encode(f"report:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        prefix, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if prefix == "report":
            return int(position)
    except ValueError:
        pass
    raise invalid_input(f"after: {cursor!r} is not a cursor")


def _link(state: SandboxState, export: SandboxExport, base_url: str) -> str:
    day = export.created_at.strftime("%d-%m-%Y")
    path = (
        f"/storage/v1/signed/orgs/{export.organization.uuid}/reports/{export.uuid}"
        f"/{export.kind}_{day}.{state.settings.file_format}"
    )
    return state.links.sign(base_url, path)
