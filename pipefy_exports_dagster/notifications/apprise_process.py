"""The process that talks to the services: it imports apprise, looks at addresses, and sends at most one message.

Apprise and the libraries below it log addresses, with the secrets in them. This process has no log, its output is
one line of JSON for each address, and what a library says is never part of it.
"""

import json
import logging
import os
import smtplib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

APP = "Pipefy exports"
REFUSES_SOME = "the mail server refuses some of the recipients"
TIMEOUTS_S = 6.0, 10.0
"""Until a server accepts a connection, and between two pieces of its answer; `?cto=` and `?rto=` in an address win."""


@dataclass(slots=True)
class Seen:
    """What was seen of the conversations with a server: apprise itself says only whether it succeeded, and logs why.

    `in_doubt`: everything was sent, and no answer came.
    """

    accepted: int = 0
    reason: str = ""
    in_doubt: bool = False

    def watch(self, owner: Any, name: str, outcome: Callable[[Any], tuple[bool, str]]) -> None:
        """Note how each call of a method ends.

        Args:
            owner: The class whose method it is.
            name: The method's name.
            outcome: Says of a result whether a server took a message, and what it complains of.
        """
        method = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            try:
                result = method(*arguments, **named)
            except Exception as error:
                self.reason, self.in_doubt = reason_of(error), is_in_doubt(error)
                raise
            took, problem = outcome(result)
            self.accepted += took
            self.reason = problem or self.reason
            return result

        setattr(owner, name, watched)


def reason_of(error: Exception) -> str:
    """Return why there was no conversation, in words of ours."""
    import requests

    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server refuses user and password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the mail server refuses the recipients"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server refuses it ({error.smtp_code})"
    if isinstance(error, TimeoutError | requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not accepted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not connect to the server"
    if isinstance(error, OSError):  # those of requests and smtplib are, too
        return "no connection to the server"
    return "the service cannot be used"


def is_in_doubt(error: Exception) -> bool:
    """Whether a server may have taken the message although no answer came."""
    import requests

    return isinstance(error, TimeoutError | requests.ReadTimeout) and not isinstance(
        error, requests.ConnectTimeout
    )


def main() -> None:
    """Read one request from stdin: addresses, and a message or none; answer for each address on stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    logging.disable()
    request = json.load(sys.stdin)
    for address in request["addresses"]:
        answers.write(json.dumps(_answer(address, request["message"])) + "\n")
        answers.flush()
    os._exit(0)  # whatever threads a service has left behind


def _answer(address: str, message: dict[str, str] | None) -> dict[str, Any]:
    import apprise

    asset = apprise.AppriseAsset(
        app_id=APP, app_desc=APP, app_url="", image_url_mask="", image_url_logo="", async_mode=False
    )
    # Mail servers, and those that wake up for a request, take longer than the 4 s that apprise gives them.
    apprise.URLBase.socket_connect_timeout, apprise.URLBase.socket_read_timeout = TIMEOUTS_S
    plugin = apprise.Apprise.instantiate(address, asset=asset)
    if plugin is None:
        return {"service": None}
    service = {"service": str(plugin.service_name)}
    if message is None:
        return service
    seen = _watched()
    servers = apprise.Apprise(asset=asset)
    servers.add(plugin)
    try:
        arrived = bool(
            servers.notify(
                body=message["body"],
                title=message["title"],
                notify_type=apprise.NotifyType(message["kind"]),
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
    except Exception as error:  # noqa: BLE001 - whatever a service's module raises; its text may quote the address
        arrived, seen.reason = False, seen.reason or reason_of(error)
    return service | {
        "reason": "" if arrived else seen.reason or "the service does not take it",
        # Of one target nothing is a part: what a server took was a login.
        "in_part": not arrived and seen.accepted > 0 and len(plugin) > 1,
        "in_doubt": not arrived and seen.in_doubt,
    }


def _watched() -> Seen:
    import requests

    seen = Seen()
    seen.watch(requests.adapters.HTTPAdapter, "send", _of_http)
    for name in ("connect", "starttls", "login"):
        seen.watch(smtplib.SMTP, name, lambda _reply: (False, ""))
    seen.watch(smtplib.SMTP, "sendmail", lambda refused: (True, REFUSES_SOME if refused else ""))
    return seen


def _of_http(response: Any) -> tuple[bool, str]:
    status = int(response.status_code)
    if status < HTTPStatus.BAD_REQUEST:
        return status < HTTPStatus.MULTIPLE_CHOICES, ""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return False, "the server takes no more messages for now (HTTP 429)"
    verb = "refuses it" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "fails"
    return False, f"the server {verb} (HTTP {status})"


if __name__ == "__main__":
    main()
