"""Rows per day as a picture in the UI: an SVG of one path in a markdown metadata value.

Dagster's UI shows markdown of fewer than 1,000 characters in place, and a button for longer.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import quote, unquote

from pipefy_exports_dagster.history.file_summary import RowsOverTime
from pipefy_exports_dagster.periods import Window

SHOWN_IN_PLACE = 999
WIDTH, HEIGHT = 500, 80
MAX_DAY_WIDTH = 16
MIN_WIDTH_WITH_GAPS = 12
URL_SAFE = " /:=;,'()-."
"""Characters that may stand in the picture's address as they are, since markdown's `<…>` is around it."""
INK, FAINT = "#6a5cf0", "#8a8f98"
"""Both are readable on the UI's light and on its dark background."""


def day_picture(by_day: Mapping[date, int], window: Window) -> str:
    """Return an SVG: a bar for each day of the window, its height the day's rows."""
    days = [window.first + timedelta(days=nth) for nth in range((window.end - window.first).days)]
    width = max(1, min(MAX_DAY_WIDTH, WIDTH // len(days)))
    right = width * len(days)
    most = max((by_day.get(day, 0) for day in days), default=0)
    label = f"<text y='{HEIGHT + 14}'>{days[0]}</text>"
    label += f"<text x='{right}' y='{HEIGHT + 14}' text-anchor='end'>{days[-1]}</text>"
    mask, masked = "", ""
    if width >= MIN_WIDTH_WITH_GAPS:
        # One dashed line as thick as the picture is high leaves a gap after each bar, whatever their number.
        mask = (
            f"<mask id='m'><path d='M0 {HEIGHT // 2}H{right}' stroke='#fff' stroke-width='{HEIGHT}' "
            f"stroke-dasharray='{width - 2} 2'/></mask>"
        )
        masked = " mask='url(#m)'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{right}' height='{HEIGHT + 18}' "
        f"fill='{FAINT}' font-family='sans-serif' font-size='11'>{mask}"
        f"<path fill='{INK}'{masked} d='{_outline([by_day.get(day, 0) for day in days], most, width)}'/>"
        f"<path stroke='{FAINT}' d='M0 {HEIGHT}h{right}'/>{label}</svg>"
    )


def markdown_picture(over_time: RowsOverTime) -> str:
    """Return the picture as markdown, with what it shows in words."""
    rows, window = over_time.rows, over_time.window
    svg = day_picture(rows.by_day, window)
    said = [f"{sum(rows.by_day.values()):,} rows by `{over_time.time.column.name}`"]
    if rows.by_day:
        busiest = max(rows.by_day, key=lambda day: rows.by_day[day])
        said.append(f"most on {busiest}: {rows.by_day[busiest]:,}")
    if rows.outside:
        said.append(f"{rows.outside:,} on other days")
    if rows.blank:
        said.append(f"{rows.blank:,} without a day")
    return f"![rows per day](<data:image/svg+xml,{quote(svg, safe=URL_SAFE)}>)\n\n{', '.join(said)}"


def picture_in(markdown: str) -> str | None:
    """Return the SVG of markdown that `markdown_picture` made; None of any other text."""
    found = re.search(r"\(<data:image/svg\+xml,([^<>]*)>\)", markdown)
    return unquote(found[1]) if found else None


def _outline(heights: list[int], most: int, width: int) -> str:
    """Return the path along the tops of the bars: relative steps, which are short to write."""
    steps, at = [f"M0 {HEIGHT}"], 0
    for rows in heights:
        height = max(1, round(HEIGHT * rows / most)) if rows else 0
        if height != at:
            steps.append(f"v{at - height}")
        steps.append(f"h{width}")
        at = height
    return "".join([*steps, f"V{HEIGHT}z"])
