"""Names of files that are made of text from elsewhere."""

import hashlib
import re

SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
"""No capitals: where a file system ignores case, `aB` and `Ab` would be one file."""


def safe_name(text: str) -> str:
    """Return text as the name of a file: itself where that is safe, otherwise a digest tells it apart.

    An export id comes from a server, so `../../x` must not leave the folder.
    """
    if SAFE_NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^a-z0-9_-]+", "-", text[:200].lower()).strip("-_")[:60]
    # The tilde is in no safe name, so a digest cannot be forged by an id that looks like one.
    return f"{readable or 'id'}~{digest}"
