"""Opens a bucket: which keys, endpoint and region are used, the variables say that every S3 client reads.

obstore reads them itself. What it would say late, or with a value in its message, is looked at here first.
"""

import functools
import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipefy_exports_dagster.config.setting_names import RAW_FILES
from pipefy_exports_dagster.errors import ConfigurationError

if TYPE_CHECKING:
    from obstore.store import S3Store

KEY_ID, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
OTHER_SOURCES: tuple[tuple[str, ...], ...] = (
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    ("AWS_METADATA_ENDPOINT",),
    ("AWS_SKIP_SIGNATURE",),
)
"""Where obstore takes keys from, or that it needs none: Kubernetes and containers set these.

Without any of them, and where one of two is missing, it asks the metadata of an EC2 instance: elsewhere that takes
long, and ends with an error about another host.
"""
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
SENT = (KEY_ID, SECRET, "AWS_SESSION_TOKEN", "AWS_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", *ENDPOINTS)
"""What is sent with a request, or says where to."""
STALLED_S = 120
"""Seconds without a byte, or until a part is sent: that takes 2 Mbit/s."""
RETRIES = 5
"""Of a request that failed with 5xx or a broken connection: ten seconds in all. Then Dagster retries the step."""


def host_of(environment: Mapping[str, str]) -> str:
    """Return where the object store is, without what an address may hold beside."""
    parts = urlsplit(_endpoint(environment))
    host = parts.hostname or "AWS"
    return f"{host}:{parts.port}" if parts.port else host


def _endpoint(environment: Mapping[str, str]) -> str:
    return next((value for name in ENDPOINTS if (value := environment.get(name, "").strip())), "")


@functools.lru_cache(maxsize=4)
def open_store(bucket: str, of_aws: tuple[tuple[str, str], ...]) -> "S3Store":
    """Open a bucket. Nothing is sent; it is kept, because its connections are.

    Raises:
        ConfigurationError: The extra is not installed, a variable is missing, or the endpoint is not https.
    """
    environment = dict(of_aws)
    try:
        from obstore.store import S3Store
    except ImportError:
        raise ConfigurationError(
            f"{RAW_FILES} is s3://{bucket}..., which takes an extra that is not installed: pip install "
            "'pipefy-exports-dagster[scale]'"
        ) from None
    _require_keys(environment, bucket)
    _require_plain_text(environment)
    allow_http = _is_true(environment.get("AWS_ALLOW_HTTP", ""))
    _require_https(_endpoint(environment), allow_http=allow_http)
    try:
        return S3Store(
            bucket,
            client_options={
                "allow_http": True,  # refused above, but for this machine and where a person allows it
                "connect_timeout": timedelta(seconds=10),
                "read_timeout": timedelta(seconds=STALLED_S),
                "timeout": timedelta(hours=1),
            },
            retry_config={
                "max_retries": RETRIES,
                "backoff": {
                    "init_backoff": timedelta(milliseconds=200),
                    "max_backoff": timedelta(seconds=5),
                    "base": 2,
                },
                "retry_timeout": timedelta(minutes=2),
            },
        )
    except Exception as error:  # noqa: BLE001 - its text may quote a variable's value
        raise ConfigurationError(
            f"the bucket {bucket!r} cannot be opened ({type(error).__name__}): check the variables that begin with AWS_"
        ) from None


def _require_keys(environment: Mapping[str, str], bucket: str) -> None:
    given = {name for name, value in environment.items() if value.strip()}
    if any(given.issuperset(source) for source in OTHER_SOURCES):
        return
    missing = [name for name in (KEY_ID, SECRET) if name not in given]
    if not missing:
        return
    halves = [set(source) for source in OTHER_SOURCES if given.intersection(source)]
    hints = [f"{' and '.join(half & given)} needs {' and '.join(half - given)} beside it" for half in halves]
    if "AWS_PROFILE" in given:
        hints.append("AWS_PROFILE is not read")
    raise ConfigurationError(
        f"{RAW_FILES} is s3://{bucket}..., and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
        "not set: give the keys of a user who may read and write that bucket; on EC2 "
        "AWS_METADATA_ENDPOINT=http://169.254.169.254 takes those of the instance"
        + "".join(f"; {hint}" for hint in hints)
    )


def _require_plain_text(environment: Mapping[str, str]) -> None:
    """Refuse what cannot be sent: obstore would end in a panic of its own, with a trace on the terminal."""
    for name in SENT:
        value = environment.get(name, "")
        if value and (not value.isascii() or not value.isprintable() or " " in value):
            raise ConfigurationError(
                f"{name} has a space, a line's end or a character that no key or address has: set it again"
            )


def _require_https(endpoint: str, *, allow_http: bool) -> None:
    if not endpoint:
        return
    try:
        parts = urlsplit(endpoint)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigurationError(
            "AWS_ENDPOINT_URL is no address; use https://host, or leave it out for AWS itself"
        )
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname or ""):
        raise ConfigurationError(
            f"AWS_ENDPOINT_URL is http, and {parts.hostname} is another machine: anybody on the way could read the "
            "exports. Use https; if that network is yours alone, set AWS_ALLOW_HTTP=true"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_true(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on", "y"}
