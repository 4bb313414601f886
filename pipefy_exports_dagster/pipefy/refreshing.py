"""Asking Pipefy about an export that exists; the answer also carries a fresh link."""

from pipefy_exports_dagster.errors import ExportNotFoundError, RequestRejectedError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.export import Export, parse_export


def refresh_export(
    client: PipefyClient, document: str, *, field: str, export_id: str, state_field: str, label: str
) -> Export:
    """Run an export's query and read the answer.

    Raises:
        ExportNotFoundError: Pipefy answers null, or an error whose code ends in `NOT_FOUND`.
    """
    try:
        answer = client.execute(document, {"id": export_id}, field=field)
    except RequestRejectedError as error:
        if not any("NOT_FOUND" in code.upper() for code in error.codes):
            raise
        answer = None
    if answer is None:
        raise ExportNotFoundError(
            f"Pipefy does not know the export {export_id!r} ({label})", export_id=export_id
        )
    return parse_export({"id": export_id, **answer}, state_field=state_field)
