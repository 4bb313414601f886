"""What a person does first: open the UI, materialize a partition with the mouse, look at what was loaded."""

import re
from datetime import UTC, datetime
from pathlib import Path

from e2e.conftest import (
    ELSEWHERE,
    HOSTILE,
    MONTH_LEFT_OUT,
    MONTHS_BUILT,
    SHEET_LEFT_OUT,
    VIEWPORT_HEIGHT,
    VIEWPORT_WIDTH,
)
from playwright.sync_api import Locator, Page, expect
from support.project import JOBS, JOBS_HISTORY, PIPE_REPORT, PIPE_REPORT_HISTORY, REPORT, Project

from pipefy_exports_dagster.periods import add_months

RUN_TIMEOUT_MS = 180_000


def metadata_value(page: Page, name: str) -> Locator:
    """Return the cell beside a name in the metadata table."""
    row = page.locator("tr").filter(has=page.locator("td:first-child").get_by_text(name, exact=True))
    return row.first.locator("td").nth(1)


def launch_with_the_mouse(page: Page, ui: str, asset: str, screenshot: Path) -> None:
    """Materialize a `last_month` partition as a person does, and go to its run."""
    page.goto(f"{ui}/assets/{asset}")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Select a partition or create one").click()
    page.locator("text=last_month >> visible=true").last.click()
    page.screenshot(path=screenshot)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Launch 1 run").click()
    follow_the_run(page)


def follow_the_run(page: Page) -> None:
    """Go where the toast leads, and wait until the run is over."""
    # The toast that says "Launched run 1a2b3c4d" leads to the run.
    page.get_by_role("button", name="View", exact=True).or_(
        page.get_by_role("link", name="View", exact=True)
    ).click()
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=RUN_TIMEOUT_MS)


