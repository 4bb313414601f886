"""Asking Pipefy about an export that exists; the answer also carries a fresh link."""

from collections.abc import Mapping
from http import HTTPStatus  # not httpx: the code location imports this
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import (
    ExportNotFoundError,
    FeatureUnavailableError,
    RequestRejectedError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.export import Export, parse_export

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


def refresh_export(
    client: "PipefyClient", document: str, *, field: str, export_id: str, state_field: str, label: str
) -> Export:
    """Run an export's query and read the answer.

    Raises:
        ExportNotFoundError: Pipefy answers null, or an error whose code, or text without one, says "not found".
        ServerUnavailableError: The answer is no export. A refusal without a reason that stays is taken for one as
            well: the export is there, and the same question is answered a moment later.
        PermanentError: Credentials, permission, the schema or the organization's plan keep Pipefy from answering.
    """
    try:
        answer = client.execute(document, {"id": export_id}, field=field)
    except (RequestRejectedError, ServerUnavailableError) as error:
        if not error.export_not_found:
            if isinstance(error, ServerUnavailableError | SchemaMismatchError | FeatureUnavailableError):
                raise
            raise ServerUnavailableError(str(error), status=HTTPStatus.OK).of_request(
                error.correlation_id
            ) from None
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
