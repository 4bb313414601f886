from datetime import UTC, datetime
from typing import Any

import pytest

from pipefy_exports_dagster.pipefy.export import Export, ExportState, parse_export, parse_time, read_id

LINK = "https://app.pipefy.com/x?signature=s3cr3t"


def parsed(**answer: Any) -> Export:
    return parse_export(answer, export_id="7", state_field="status")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("created", ExportState.CREATED),
        ("processing", ExportState.PROCESSING),
        ("finished", ExportState.FINISHED),
        ("DONE", ExportState.FINISHED),
        (" failed ", ExportState.FAILED),
        ("queued", ExportState.UNKNOWN),
        ("", ExportState.UNKNOWN),
        (None, ExportState.UNKNOWN),
        (5, ExportState.UNKNOWN),
        (["finished"], ExportState.UNKNOWN),
    ],
)
def test_states_of_both_exports_are_read(word: Any, state: ExportState) -> None:
    assert parsed(status=word).state is state


def test_a_strange_state_is_shown_short_and_on_one_line() -> None:
    state = parsed(status="line\n" * 100 + LINK).reported_state
    assert len(state) <= 50
    assert "\n" not in state
    assert parsed(status=f"see {LINK}").reported_state == "see https://app.pipefy.com/x"


@pytest.mark.parametrize("name", ["fileUrl", "fileURL", "filedUrl", "downloadUrl"])
def test_the_link_is_found_under_any_of_its_names(name: str) -> None:
    assert parsed(**{"fileUrl": None, name: f" {LINK} "}).link == LINK


@pytest.mark.parametrize("link", [None, "", " ", 5, True, ["x"], {"url": "x"}])
def test_what_is_no_text_is_no_link(link: Any) -> None:
    export = parsed(status="finished", fileUrl=link)
    assert export.link is None
    assert not export.is_ready


def test_an_export_is_ready_when_finished_with_a_link() -> None:
    assert parsed(status="finished", fileUrl=LINK).is_ready
    assert not parsed(status="processing", fileUrl=LINK).is_ready


def test_a_link_is_not_part_of_the_repr() -> None:
    assert "s3cr3t" not in repr(parsed(status="finished", fileUrl=LINK))


def test_the_id_stays_the_one_that_was_asked_for() -> None:
    assert parsed(id=None).id == "7"
    assert parsed(id="another").id == "7"


@pytest.mark.parametrize(("value", "id_"), [("a1-b2", "a1-b2"), (12, "12"), (0, "0"), ("../../x", "../../x")])
def test_ids_are_text_or_numbers(value: Any, id_: str) -> None:
    assert read_id({"id": value}) == id_


@pytest.mark.parametrize(
    "value", [None, "", True, 1.5, ["x"], {"id": 1}, "x" * 201, "a\nb", "a\x00", "\ud800", 10**300]
)
def test_what_cannot_be_asked_for_again_is_no_id(value: Any) -> None:
    assert read_id({"id": value}) is None


@pytest.mark.parametrize("answer", [None, [], "x", 5, {}])
def test_what_is_no_object_has_no_id(answer: Any) -> None:
    assert read_id(answer) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T09:00:00-03:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T12:00:00", None),
        ("2026-11-22", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("soon", None),
    ],
)
def test_times_are_utc_or_nothing(text: str, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_finishing_time_that_is_no_text_is_nothing() -> None:
    assert parsed(finishedAt=1700000000).finished_at is None
