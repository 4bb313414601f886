"""How DuckDB reaches the object store of a lake's files: the AWS variables, which every S3 client reads."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

SECRET = "pipefy_exports_data"  # noqa: S105 - its name
IN_STORE = "s3://"
_UNREAD = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
    "AWS_PROFILE",
)
"""Where other clients take keys from. DuckDB's extension httpfs does not."""


def create_store_secret(
    connection: "duckdb.DuckDBPyConnection", data_path: str, environment: Mapping[str, str] | None = None
) -> None:
    """Give a connection the keys of the object store; those of no other bucket.

    Raises:
        ConfigurationError: There are none, or its address cannot be used.
    """
    known = {
        name: value.strip()
        for name, value in (environment or os.environ).items()
        if name.startswith("AWS_") and value.strip()
    }
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if name not in known]
    if missing:
        unread = [name for name in _UNREAD if name in known]
        raise ConfigurationError(
            f"the lake's files are at {data_path}, and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "not set: give the keys of a user who may read and write there"
            + (f"; a lake takes none from where {' or '.join(unread)} says" if unread else "")
        )
    bucket = data_path.removeprefix(IN_STORE).split("/")[0]
    said = [
        "TYPE s3",
        "PROVIDER config",
        f"SCOPE {literal(f'{IN_STORE}{bucket}')}",
        f"KEY_ID {literal(known['AWS_ACCESS_KEY_ID'])}",
        f"SECRET {literal(known['AWS_SECRET_ACCESS_KEY'])}",
        f"REGION {literal(known.get('AWS_REGION') or known.get('AWS_DEFAULT_REGION') or 'us-east-1')}",
    ]
    if token := known.get("AWS_SESSION_TOKEN"):
        said.append(f"SESSION_TOKEN {literal(token)}")
    if endpoint := known.get("AWS_ENDPOINT_URL_S3") or known.get("AWS_ENDPOINT_URL"):
        said += _of_endpoint(endpoint, known)
    # The extension has put the environment's keys into settings, which any query shows; a secret hides them.
    for setting in ("s3_access_key_id", "s3_secret_access_key", "s3_session_token"):
        connection.execute(f"SET GLOBAL {setting} = ''")
    connection.execute(f"CREATE OR REPLACE SECRET {SECRET} ({', '.join(said)})")


def _of_endpoint(endpoint: str, known: Mapping[str, str]) -> list[str]:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ConfigurationError("AWS_ENDPOINT_URL is no address of an object store; write https://host:port")
    if parts.scheme == "http" and known.get("AWS_ALLOW_HTTP", "").lower() not in {"true", "1"}:
        raise ConfigurationError(
            f"AWS_ENDPOINT_URL is {parts.scheme}://{parts.netloc}, where keys and rows would travel unencrypted: use "
            "https, or set AWS_ALLOW_HTTP=true"
        )
    return [
        f"ENDPOINT {literal(parts.netloc + parts.path.rstrip('/'))}",
        "URL_STYLE 'path'",
        f"USE_SSL {str(parts.scheme == 'https').lower()}",
    ]
