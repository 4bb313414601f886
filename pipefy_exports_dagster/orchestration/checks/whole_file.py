"""The finding about a file that was not loaded whole: rows that Pipefy gave, and that are not in the table."""

from collections.abc import Sequence

from pipefy_exports_dagster.orchestration.checks.finding import CheckFinding, failed, passed, warned
from pipefy_exports_dagster.orchestration.checks.loads import Load
from pipefy_exports_dagster.reading.left_out import counted
from pipefy_exports_dagster.text.quoting import markdown_code


def whole_file_loaded(label: str, loads: Sequence[Load]) -> CheckFinding:
    """Say whether a visible sheet with rows was left out of the newest load.

    Where somebody has named the sheets to load, the others are meant to stay out, and the check passes; but not at
    the first load of a file that has more sheets than the one before: a large export may have grown into them.

    Args:
        label: What it is about.
        loads: Of the partition, newest first; at least one.
    """
    newest, contents = loads[0], loads[0].contents
    if contents.rows_left_out is None:
        return _of_an_earlier_release(label, newest)
    if not contents.rows_left_out:
        return passed(f"{label}: {_loaded(newest)}", contents.shown)
    text = f"{label}: {contents.left_out}"
    if not contents.named:
        return failed(text, contents.shown)
    before = loads[1].contents if len(loads) > 1 else None
    if before is None or before.rows_left_out is None or before.with_rows >= contents.with_rows:
        return passed(text, contents.shown)
    return failed(
        f"{text}. It has {contents.with_rows} sheets with rows, where the file of the load before had "
        f"{before.with_rows}: if one that is new is part of the export, name it as well, and materialize again",
        contents.shown,
    )


def _loaded(load: Load) -> str:
    contents, rows = load.contents, counted(load.rows, "row")
    if contents.loaded:
        text = f"loaded {rows}, of {markdown_code(contents.loaded)}; no other visible sheet has rows"
    else:
        text = f"loaded {rows}, all that the file has"
    return f"{text}; {contents.title_lines}" if contents.title_lines else text


def _of_an_earlier_release(label: str, load: Load) -> CheckFinding:
    """That release listed what it skipped, but neither rows nor which sheets are hidden."""
    skipped = load.contents.skipped
    if not skipped:
        return passed(
            f"{label}: loaded {counted(load.rows, 'row')} by an earlier release, which left no sheet out"
        )
    return warned(
        f"{label}: not known. An earlier release loaded the file without {markdown_code(skipped)}, and did not note "
        "whether these sheets have rows. Materialize the partition again"
    )
