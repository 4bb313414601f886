from collections.abc import Callable
from datetime import timedelta

import pytest
from sandbox.api_client import Api

from pipefy_exports_dagster.sandbox import ACCESS_TOKEN_PREFIX, CLIENT_ID, CLIENT_SECRET, TOKEN, Sandbox

GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
QUERY = "{ me { name } }"


@pytest.mark.parametrize("encoding", ["form", "json"])
def test_a_service_account_gets_a_token_that_works(
    sandbox: Sandbox, connect: Callable[..., Api], encoding: str
) -> None:
    http = connect(sandbox, None).http
    response = (
        http.post("/oauth/token", data=GRANT) if encoding == "form" else http.post("/oauth/token", json=GRANT)
    )
    answer = response.json()

    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["access_token"].startswith(ACCESS_TOKEN_PREFIX)
    me = connect(sandbox, answer["access_token"]).data(QUERY)["me"]
    assert me["name"] == "Pipefy exports (service account)"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_other_credentials_get_no_token(api: Api, change: dict[str, str], status: int, code: str) -> None:
    response = api.http.post("/oauth/token", data=GRANT | change)

    assert (response.status_code, response.json()["error"]) == (status, code)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_no_token_or_a_wrong_one_is_401(
    sandbox: Sandbox, connect: Callable[..., Api], header: str | None
) -> None:
    api = connect(sandbox, None)
    if header is not None:
        api.http.headers["authorization"] = header

    response = api.post(QUERY)

    assert response.status_code == 401
    assert "Bearer" in response.headers["www-authenticate"]


def test_an_issued_token_expires(start: Callable[..., Sandbox], connect: Callable[..., Api]) -> None:
    sandbox = start(token_lifetime_seconds=300)
    token = connect(sandbox, None).http.post("/oauth/token", data=GRANT).json()["access_token"]
    api = connect(sandbox, token)

    assert api.post(QUERY).status_code == 200
    sandbox.clock.advance(timedelta(seconds=301))
    assert api.post(QUERY).status_code == 401


def test_a_revoked_token_stays_refused_until_it_is_restored(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    api = connect(sandbox)

    sandbox.tokens.revoke(f"Bearer {TOKEN}")
    assert api.post(QUERY).status_code == 401
    sandbox.tokens.restore()
    assert api.post(QUERY).status_code == 200
