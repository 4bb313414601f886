"""Whether a partition's newest export, which had no rows, forbids an older one: the table cannot tell."""

from pipefy_exports_dagster.errors import SupersededExportError
from pipefy_exports_dagster.orchestration.events import Materialized
from pipefy_exports_dagster.tables import Slice


def refuse_older_than_empty(loaded: Materialized | None, slice_: Slice) -> None:
    """Refuse to put an older export over a newer one that had no rows, of which the table therefore shows nothing.

    Where the newer export had rows, the table is asked: who has removed them there may load any other.

    Raises:
        SupersededExportError: The slice holds a newer export.
    """
    if loaded is None or loaded.rows != 0 or loaded.export_id == slice_.export_id:
        return
    if loaded.organization_id != slice_.organization_id:
        return
    if loaded.requested_month is None or loaded.exported_at is None:
        return
    held = (loaded.requested_month, loaded.exported_at.replace(tzinfo=None))
    if held > (slice_.requested_month, slice_.exported_at_utc):
        raise SupersededExportError(
            f"{slice_.period_filter!r} already holds export {loaded.export_id!r}, which has no rows (requested in "
            f"{held[0]:%Y-%m}, exported at {held[1]} UTC); export {slice_.export_id!r} of "
            f"{slice_.exported_at_utc} UTC is older and was not loaded"
        )
