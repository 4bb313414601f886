"""Asking Pipefy about an export that exists; the answer also carries a fresh link."""

from collections.abc import Mapping
from http import HTTPStatus  # not httpx: the code location imports this
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import (
    ExportNotFoundError,
    RequestRejectedError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.export import Export, parse_export
from pipefy_exports_dagster.pipefy.graphql_errors import is_not_found

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


def refresh_export(
    client: "PipefyClient", document: str, *, field: str, export_id: str, state_field: str, label: str
) -> Export:
    """Run an export's query and read the answer.

    Raises:
        ExportNotFoundError: Pipefy answers null, or an error whose code has `NOT_FOUND` in it.
        ServerUnavailableError: The answer is no export.
    """
    try:
        answer = client.execute(document, {"id": export_id}, field=field)
    except RequestRejectedError as error:
        if not is_not_found(error):
            raise
        answer = None
    if answer is None:
        raise ExportNotFoundError(
            f"Pipefy does not know the export {export_id!r} ({label})", export_id=export_id
        )
    if not isinstance(answer, Mapping):
        raise ServerUnavailableError(
            f"Pipefy's answer about the export {export_id!r} ({label}) is no export", status=HTTPStatus.OK
        )
    return parse_export(answer, export_id=export_id, state_field=state_field)
