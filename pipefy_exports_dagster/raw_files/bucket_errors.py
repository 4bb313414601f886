"""Errors of an object store, as ours. The library's own messages quote addresses and answers, so none is passed on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from pipefy_exports_dagster.config.setting_names import RAW_FILES
from pipefy_exports_dagster.errors import PipefyExportsError, StorageError, StoreUnavailableError

KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN"
_STATUS = re.compile(r"status code: (\d{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_REDIRECTED = "redirect without LOCATION"
"""How obstore says that it was sent to another region."""
_ASKED = re.compile(r"Error performing [A-Z]{3,7} (\S{1,2000}) in ")
"""What was asked. It is left out of requests for keys to the service that gives them for a token."""
_NO_TOKEN = "Failed to read token file"  # noqa: S105 - a message
_TOO_MANY, _TIMED_OUT, _SERVER_ERROR = 429, 408, 500
_BAD_KEYS = {
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_OTHER_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}


@contextmanager
def bucket_errors(doing: str, bucket: str, host: str, *, may_be_absent: bool = False) -> Iterator[None]:
    """Turn the library's errors into ours.

    Args:
        doing: What was done, such as "writing s3://bucket/key".
        bucket: The bucket's name.
        host: Where the object store is.
        may_be_absent: An object that is not there is a FileNotFoundError, without the library's text.

    Raises:
        FileNotFoundError: There is no such object.
        StoreUnavailableError: It may pass.
        StorageError: Another try would not help.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        if may_be_absent and "<Code>NoSuchBucket</Code>" not in str(error):
            raise FileNotFoundError from None
        raise _error(str(error), doing, bucket, host) from None
    except BaseError as error:
        raise _error(str(error), doing, bucket, host) from None


def _error(text: str, doing: str, bucket: str, host: str) -> PipefyExportsError:
    return _without_keys(text, doing) if _is_about_keys(text, bucket) else _refused(text, doing, bucket, host)


def _without_keys(text: str, doing: str) -> PipefyExportsError:
    found = _STATUS.search(text)
    stays = _NO_TOKEN in text or (found is not None and int(found[1]) < _SERVER_ERROR)
    return (StorageError if stays else StoreUnavailableError)(
        f"{doing} failed: no keys could be had from where AWS_WEB_IDENTITY_TOKEN_FILE, "
        f"AWS_CONTAINER_CREDENTIALS_... or AWS_METADATA_ENDPOINT says{f' ({found[1]})' if found else ''}. Check the "
        f"role that this machine or container has, or set {KEYS}"
    )


def _refused(text: str, doing: str, bucket: str, host: str) -> PipefyExportsError:
    found, named = _STATUS.search(text), _CODE.search(text)
    status, code = int(found[1]) if found else 0, named[1] if named else ""
    said = f"{status} {code}".strip()
    if code in _OTHER_REGION or status in {301, 307} or _REDIRECTED in text:
        return StorageError(
            f"{doing} failed: bucket {bucket!r} is in another region than AWS_REGION says. Set it to the bucket's"
        )
    if not status:
        return StoreUnavailableError(
            f"{doing} failed: the object store at {host} did not answer, or the connection broke. If that goes on, "
            "check the network and AWS_ENDPOINT_URL"
        )
    if status >= _SERVER_ERROR or status in {_TOO_MANY, _TIMED_OUT} or code in {"RequestTimeout", "SlowDown"}:
        return StoreUnavailableError(f"{doing} failed: the object store at {host} answered {said}, each time")
    if code == "NoSuchBucket":
        return StorageError(
            f"{doing} failed: there is no bucket {bucket!r} at {host}. Make it, or correct {RAW_FILES}"
        )
    if code == "RequestTimeTooSkewed":
        return StorageError(f"{doing} failed: this machine's clock is wrong, says the object store. Set it")
    if code in _BAD_KEYS:
        return StorageError(
            f"{doing} failed: the object store at {host} does not accept the keys ({said}). Correct {KEYS}"
        )
    if status in {401, 403}:
        return StorageError(
            f"{doing} failed: the keys may not do that ({said}). The policy of their user has to allow s3:ListBucket "
            f"on bucket {bucket!r}, and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it; or "
            "AWS_SECRET_ACCESS_KEY is wrong"
        )
    return StorageError(
        f"{doing} failed: the object store at {host} answered {said}. Check {RAW_FILES}, "
        "AWS_ENDPOINT_URL and AWS_REGION"
    )


def _is_about_keys(text: str, bucket: str) -> bool:
    """Whether an error is of a request for keys, which names no bucket."""
    if _NO_TOKEN in text:
        return True
    asked = _ASKED.search(text)
    if asked is None:
        return False
    try:
        parts = urlsplit(asked[1])
        return bucket not in parts.path.split("/") and not (parts.hostname or "").startswith(f"{bucket}.")
    except ValueError:
        return False
