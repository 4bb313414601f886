from collections.abc import Mapping
from typing import Any

import pytest
from pipefy.manual_clock import ManualClock
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import AuthenticationError, ConfigurationError
from pipefy_exports_dagster.pipefy.credentials import (
    ServiceAccount,
    StaticToken,
    TokenSource,
    read_credentials,
)

ACCOUNT = ServiceAccount("id", "s3cr3t")
ENVIRONMENT = {
    "PIPEFY_TOKEN": " token ",
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": "id",
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": "s3cr3t",
}


class TokenEndpoint:
    """Gives the tokens `t1`, `t2`, ... with the lifetime that it is told to say."""

    def __init__(self, expires_in: Any) -> None:
        self.expires_in = expires_in
        self.forms: list[Mapping[str, str]] = []

    def fetch(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        self.forms.append(form)
        return {"access_token": f"t{len(self.forms)}", "expires_in": self.expires_in}


def test_a_token_wins_over_a_service_account() -> None:
    assert read_credentials(Connection(), ENVIRONMENT) == StaticToken("token")


def test_a_service_account_is_used_where_there_is_no_token() -> None:
    assert read_credentials(Connection(), ENVIRONMENT | {"PIPEFY_TOKEN": " "}) == ACCOUNT


def test_the_names_of_the_variables_can_be_chosen() -> None:
    assert read_credentials(Connection(token_env="OTHER"), {"OTHER": "t"}) == StaticToken("t")


@pytest.mark.parametrize(
    "missing", ["PIPEFY_SERVICE_ACCOUNT_CLIENT_ID", "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET"]
)
def test_half_a_service_account_names_the_missing_half(missing: str) -> None:
    environment = {
        name: value for name, value in ENVIRONMENT.items() if name not in {missing, "PIPEFY_TOKEN"}
    }
    with pytest.raises(ConfigurationError, match=f"set {missing}, or PIPEFY_TOKEN") as caught:
        read_credentials(Connection(), environment)
    assert "s3cr3t" not in told_by(caught.value)


def test_no_credentials_say_what_to_set_and_where() -> None:
    with pytest.raises(ConfigurationError, match=r"CLIENT_ID and .*CLIENT_SECRET, or PIPEFY_TOKEN.*\.env"):
        read_credentials(Connection(), {})


@pytest.mark.parametrize("token", ["Bearer s3cr3t", "s3cr3t\nX: y", "s3cr3té", "s3cr3t\x00", "s3cr3t\u200b"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(ConfigurationError, match="PIPEFY_TOKEN") as caught:
        read_credentials(Connection(), {"PIPEFY_TOKEN": token})
    assert "s3cr3t" not in told_by(caught.value)


def test_reprs_hold_no_secret() -> None:
    assert "s3cr3t" not in f"{StaticToken('s3cr3t')!r} {ACCOUNT!r} {[ACCOUNT]}"


def test_a_static_token_is_never_fetched(clock: ManualClock) -> None:
    endpoint = TokenEndpoint(300)
    tokens = TokenSource(StaticToken("token"), endpoint.fetch, clock)
    assert (tokens.token(), tokens.can_renew, endpoint.forms) == ("token", False, [])


def test_a_service_account_is_exchanged_once_and_renewed_before_it_expires(clock: ManualClock) -> None:
    endpoint = TokenEndpoint(300)
    tokens = TokenSource(ACCOUNT, endpoint.fetch, clock)
    assert [tokens.token(), tokens.token()] == ["t1", "t1"]
    clock.advance(239)
    assert tokens.token() == "t1"
    clock.advance(1)
    assert tokens.token() == "t2"
    assert endpoint.forms[0] == {
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "s3cr3t",
    }


def test_a_very_short_life_is_used_for_half(clock: ManualClock) -> None:
    tokens = TokenSource(ACCOUNT, TokenEndpoint(10).fetch, clock)
    assert tokens.token() == "t1"
    clock.advance(4.9)
    assert tokens.token() == "t1"
    clock.advance(0.1)
    assert tokens.token() == "t2"


def test_a_forgotten_token_is_fetched_anew(clock: ManualClock) -> None:
    tokens = TokenSource(ACCOUNT, TokenEndpoint(300).fetch, clock)
    tokens.token()
    tokens.forget()
    assert tokens.token() == "t2"


@pytest.mark.parametrize(
    "expires_in", [None, "3600", "soon", -5, 0, float("nan"), float("inf"), 10**400, [], {}]
)
def test_a_lifetime_that_is_none_counts_as_the_shortest_that_pipefy_gives(
    expires_in: Any, clock: ManualClock
) -> None:
    tokens = TokenSource(ACCOUNT, TokenEndpoint(expires_in).fetch, clock)
    assert tokens.token() == "t1"
    clock.advance(239)
    assert tokens.token() == "t1"
    clock.advance(1)
    assert tokens.token() == "t2"


@pytest.mark.parametrize("token", [None, "", 5, ["t"], "s3cr3t\r\nX: y", "s3cr3t é"])
def test_an_answer_without_a_usable_token_is_an_authentication_error(token: Any, clock: ManualClock) -> None:
    tokens = TokenSource(ACCOUNT, lambda _: {"access_token": token}, clock)
    with pytest.raises(AuthenticationError, match="without an access token") as caught:
        tokens.token()
    assert "s3cr3t" not in told_by(caught.value)
