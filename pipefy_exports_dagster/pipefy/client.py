"""Pipefy's GraphQL API over HTTP: one synchronous client, one error of ours for each way to fail."""

import json
import logging
import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config import Connection
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    RequestRejectedError,
    ServerUnavailableError,
    TokenUnavailableError,
)
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, shown
from pipefy_exports_dagster.pipefy.answers import data_of, read_answer
from pipefy_exports_dagster.pipefy.credentials import Credentials, TokenSource, read_credentials
from pipefy_exports_dagster.pipefy.quiet_logs import keep_links_out_of_logs

logger = logging.getLogger(__name__)

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class PipefyClient:
    """Sends GraphQL documents, with a token that is renewed in time. Use it as a context manager."""

    def __init__(
        self, connection: Connection, credentials: Credentials, *, clock: Clock | None = None
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Raises:
            ConfigurationError: The base URL cannot be used.
        """
        keep_links_out_of_logs()
        self.connection = connection
        self.addresses = AddressPolicy(connection.allow_insecure_urls, connection.download_hosts)
        self.base_url = self.addresses.check_base_url(connection.base_url)
        self.clock = clock or SystemClock()
        self._tokens = TokenSource(credentials, self._fetch_token, self.clock)
        # A redirect is never followed: it would take the token to another host.
        self._http = httpx.Client(timeout=connection.request_timeout_s, follow_redirects=False)

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
        """Run a GraphQL operation and return the value of its root `field`, which may be None.

        Errors that stand beside usable data are logged and the data is returned.

        Raises:
            PipefyExportsError: As `answers.read_answer` and `answers.data_of` say.
            ConnectionFailedError: No answer; its `sent` tells whether the request may have arrived.
        """
        content = json.dumps({"query": document, "variables": variables}).encode()
        payload = self._post_with_token(content)
        value, messages = data_of(payload, field)
        for message in messages:
            logger.warning("Pipefy answered %s, and beside it an error: %s", field, message)
        return value

    def _post_with_token(self, content: bytes) -> Mapping[str, Any]:
        url = self._address("/graphql")
        for attempt in range(2):
            headers = {
                "Authorization": f"Bearer {self._tokens.token()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            }
            try:
                return self._post(url, content, headers)
            except AuthenticationError:
                # A 401 means that nothing was executed, so sending the same again is safe, even a create.
                if attempt or not self._tokens.can_renew:
                    raise
                self._tokens.forget()
        raise AssertionError  # pragma: no cover - the second attempt returns or raises

    def _fetch_token(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        request = httpx.Request("POST", self._address("/oauth/token"), data=dict(form))
        headers = {"Content-Type": request.headers["Content-Type"], "Accept": "application/json"}
        try:
            return self._post(request.url, request.read(), headers)
        except ConnectionFailedError as error:
            # Whatever became of the token request, the request that needs the token was not sent.
            raise ConnectionFailedError(str(error), sent=False) from None
        except ServerUnavailableError as error:
            raise TokenUnavailableError(
                str(error), status=error.status, retry_after_s=error.retry_after_s
            ) from None
        except RequestRejectedError:
            raise AuthenticationError(
                "Pipefy refuses the service account: check PIPEFY_SERVICE_ACCOUNT_CLIENT_ID and "
                "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET, and that PIPEFY_BASE_URL is the right one"
            ) from None

    def _post(self, url: httpx.URL, content: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            with self._http.stream("POST", url, content=content, headers=dict(headers)) as response:
                body = self._read_capped(response)
                return read_answer(url, response.status_code, response.headers, body)
        except httpx.TransportError as error:
            sent = not isinstance(error, NEVER_SENT)
            what = "the connection broke" if sent else "no connection"
            raise ConnectionFailedError(
                f"{what} at {shown(url)}: {type(error).__name__} {error}".rstrip(), sent=sent
            ) from None
        except httpx.DecodingError:
            raise ServerUnavailableError(
                f"Pipefy's answer at {shown(url)} cannot be decoded", status=200
            ) from None

    def _read_capped(self, response: httpx.Response) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.connection.max_answer_bytes:
                raise ServerUnavailableError(
                    f"Pipefy's answer at {shown(response.url)} is larger than "
                    f"{self.connection.max_answer_bytes} bytes, which no answer of the API is",
                    status=response.status_code,
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _address(self, path: str) -> httpx.URL:
        return self.base_url.copy_with(path=self.base_url.path.rstrip("/") + path)
