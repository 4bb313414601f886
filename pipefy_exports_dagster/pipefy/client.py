"""Pipefy's GraphQL API over HTTP: one synchronous client, one error of ours for each way to fail."""

import functools
import json
import logging
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx

from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.config.setting_names import BASE_URL
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    RequestRejectedError,
    ServerUnavailableError,
    TokenUnavailableError,
)
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, without_credentials
from pipefy_exports_dagster.pipefy.answers import data_of, read_answer
from pipefy_exports_dagster.pipefy.bodies import UnreadableBodyError, read_pieces
from pipefy_exports_dagster.pipefy.credentials import Credentials, TokenSource, read_credentials
from pipefy_exports_dagster.pipefy.secrets import Secrets, SecretsQuotedError
from pipefy_exports_dagster.pipefy.transport import NEVER_SENT, open_http

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class PipefyClient:
    """Sends GraphQL documents, with a token that is renewed in time. Use it as a context manager."""

    def __init__(
        self, connection: Connection, credentials: Credentials, *, clock: Clock | None = None
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Raises:
            ConfigurationError: The base URL cannot be used, or the environment's proxy settings.
        """
        self.connection = connection
        self.addresses = AddressPolicy(connection.allow_insecure_urls, connection.download_hosts)
        self.base_url = self.addresses.check_base_url(connection.base_url)
        self.clock = clock or SystemClock()
        self._tokens = TokenSource(credentials, self._fetch_token, self.clock)
        self._secrets = Secrets(os.environ)
        self._secrets.add_credentials(credentials.secret)
        self._label, self._variables = credentials.label, " and ".join(credentials.variables(connection))
        # A redirect is not followed: it would take the token to another host.
        self._http = open_http(connection.request_timeout_s)

    @classmethod
    def from_environment(cls, connection: Connection, *, clock: Clock | None = None) -> Self:
        """Make a client with the credentials that the environment holds now.

        Raises:
            ConfigurationError: There are none, or the base URL cannot be used.
        """
        return cls(connection, read_credentials(connection, os.environ), clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def execute(self, document: str, variables: Mapping[str, Any], *, field: str) -> Any:
        """Run a GraphQL operation and return the value of its `field`, which may be None.

        Errors that stand beside usable data are logged and the data is returned.

        Args:
            document: The operation.
            variables: Its variables, JSON-able.
            field: The operation's root field, or a field of that, as `root.inner`.

        Raises:
            AuthenticationError: The credentials are refused.
            PermissionDeniedError: They may not do this.
            RateLimitedError: Pipefy limits the rate; it may be asked again later.
            ServerUnavailableError: Pipefy does not answer, or not as an API does.
            SchemaMismatchError: This server has no such field.
            RequestRejectedError: Pipefy refuses the request for another reason.
            ConnectionFailedError: No answer; its `sent` tells whether the request may have arrived.
        """
        content = json.dumps({"query": document, "variables": variables}).encode()
        value, messages = self._ask(content, lambda payload: data_of(payload, field))
        for message in messages:
            logger.warning("Pipefy answered %s, and beside it an error: %s", field, message)
        return value

    def _ask(
        self, content: bytes, read: Callable[[Mapping[str, Any]], Answer], *, may_renew: bool = True
    ) -> Answer:
        """Send a GraphQL request, with a new token if the old one is refused, and read its answer."""
        token = self._tokens.token()
        self._secrets.add_credentials(token)
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            return read(self._post("/graphql", content, headers))
        except AuthenticationError as error:
            if not (may_renew and self._tokens.can_renew):
                used_at = without_credentials(self.base_url).rstrip("/")
                raise AuthenticationError(f"{error}; check {self._variables}, used at {used_at}").of_request(
                    error.correlation_id
                ) from None
        # The token was refused, so nothing was executed: sending the same again is safe, even a create.
        self._tokens.forget()
        return self._ask(content, read, may_renew=False)

    def _fetch_token(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            return self._post("/oauth/token", urlencode(form).encode(), headers, has_token=True)
        except ConnectionFailedError as error:
            # Whatever became of the token request, the request that needs the token was not sent.
            raise ConnectionFailedError(str(error), sent=False) from None
        except ServerUnavailableError as error:
            raise TokenUnavailableError(
                str(error), status=error.status, retry_after_s=error.retry_after_s
            ) from None
        except (AuthenticationError, RequestRejectedError):
            raise AuthenticationError(
                f"Pipefy refuses the {self._label}: check {self._variables}, and that {BASE_URL} is the right "
                "one"
            ) from None

    def _post(
        self, path: str, content: bytes, headers: Mapping[str, str], *, has_token: bool = False
    ) -> Mapping[str, Any]:
        """Send a request and return its answer; a server that quotes secrets back gets them struck out."""
        url = self.base_url.copy_with(path=self.base_url.path.rstrip("/") + path)
        failure: ConnectionFailedError | ServerUnavailableError
        try:
            with self._http.stream("POST", url, content=content, headers=dict(headers)) as response:
                body = self._read_capped(response)
            strike = functools.partial(self._secrets.strike_answer, has_token=has_token)
            return read_answer(url, response.status_code, response.headers, body, strike=strike)
        except httpx.TransportError as error:
            sent = not isinstance(error, NEVER_SENT)
            what = "the connection broke" if sent else "no connection"
            failure = ConnectionFailedError(f"{what} at {without_credentials(url)}: {error}", sent=sent)
        except (UnreadableBodyError, SecretsQuotedError) as error:
            failure = ServerUnavailableError(
                f"Pipefy's answer at {without_credentials(url)} {error}", status=httpx.codes.OK
            )
        # Raised here, outside of `except`: the cause holds the request, and that holds the token.
        raise failure

    def _read_capped(self, response: httpx.Response) -> bytes:
        limits = self.connection
        chunks, size = [], 0
        for chunk in read_pieces(response):
            size += len(chunk)
            if size > limits.max_answer_bytes:
                raise UnreadableBodyError(
                    f"is larger than {limits.max_answer_bytes} bytes, which no answer of the API is"
                )
            chunks.append(chunk)
        return b"".join(chunks)
