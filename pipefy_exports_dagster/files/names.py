"""File names made from external text."""

import hashlib
import re

SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
"""No capitals: where a file system ignores case, `aB` and `Ab` would be one file."""


def safe_name(text: str) -> str:
    """Return text as a file name: the text itself if that is safe, otherwise a name that a digest makes unique.

    An export id comes from a server, so `../../x` must not leave the folder.
    """
    if SAFE_NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^a-z0-9_-]+", "-", text[:200].lower()).strip("-_")[:60]
    # A safe name contains no tilde, so an id that looks like a digest cannot collide with one.
    return f"{readable or 'id'}~{digest}"
