import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.errors import (
    AuthenticationError,
    FeatureUnavailableError,
    PermanentError,
    PermissionDeniedError,
    PipefyExportsError,
    RateLimitedError,
    RequestRejectedError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.answers import data_of, read_answer, retry_after_s

URL = httpx.URL("https://app.pipefy.com/graphql?x=s3cr3t")
HTML = b"<html>Please sign in</html>"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["errors", "data", "x", "y", "message"]), inner)
    ),
    max_leaves=8,
)


def read(status: int, body: bytes, headers: dict[str, str] | None = None) -> Any:
    return read_answer(URL, status, httpx.Headers(headers or {}), body)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, HTML, AuthenticationError),
        (401, b'{"data": {}}', AuthenticationError),
        (403, HTML, PermissionDeniedError),
        (429, HTML, RateLimitedError),
        (500, b'{"data": {"x": 1}}', ServerUnavailableError),
        (502, HTML, ServerUnavailableError),
        (599, b"", ServerUnavailableError),
        (408, b"", ServerUnavailableError),
        (200, HTML, ServerUnavailableError),
        (200, b"", ServerUnavailableError),
        (200, b"[]", ServerUnavailableError),
        (200, b"null", ServerUnavailableError),
        (200, b"7", ServerUnavailableError),
        (200, b"[" * 100_000, ServerUnavailableError),
        (200, b'{"a":' * 100_000, ServerUnavailableError),
        (200, b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", ServerUnavailableError),
        (200, b'{"a":' + b'{"a":' * 300 + b"1" + b"}" * 301, ServerUnavailableError),
        (200, b'{"data": ' + b"9" * 5000 + b"}", ServerUnavailableError),
        (200, b'{"data": "\xff"}', ServerUnavailableError),
        (200, b'{"data": "\\ud800"}', ServerUnavailableError),
        (204, b"", ServerUnavailableError),
        (302, HTML, RequestRejectedError),
        (400, HTML, RequestRejectedError),
        (404, b'{"error": "no route"}', RequestRejectedError),
        (400, b'{"errors": [{"message": "no", "locations": [{"line": 1}]}]}', SchemaMismatchError),
        (422, b'{"errors": [{"message": "no"}]}', RequestRejectedError),
    ],
)
def test_each_bad_answer_is_one_error(status: int, body: bytes, error: type[PipefyExportsError]) -> None:
    with pytest.raises(PipefyExportsError) as caught:
        read(status, body, {"content-type": "text/html; https://x/?s3cr3t"})
    assert type(caught.value) is error
    assert "s3cr3t" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_utf_8_with_a_byte_order_mark_is_read() -> None:
    assert read(200, b'\xef\xbb\xbf{"data": {"x": "\xc3\xa9"}}') == {"data": {"x": "é"}}


def test_many_brackets_beside_each_other_are_no_depth() -> None:
    assert len(read(200, b'{"data": [' + b"[[]]," * 5000 + b"1]}")["data"]) == 5001


def test_a_whole_pair_of_surrogates_is_text() -> None:
    assert read(200, b'{"data": "\\ud83d\\ude00"}') == {"data": "😀"}


@pytest.mark.parametrize(
    "payload", [{}, {"data": None}, {"data": []}, {"data": {}}, {"data": "x"}, {"errors": {}}]
)
def test_neither_data_nor_errors_is_no_answer(payload: dict[str, Any]) -> None:
    with pytest.raises(ServerUnavailableError, match="neither data nor errors"):
        data_of(payload, "x")


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"x": None}}])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("RECORD_INVALID", RequestRejectedError),
        ("ARGUMENT_ERROR", RequestRejectedError),
        ("BAD_USER_INPUT", RequestRejectedError),
        ("FEATURE_BLOCKED", FeatureUnavailableError),
        ("FEATURE_NOT_ENABLED", FeatureUnavailableError),
        ("FEATURE_DISABLED", FeatureUnavailableError),
        ("FEATURE_UNAVAILABLE", FeatureUnavailableError),
        ("RECORD_NOT_FOUND", RequestRejectedError),
        ("UNAUTHORIZED", PermissionDeniedError),
    ],
)
def test_a_code_that_the_vendors_sdk_knows_is_permanent_and_says_why(
    code: str, expected: type[PipefyExportsError], data: dict[str, Any]
) -> None:
    extensions = {"code": code, "correlation_id": "4f1c-07\u0000?x=y"}
    payload = data | {
        "errors": [{"message": "Name can't be blank", "locations": [{}], "extensions": extensions}]
    }
    with pytest.raises(PermanentError, match=r"Name can't be blank.*support asks for: 4f1c-07") as caught:
        data_of(payload, "x")
    assert type(caught.value) is expected
    assert caught.value.correlation_id == "4f1c-07 ?x=y"


