import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipefy.encodings import ENCODINGS

from pipefy_exports_dagster.pipefy.secret_forms import MARK, forms_of, is_in, struck_out
from pipefy_exports_dagster.pipefy.secrets import Secrets, SecretsQuotedError

SECRETS = {
    "a token": "marked-token-4711",
    "a token with slashes": "mAr/ked+tok/en==4711",
    "one of digits": "471108154711",
    "a JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5c",
    "one that looks like escapes": "ab%41cd\\u0041&amp;=41",
    "one of hex": "deadbeef0badcafe",
    "a Brazilian one": "senha-muito-difícil-ção",
    "one with blanks": "four words of it",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_each_usual_form_is_struck_out_and_the_rest_is_not(encoding: object, secret: str) -> None:
    written = encoding(secret)  # type: ignore[operator]
    struck = struck_out(f"the beginning ({written}) the end", forms_of(secret))
    assert struck.startswith("the beginning (")
    assert struck.endswith(") the end")
    assert MARK in struck
    assert written not in struck
    assert len(re.sub(r"\W", "", struck.replace(MARK, ""))) <= len("thebeginningtheend") + 40


@pytest.mark.parametrize("before", ["", "%", "=", "\\", "&", "%4", "\\u00", "token=", "token%3D"])
def test_what_stands_before_does_not_hide_it(before: str) -> None:
    for secret in ("deadbeef0badcafe", "41424344454647", "nullnulltoken"):
        assert secret[2:] not in struck_out(f"{before}{secret}", forms_of(secret))


@given(st.text(), st.text())
def test_a_secret_in_any_text_is_struck_out(before: str, after: str) -> None:
    secret = "m4rked-Token/4711"
    struck = struck_out(f"{before}{secret}{after}", forms_of(secret))
    assert secret not in struck
    assert MARK in struck


@given(st.text(max_size=200))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert struck_out(text, forms_of("m4rked-Token/4711")) == text


def test_halves_of_pairs_do_not_hide_it() -> None:
    assert struck_out("\ud800".join("marked-token-4711"), forms_of("marked-token-4711")) == MARK


def test_common_words_are_left_alone() -> None:
    text = "The organization of the token was not found: sandbox"
    assert struck_out(text, forms_of("organization-token-of-the-sandbox")[:0]) == text
    assert struck_out(text, forms_of("sandbox-token")) == text
    assert forms_of("abc") == ()


@pytest.mark.parametrize(
    "hostile",
    [
        "%",
        "%25",
        "\\",
        "\\u0025",
        "&",
        "&a",
        "&amp;",
        "&#37;",
        "=",
        "=3D",
        "= \n",
        "a",
        "marked-t",
        "marked-token-471",
        "\0",
    ],
)
@pytest.mark.parametrize("size", [300_000])
def test_striking_out_takes_time_in_proportion_to_the_text(hostile: str, size: int) -> None:
    forms = forms_of("marked-token-4711")

    def seconds(length: int) -> float:
        text = (hostile * (length // len(hostile) + 1))[:length]
        started = time.process_time()
        is_in(text, forms)
        struck_out(text, forms)
        return time.process_time() - started

    small, large = min(seconds(size // 10) for _ in range(3)), min(seconds(size) for _ in range(2))
    assert large < 40 * small + 0.05


class TestAnswers:
    def secrets(self) -> Secrets:
        secrets = Secrets({})
        secrets.add_credentials("marked-token-4711")
        return secrets

    def strike(self, payload: dict[str, object]) -> object:
        return self.secrets().strike_answer(payload, json.dumps(payload).encode())

    def test_data_are_left_alone_but_for_credentials(self) -> None:
        payload: dict[str, object] = {"data": {"name": "marked-token-", "id": 7, "marked": [None, 1.5, True]}}
        assert self.strike(payload) == payload
        assert self.strike({"data": {"x": ["a marked-token-4711"]}}) == {"data": {"x": [f"a {MARK}"]}}
        assert self.strike({"data": {"marked-token-4711": 1}}) == {"data": {MARK: 1}}

    def test_an_error_may_quote_no_link_of_the_answer(self) -> None:
        link = "https://files.pipefy.com/a.xlsx?expires_on=1764000000&signature=a%2Bb%2Fs3cr3t%3D"
        for quoted in (
            link,
            "a+b/s3cr3t=",
            "a%2Bb%2Fs3cr3t%3D",
            "expires_on=1764000000&signature=a%2Bb%2Fs3cr3t%3D",
        ):
            answer = self.strike({"data": {"fileUrl": link}, "errors": [{"message": f"at {quoted}"}]})
            assert "s3cr3t" not in str(answer["errors"])  # type: ignore[index]
            assert answer["data"] == {"fileUrl": link}  # type: ignore[index]

    def test_a_large_answer_that_quotes_a_credential_is_refused(self) -> None:
        with pytest.raises(SecretsQuotedError):
            self.strike({"data": ["x"] * 500_000 + ["marked-token-4711"]})

    def test_what_the_environment_holds_is_secret(self) -> None:
        secrets = Secrets(
            {
                "HTTPS_PROXY": "http://user:proxy%2Dp%40ss@proxy:3128",
                "DAGSTER_PG": "postgresql://dagster:pg-passw0rd@db/dagster",
                "AWS_SECRET_ACCESS_KEY": "storage/key/4711",
                "HOME": "/home/someone",
            }
        )
        text = secrets.strike(
            "proxy-p@ss, proxy%2Dp%40ss, pg-passw0rd, storage\\/key\\/4711, /home/someone, proxy:3128"
        )
        assert text == f"{MARK}, {MARK}, {MARK}, {MARK}, /home/someone, proxy:3128"

    def test_errors_without_end_are_cut(self) -> None:
        errors = [{"message": "m" * 1_000_000, "extensions": {"code": "X"}}] * 1000
        deep: object = "x"
        for _ in range(500):
            deep = [deep]
        answer = self.secrets().strike_answer({"errors": [*errors, deep]}, b"{}")
        assert len(json.dumps(answer)) < 300_000
