"""docs/reliability.md is held to the tests."""

from pages.reliability import PAGE, with_tables


def test_the_page_shows_the_tables_that_the_tests_are_made_from() -> None:
    text = PAGE.read_text()
    assert with_tables(text) == text, "run: make docs"
