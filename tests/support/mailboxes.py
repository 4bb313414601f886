"""A real mail server and a real HTTP server, which keep what they get."""

import email
import email.policy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from integration.server_process import free_port

USER, PASSWORD = "alerts", "hush-mail-9d2f"
PATH_SECRET = "hush-path-71c4"
HTTP_PASSWORD = "hush-http-5e0b"


@dataclass
class Letter:
    """What somebody was sent."""

    title: str
    text: str
    to: tuple[str, ...] = ()
    kind: str = ""
    content: str = ""


@dataclass
class Mailbox:
    """What a server got, and how it answers."""

    letters: list[Letter] = field(default_factory=list)
    address: str = ""
    status: int = 200
    """Of the HTTP server's answers."""
    seconds: float = 0
    """Until it answers."""
    answers: threading.Event = field(default_factory=threading.Event)
    """It does not answer while this is clear."""
    logins: int = 0

    def __post_init__(self) -> None:
        self.answers.set()

    def empty(self) -> None:
        self.letters.clear()
        self.answers.set()
        self.status, self.seconds, self.logins = 200, 0, 0


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that wants a user and a password."""
    box = Mailbox()

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            part = mail.get_body(("plain", "html"))
            assert part
            text = str(part.get_content())
            box.letters.append(
                Letter(str(mail["Subject"]), text, tuple(envelope.rcpt_tos), content=part.get_content_type())
            )
            return "250 taken"

    def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        box.logins += 1
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    port = free_port()
    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=port,
        authenticator=authenticated,
        auth_require_tls=False,
    )
    controller.start()
    try:
        box.address = f"mailto://{USER}:{PASSWORD}@127.0.0.1:{port}?from=exports@example.com&to=team@example.com&mode=insecure"
        yield box
    finally:
        controller.stop()


@contextmanager
def http_server() -> Iterator[Mailbox]:
    """A server that takes JSON, such as those of chats."""
    box = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if box.status == 200:
                box.letters.append(Letter(said["title"], said["message"], kind=said["type"]))
            time.sleep(box.seconds)
            box.answers.wait()
            self.send_response(box.status, "hush-reason" if box.status != 200 else None)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        box.address = f"json://{USER}:{HTTP_PASSWORD}@127.0.0.1:{server.server_port}/{PATH_SECRET}"
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
