"""docs/performance.md says what waiting costs by the policy that runs wait with."""

from pages.performance import PAGE, questions, with_table

from pipefy_exports_dagster.config.model import PollPolicy


def test_the_page_has_the_table_that_follows_from_the_policy() -> None:
    text = PAGE.read_text()
    assert with_table(text) == text, "run: make docs"


def test_an_export_that_takes_long_is_asked_about_once_a_minute() -> None:
    few, late_s = questions(1200, PollPolicy().pause_s)
    many, _ = questions(4800, PollPolicy().pause_s)
    assert many - few == 60
    assert late_s == 60
