"""What assets need from outside: Pipefy, and the database. Neither is touched before a run."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.config import Connection, PipefyExportsConfig, ReadOptions
from pipefy_exports_dagster.loading import LoadReport, Slice, StagedTable, load_file
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.stages import OnStage


class PipefyResource(dg.ConfigurableResource):
    """Pipefy's API. Credentials are named here and read from the environment when a run starts."""

    base_url: str = Field(description="The API's address, https://app.pipefy.com")
    token_env: str = Field(description="Environment variable that holds a token")
    client_id_env: str = Field(description="Environment variable that holds a service account's client id")
    client_secret_env: str = Field(description="Environment variable that holds the account's client secret")
    allow_insecure_urls: bool = Field(default=False, description="Allow http and loopback: the sandbox")
    download_hosts: list[str] = Field(default=[], description="More host suffixes that files may come from")
    request_timeout_s: float = 60.0
    max_answer_bytes: int = 10 * 2**20
    max_download_bytes: int = 2 * 2**30
    download_timeout_s: float = 3600.0

    @property
    def connection(self) -> Connection:
        """The same facts, as the client takes them."""
        return Connection(
            base_url=self.base_url,
            token_env=self.token_env,
            client_id_env=self.client_id_env,
            client_secret_env=self.client_secret_env,
            allow_insecure_urls=self.allow_insecure_urls,
            download_hosts=tuple(self.download_hosts),
            request_timeout_s=self.request_timeout_s,
            max_answer_bytes=self.max_answer_bytes,
            max_download_bytes=self.max_download_bytes,
            download_timeout_s=self.download_timeout_s,
        )

    def client(self) -> PipefyClient:
        """Return a new client with the credentials that the environment holds now.

        Raises:
            ConfigurationError: There are none, or the base URL cannot be used.
        """
        return PipefyClient.from_environment(self.connection)


class ExportDatabaseResource(dg.ConfigurableResource):
    """The DuckDB file that holds the tables. Opened for the moment of a load only."""

    path: str = Field(description="The DuckDB file, absolute")
    lock_timeout_s: float = Field(description="How long to wait for another process that holds the file")
    read_copy: bool = Field(default=True, description="Publish a copy for readers after each load")

    @property
    def name(self) -> str:
        """The database's name as DuckDB gives it: the file's stem."""
        return Path(self.path).stem

    def load(
        self,
        file: Path,
        *,
        table: str,
        slice_: Slice,
        options: ReadOptions,
        on_stage: OnStage,
        on_staged: Callable[[StagedTable], None],
    ) -> LoadReport:
        """Load a file into its slice of a table.

        Raises:
            PipefyExportsError: As `loading.load_file` says.
        """
        return load_file(
            file,
            database=Path(self.path),
            table=table,
            slice_=slice_,
            options=options,
            lock_timeout_s=self.lock_timeout_s,
            read_copy=self.read_copy,
            on_stage=on_stage,
            on_staged=on_staged,
        )


def pipefy_resource(config: PipefyExportsConfig) -> PipefyResource:
    """Return the resource for a configuration."""
    connection = config.connection
    return PipefyResource(
        base_url=connection.base_url,
        token_env=connection.token_env,
        client_id_env=connection.client_id_env,
        client_secret_env=connection.client_secret_env,
        allow_insecure_urls=connection.allow_insecure_urls,
        download_hosts=list(connection.download_hosts),
        request_timeout_s=connection.request_timeout_s,
        max_answer_bytes=connection.max_answer_bytes,
        max_download_bytes=connection.max_download_bytes,
        download_timeout_s=connection.download_timeout_s,
    )


def database_resource(config: PipefyExportsConfig) -> ExportDatabaseResource:
    """Return the resource for a configuration."""
    return ExportDatabaseResource(
        path=str(config.database_path),
        lock_timeout_s=config.database_lock_timeout_s,
        read_copy=config.read_copy,
    )
