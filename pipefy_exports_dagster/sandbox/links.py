"""Signed links that expire."""

import base64
import hashlib
import hmac
import math
import secrets
import threading
import time
from enum import StrEnum
from urllib.parse import urlencode

from pipefy_exports_dagster.sandbox.clock import SandboxClock


class LinkState(StrEnum):
    """What the file endpoint finds when it looks at a link."""

    VALID = "valid"
    FORGED = "forged"
    EXPIRED = "expired"


class LinkSigner:
    """Signs and checks links.

    A link ends when its life has passed for the sandbox, which a step of its clock brings about too. The
    time in `expires_on` is for clients, whose clocks may show the real time or follow the sandbox's:
    it lies ahead of the later of the two, so that neither takes a good link for an expired one.
    """

    def __init__(self, clock: SandboxClock, lifetime_s: float) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    def sign(self, base_url: str, path: str, *, lifetime_s: float | None = None) -> str:
        """Return a link to `path` on the host that the request came to."""
        lifetime_s = self._lifetime_s if lifetime_s is None else lifetime_s
        clocks = (time.time(), self._clock.now().timestamp())
        expires_on = math.ceil((max(clocks) if lifetime_s >= 0 else min(clocks)) + lifetime_s)
        nonce = secrets.token_bytes(8)  # two links are never the same, even within one second
        signature = self._signature(path, expires_on, nonce)
        with self._lock:
            self._ends[signature] = self._clock.elapsed_s() + lifetime_s
        return f"{base_url}{path}?{urlencode({'expires_on': expires_on, 'signature': signature})}"

    def check(self, path: str, expires_on: str | None, signature: str | None) -> LinkState:
        """Say whether a link may be followed now."""
        try:
            moment = int(expires_on or "")
            nonce = base64.b64decode(signature or "", validate=True)[:8]
        except ValueError:
            return LinkState.FORGED
        if not hmac.compare_digest(self._signature(path, moment, nonce), signature or ""):
            return LinkState.FORGED
        with self._lock:
            ends = self._ends.get(signature or "", 0.0)
        return LinkState.EXPIRED if self._clock.elapsed_s() >= ends else LinkState.VALID

    def expire(self, signature: str | None) -> None:
        """End a link before its time."""
        with self._lock:
            self._ends.pop(signature or "", None)

    def _signature(self, path: str, expires_on: int, nonce: bytes) -> str:
        message = nonce + f"{path}\n{expires_on}".encode()
        return base64.b64encode(nonce + hmac.digest(self._key, message, hashlib.sha256)).decode()