@pytest.mark.parametrize("odd", [None, 5, "", [], {"a": 1}])
def test_a_correlation_id_that_is_no_text_is_none(odd: object) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        data_of({"data": None, "errors": [error(extensions={"code": "X", "correlation_id": odd})]}, "x")
    assert caught.value.correlation_id is None
    assert "correlation" not in str(caught.value)


def test_null_is_an_answer() -> None:
    assert data_of({"data": {"x": None}}, "x") == (None, ())
    assert data_of({"data": {"x": None}}, "x.y") == (None, ())
    assert data_of({"data": {"x": {"y": None}}}, "x.y") == (None, ())
    assert data_of({"data": {"x": [1]}}, "x.y") == (None, ())


def test_errors_beside_data_are_told_with_it() -> None:
    payload = {"data": {"x": {"y": 1}}, "errors": [{"message": "odd"}, "plain", 5, None, {"message": None}]}
    assert data_of(payload, "x.y") == (1, ("odd", "plain", "5", "None", "no message"))


def test_errors_beside_an_inner_null_are_raised() -> None:
    with pytest.raises(RequestRejectedError, match="daily limit"):
        data_of({"data": {"x": {"y": None}}, "errors": [{"message": "daily limit"}]}, "x.y")


def error(message: str = "no", **more: Any) -> dict[str, Any]:
    return {"message": message, **more}


def coded(code: Any, **more: Any) -> dict[str, Any]:
    return error(extensions={"code": code}, **more)


PLACE = [{"line": 1, "column": 2}]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"data": None, "errors": [coded("PERMISSION_DENIED")]}, PermissionDeniedError),
        ({"data": {"x": None}, "errors": [coded("forbidden")]}, PermissionDeniedError),
        ({"errors": [coded("UNAUTHENTICATED")]}, AuthenticationError),
        ({"errors": [coded("THROTTLED")]}, RateLimitedError),
        ({"data": {"x": None}, "errors": [coded("RATE_LIMITED")]}, RateLimitedError),
        ({"data": {"x": None}, "errors": [coded("RESOURCE_NOT_FOUND")]}, RequestRejectedError),
        ({"data": {"x": None}, "errors": [coded("INTERNAL_SERVER_ERROR")]}, ServerUnavailableError),
        ({"data": {"x": None}, "errors": [error(locations=PLACE, path=["x"])]}, RequestRejectedError),
        # graphql-core and graphql-js: no data, and where in the document
        ({"errors": [error(locations=PLACE)]}, SchemaMismatchError),
        # graphql-ruby: with a path, though nothing was run
        ({"errors": [error(locations=PLACE, path=["mutation", "x"])]}, SchemaMismatchError),
        ({"data": None, "errors": [coded("undefinedField")]}, SchemaMismatchError),
        ({"errors": [coded("argumentNotAccepted"), coded("GRAPHQL_VALIDATION_FAILED")]}, SchemaMismatchError),
        ({"data": {"x": None}, "errors": [coded("undefinedField")]}, RequestRejectedError),
        # an application that crashed: the request may have been run
        ({"errors": [error("Internal server error")]}, ServerUnavailableError),
        ({"errors": [error(locations=PLACE), error()]}, ServerUnavailableError),
        ({"errors": [error(locations=[])]}, ServerUnavailableError),
        ({"errors": ["text"]}, ServerUnavailableError),
        ({"errors": "text"}, ServerUnavailableError),
        ({"errors": 5}, ServerUnavailableError),
        ({"errors": {"message": "alone"}}, ServerUnavailableError),
        ({"errors": [{"extensions": None, "message": 5}]}, ServerUnavailableError),
        ({"data": None, "errors": [{"extensions": {"code": ["x"]}}]}, RequestRejectedError),
        ({"data": None, "errors": [{"extensions": []}, None]}, RequestRejectedError),
    ],
)
def test_graphql_errors_are_told_apart(payload: dict[str, Any], expected: type[PipefyExportsError]) -> None:
    with pytest.raises(PipefyExportsError) as caught:
        data_of(payload, "x")
    assert type(caught.value) is expected


def test_a_message_is_short_on_one_line_and_without_links() -> None:
    long = error("line\n" * 1000 + "https://files.pipefy.com/a?signature=s3cr3t")
    with pytest.raises(RequestRejectedError) as caught:
        data_of({"data": {"x": None}, "errors": [long, error("see https://a/?k=s3cr3t")] * 500}, "x")
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@given(JSON)
def test_any_json_is_an_answer_or_one_error_of_ours(value: Any) -> None:
    try:
        data_of(read(200, json.dumps(value).encode()), "x.y")
    except PipefyExportsError as error:
        str(error).encode()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 20}, float("9" * 20)),
        (
            {"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"},
            30,
        ),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 12:05:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 1996 12:00:30 -0000", "date": "what"}, 0),
        ({"retry-after": "Sun, 99 Nov 99999 12:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx.Headers(headers)) == seconds
