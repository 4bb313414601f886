"""Writing a new export to the event log, so that it is pending: what the log does not know is asked for again."""

from pipefy_exports_dagster.errors import ExportNotRecordedError
from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.orchestration.export_context import ExportContext

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Between attempts: SQLite may be locked for a moment."""


def record_request(context: ExportContext, requested: RequestedExport) -> None:
    """Make the export pending.

    Raises:
        ExportNotRecordedError: The event log did not take it, in several attempts.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            context.run.log_event(context.ledger.requested(requested))
        except Exception as error:  # noqa: BLE001 - whatever storage the instance has
            if pause_s is None:
                raise ExportNotRecordedError(
                    f"Pipefy created export {requested.export_id!r} ({context.label}), but Dagster's event log did "
                    f"not take its id ({type(error).__name__}), so no run can resume it. See to the Dagster instance, "
                    "then materialize the partition again, which asks for another export",
                    export_id=requested.export_id,
                ) from None
            context.clock.sleep(pause_s)  # nothing is logged: that would be written to the same place
        else:
            return
