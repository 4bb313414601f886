from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text


def test_addresses_lose_user_query_and_fragment() -> None:
    text = "see https://me:pw@files.pipefy.com/a.xlsx?expires_on=1&signature=s3cr3t, or HTTP://x/y#s3cr3t."
    assert sanitized_text(text) == "see https://files.pipefy.com/a.xlsx or HTTP://x/y"


def test_line_ends_and_control_characters_become_spaces() -> None:
    assert sanitized_text("a\r\nb\x1b[31m\x00c\ud800") == "a b [31m c"


@given(st.text() | st.integers() | st.lists(st.text()), st.integers(2, 50))
def test_anything_becomes_one_short_printable_line(value: object, max_length: int) -> None:
    text = sanitized_text(value, max_length=max_length)
    assert len(text) <= max_length
    assert text.isprintable()
    text.encode()


def test_a_secret_at_the_cut_is_not_shown() -> None:
    text = "x" * 290 + " https://files.pipefy.com/a?signature=s3cr3t"
    assert "s3cr3t" not in sanitized_text(text, max_length=300)