def test_a_partition_is_materialized_with_the_mouse_and_its_rows_are_shown(
    page: Page, ui: str, project: Project, screenshots: Path
) -> None:
    launch_with_the_mouse(page, ui, JOBS, screenshots / "choosing_a_partition.png")
    expect(page.get_by_text("is finished after").first).to_be_visible()
    page.screenshot(path=screenshots / "run.png")

    page.goto(f"{ui}/assets/{JOBS}")
    page.get_by_text("Partitions", exact=True).click()
    page.get_by_text("last_month", exact=True).first.click()
    [(rows,)] = project.query(f"SELECT count(*) FROM {JOBS} WHERE _period_filter = 'last_month'")
    assert rows > 100
    expect(metadata_value(page, "dagster/row_count")).to_have_text(str(rows))
    expect(metadata_value(page, "pipefy/window")).to_contain_text("(exclusive)")
    expect(metadata_value(page, "pipefy/rows_per_day").get_by_role("img")).to_be_visible()
    page.set_viewport_size({"width": 1600, "height": 1000})
    page.screenshot(path=screenshots / "asset.png")
    page.set_viewport_size({"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT})

    preview = metadata_value(page, "pipefy/preview").get_by_role("table")
    preview.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "preview.png")
    headings = preview.locator("th").all_inner_texts()
    shown = [row.locator("td").all_inner_texts() for row in preview.locator("tbody tr").all()]
    columns = ", ".join(f"coalesce(CAST({heading} AS VARCHAR), '')" for heading in headings)
    in_table = project.query(
        f"SELECT {columns} FROM {JOBS} WHERE _period_filter = 'last_month' ORDER BY _file_row LIMIT {len(shown)}"
    )
    assert headings[:3] == ["job_id", "automation_id", "automation"]
    assert len(shown) >= 3
    assert shown == [list(row) for row in in_table]


def screenshot_for_readme(page: Page, path: Path) -> None:
    """Photograph the page down to the row with the file's path, which is one of this machine."""
    size = page.viewport_size
    file_row = metadata_value(page, "pipefy/file").bounding_box()
    assert size
    assert file_row
    page.set_viewport_size({"width": size["width"], "height": int(file_row["y"]) - 1})
    page.screenshot(path=path)
    page.set_viewport_size(size)


def test_a_pipe_report_and_a_month_of_its_history_are_materialized_with_the_mouse(
    page: Page, ui: str, project: Project, screenshots: Path
) -> None:
    launch_with_the_mouse(page, ui, PIPE_REPORT, screenshots / "choosing_a_pipe_report.png")
    page.goto(f"{ui}/assets/{PIPE_REPORT}?view=partitions&partition=last_month")
    [(rows,)] = project.query(f"SELECT count(*) FROM {PIPE_REPORT}")
    assert rows > 0
    expect(metadata_value(page, "dagster/row_count")).to_have_text(str(rows))
    expect(metadata_value(page, "pipefy/report")).to_have_text("Todos os cards")
    expect(metadata_value(page, "pipefy/rows_per_day").get_by_role("img")).to_be_visible()
    page.screenshot(path=screenshots / "pipe_report.png")

    last_month = f"{add_months(datetime.now(UTC).date().replace(day=1), -1):%Y-%m}"
    page.goto(f"{ui}/assets/{PIPE_REPORT_HISTORY}?view=partitions&partition={last_month}")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Launch 1 run").click()
    follow_the_run(page)
    page.goto(f"{ui}/assets/{PIPE_REPORT_HISTORY}?view=partitions&partition={last_month}")
    [(of_month,)] = project.query(f"SELECT count(*) FROM {PIPE_REPORT_HISTORY}")
    assert of_month == rows
    expect(metadata_value(page, "dagster/row_count")).to_have_text(str(rows))
    expect(metadata_value(page, "pipefy/rows_per_day").get_by_role("img")).to_be_visible()
    page.screenshot(path=screenshots / "pipe_report_history.png")


def test_the_results_of_the_checks_are_shown_by_partition(
    page: Page, ui: str, project: Project, screenshots: Path
) -> None:
    page.goto(f"{ui}/assets/{JOBS}?view=checks&checkDetail=rows_in_window")
    page.get_by_text("Execute all").wait_for()
    page.get_by_text("Partitions", exact=True).last.click()
    page.locator("text=last_3_months >> visible=true").last.click()
    expect(page.get_by_text("last_3_months: all ")).to_be_visible()
    table = metadata_value(page, "pipefy/rows_by_month").get_by_role("table")
    shown = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    by_month = project.query(
        f"SELECT strftime(started_at, '%Y-%m') AS month, CAST(count(*) AS VARCHAR), 'yes' FROM {JOBS} "
        "WHERE _period_filter = 'last_3_months' GROUP BY month ORDER BY month"
    )
    page.screenshot(path=screenshots / "checks.png")
    assert shown == [list(row) for row in by_month]


def test_a_sheet_that_was_left_out_fails_its_check_and_is_named_literally(
    page: Page, ui: str, screenshots: Path
) -> None:
    page.goto(f"{ui}/assets/{REPORT}?view=checks&checkDetail=whole_file_loaded")
    text = page.get_by_text("1 visible sheet with rows was not loaded")
    expect(text).to_contain_text(f"{SHEET_LEFT_OUT} (1 row)")
    expect(text).to_contain_text("reading: {sheets: all}")
    expect(metadata_value(page, "pipefy/rows_left_out")).to_have_text("1")
    expect(metadata_value(page, "pipefy/sheets_skipped")).to_have_text(f"{SHEET_LEFT_OUT} (1 row)")
    page.screenshot(path=screenshots / "whole_file_loaded.png")
    assert page.locator("u").count() == 0


def test_a_partition_s_page_shows_its_rows_per_day_and_what_its_columns_hold(
    page: Page, ui: str, project: Project, screenshots: Path
) -> None:
    page.goto(f"{ui}/assets/{JOBS}?view=partitions&partition=last_3_months")
    of_slice = f"FROM {JOBS} WHERE _period_filter = 'last_3_months'"
    [(rows,)] = project.query(f"SELECT count(*) {of_slice}")
    [(busiest, most)] = project.query(
        f"SELECT CAST(started_at AS DATE), count(*) AS jobs {of_slice} GROUP BY 1 ORDER BY jobs DESC, 1 LIMIT 1"
    )
    over_time = metadata_value(page, "pipefy/rows_per_day")
    picture = over_time.get_by_role("img", name="rows per day")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 300
    expect(over_time).to_contain_text(f"{rows:,} rows by started_at, most on {busiest}: {most}")
    profile = metadata_value(page, "pipefy/profile").get_by_role("table")
    profile.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "profile.png")
    headings = profile.locator("th").all_inner_texts()
    assert headings == ["column", "type", "filled", "distinct", "smallest", "largest"]
    lines = [line.locator("td").all_inner_texts() for line in profile.locator("tbody tr").all()]
    shown = {line[0]: line[1:] for line in lines}
    for name, type_ in (("job_id", "BIGINT"), ("status", "VARCHAR"), ("started_at", "TIMESTAMP")):
        [facts] = project.query(
            f"SELECT count({name}), count(DISTINCT {name}), min({name}), max({name}) {of_slice}"
        )
        assert shown[name] == [type_, *map(str, facts)]
    assert len(shown) == 17


