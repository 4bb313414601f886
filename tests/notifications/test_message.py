"""What is sent is short enough for every service, plain, and calls nobody."""

import pytest

from pipefy_exports_dagster.notifications.message import CUT, LONGEST_BODY, LONGEST_TITLE, Message
from pipefy_exports_dagster.orchestration.notify.export_failure import ExportFailure
from pipefy_exports_dagster.orchestration.notify.notice import Notice, message_of


def failure(number: int = 0, *, message: str = "x", check: str | None = None) -> ExportFailure:
    return ExportFailure(f"asset_{number}", "last_month", "run-1", "CheckFailed", message, "Look", check)


def test_letters_of_other_languages_stay() -> None:
    message = Message("Ação não concluída", "Relatório «Órgãos» — ção\n日本語")
    assert message.fitted() == message


@pytest.mark.parametrize(
    "call", ["@everyone", "@here", "<!channel>", "<!subteam^S1|x>", "<@U123>", "!channel>", "<#C1>"]
)
def test_nobody_is_called(call: str) -> None:
    sent = Message(call, f"has {call} in it").fitted()
    assert call not in sent.title + sent.body
    assert sent.body.replace("\u200b", "") == f"has {call} in it", "it looks the same"


def test_an_e_mail_address_stays_one() -> None:
    assert Message("t", "ana@example.com wrote: ok!").fitted().body == "ana@example.com wrote: ok!"


def test_no_line_ends_the_title_and_nothing_is_unprintable() -> None:
    sent = Message("a\r\nBcc: b@example.com", "c\x1b[31m\x00d").fitted()
    assert sent.title == "a Bcc: b@example.com"
    assert sent.body == "c\\x1b[31m\\x00d"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    sent = Message("t" * 500, "b" * 5000).fitted()
    assert len(sent.title) == LONGEST_TITLE
    assert len(sent.body) == LONGEST_BODY
    assert sent.body.endswith(CUT)


def test_a_very_long_message_keeps_the_advice_and_the_link() -> None:
    sent = message_of([Notice(1, [failure(message="m" * 9000)], "run-1")], "http://ui").fitted()
    assert CUT in sent.body
    assert sent.body.endswith("Look.\n\nhttp://ui/runs/run-1")


def test_very_many_assets_are_counted() -> None:
    sent = message_of([Notice(1, [failure(n, message="m" * 300) for n in range(50)], "run-1")], None).fitted()
    assert sent.title == "Pipefy exports: 50 assets (last_month) failed"
    assert "more, which are in the Dagster UI" in sent.body
    assert sent.body.endswith("Look.\n\nrun run-1")
    assert len(sent.body) <= LONGEST_BODY


def test_failures_and_checks_of_a_run_are_in_one_title() -> None:
    notice = Notice(1, [failure(0), failure(1, check="has_rows"), failure(1, check="keys_unique")], "run-1")
    assert notice.title == "asset_0 (last_month) failed; 2 checks of asset_1 (last_month) did not pass"
