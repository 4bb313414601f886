"""What tells a request from others: an export is resumed only for the request that it was made for."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def fingerprint_of(base_url: str, kind: str, request: Mapping[str, Any]) -> str:
    """Return a digest of what is asked for and where: an export answers only the request it was made for."""
    from pipefy_exports_dagster.pipefy.addresses import normalize_base_url  # imports httpx

    identity = {"base_url": normalize_base_url(base_url), "kind": kind, "request": request}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