def test_the_months_of_a_history_show_gaps_as_gaps(page: Page, ui: str, screenshots: Path) -> None:
    this_month = datetime.now(UTC).date().replace(day=1)
    built = [f"{add_months(this_month, -back):%Y-%m}" for back in MONTHS_BUILT]
    gap = f"{add_months(this_month, -MONTH_LEFT_OUT):%Y-%m}"
    page.goto(f"{ui}/assets/{JOBS_HISTORY}?view=partitions&partition={built[0]}")
    expect(metadata_value(page, "pipefy/rows_per_day").get_by_role("img")).to_be_visible()
    page.screenshot(path=screenshots / "months.png")
    months = page.get_by_text(re.compile(r"^20\d\d-\d\d$"))

    page.get_by_text(re.compile(r"^Missing \(\d+\)$")).click()
    expect(page.get_by_text(gap, exact=True)).to_have_count(0)
    assert set(months.all_inner_texts()) == set(built)
    page.get_by_text(re.compile(r"^Missing \(\d+\)$")).click()
    page.get_by_text("Materialized (2)", exact=True).click()
    expect(page.get_by_text(gap, exact=True).first).to_be_visible()
    assert built[1] not in months.all_inner_texts()


def leading_elsewhere(page: Page) -> Locator:
    """Find links, pictures and scripts of the hostile host."""
    return page.locator(
        f"a[href*='{ELSEWHERE}' i], img[src*='{ELSEWHERE}' i], script[src*='{ELSEWHERE}' i], [onerror]"
    )


def test_nothing_of_a_file_is_obeyed_by_a_page(
    page: Page, ui: str, project: Project, screenshots: Path
) -> None:
    """Headers, values and changes of columns are shown; the page's fixture hears of each request elsewhere."""
    with project.instance() as instance:
        run_id = instance.get_runs(limit=1)[0].run_id
    for name, view in [
        ("overview", f"assets/{REPORT}"),
        ("partition", f"assets/{REPORT}?view=partitions&partition=last_month"),
        ("events", f"assets/{REPORT}?view=events"),
        ("columns_unchanged", f"assets/{REPORT}?view=checks&checkDetail=columns_unchanged"),
        ("rows_match_file", f"assets/{REPORT}?view=checks&checkDetail=rows_match_file"),
        ("rows_in_window", f"assets/{REPORT}?view=checks&checkDetail=rows_in_window"),
        ("run", f"runs/{run_id}"),
    ]:
        page.goto(f"{ui}/{view}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=screenshots / f"hostile_{name}.png", full_page=True)
        assert leading_elsewhere(page).count() == 0, name
    page.goto(f"{ui}/assets/{REPORT}?view=partitions&partition=last_month")
    schema = metadata_value(page, "dagster/column_schema")
    schema.scroll_into_view_if_needed()
    if button := schema.get_by_text("Show Table Schema").all():  # one that is long is shown in a window
        button[0].click()
        schema = page.get_by_role("dialog")
    expect(schema).to_contain_text("img_src_http_hostile_example")
    page.screenshot(path=screenshots / "hostile_schema.png")
    assert leading_elsewhere(page).count() == 0
    page.goto(f"{ui}/assets/{REPORT}?view=partitions&partition=last_month")
    changes = metadata_value(page, "pipefy/changes")
    changes.scroll_into_view_if_needed()
    if button := changes.get_by_text("Show Markdown").all():  # a list that is long is shown in a window
        button[0].click()
        changes = page.get_by_role("dialog")
    expect(changes).to_contain_text(HOSTILE[0])
    page.screenshot(path=screenshots / "hostile_changes.png")
    assert leading_elsewhere(page).count() == 0
