"""The addresses of a host, within a time limit.

The system's look-up of a name takes no limit and cannot be broken off. So it runs in a thread of its own, which is left
behind when the time is over; a second look-up of the same name waits for the first, so that there is one such
thread for each name, however often it is asked.
"""

import socket
import threading
from typing import Any

SocketAddress = tuple[socket.AddressFamily, Any]
"""A family, and what `socket.connect` of that family takes."""


def look_up(host: str, port: int, *, within_s: float) -> list[SocketAddress]:
    """Return the addresses of a host, in the system's order of preference.

    Raises:
        OSError: There is no such host, or the system cannot say.
        TimeoutError: The system did not answer in time.
    """
    try:
        return _addresses(
            host, port, flags=socket.AI_NUMERICHOST
        )  # an address needs no look-up, and no thread
    except OSError:
        pass
    with _lock:
        look_up_ = _under_way.get((host, port))
        if look_up_ is None:
            look_up_ = _under_way[host, port] = _LookUp(host, port)
    return look_up_.result(within_s)


class _LookUp:
    """One look-up under way; its thread ends with the system's answer."""

    def __init__(self, host: str, port: int) -> None:
        self._of = host, port
        self._addresses: list[SocketAddress] = []
        self._problem = ""
        self._is_done = threading.Event()
        threading.Thread(target=self._ask, name="look-up of a host", daemon=True).start()

    def _ask(self) -> None:
        try:
            self._addresses = _addresses(*self._of)
        except OSError as error:
            self._problem = error.strerror or "the look-up of the host failed"
        finally:
            with _lock:
                del _under_way[self._of]
            self._is_done.set()

    def result(self, within_s: float) -> list[SocketAddress]:
        if not self._is_done.wait(within_s):
            raise TimeoutError("the look-up of the host took too long")
        if self._problem:
            raise OSError(
                self._problem
            )  # a new one for each who waits: an error that is shared grows a traceback
        return self._addresses


def _addresses(host: str, port: int, *, flags: int = 0) -> list[SocketAddress]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except (UnicodeError, ValueError):
        found = []
    if not found:
        raise OSError(socket.EAI_NONAME, "that is no name of a host")
    return [(family, address) for family, _, _, _, address in found]


_lock = threading.Lock()
_under_way: dict[tuple[str, int], _LookUp] = {}
