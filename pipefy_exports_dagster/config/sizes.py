"""Sizes as people write them: `4GB`, `500 MB`, `2GiB`, or a number of bytes."""

import re

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?(?:([kmgt])(i)?)?b?(?:ytes)?", re.IGNORECASE)


def bytes_of(text: str) -> int | None:
    """Return the bytes of a size; None if the text is none. `GB` is 1000 MB, `GiB` is 1024 MiB."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    number, unit, is_binary = match[1], (match[2] or "").lower(), bool(match[3])
    factor: int = (1024 if is_binary else 1000) ** " kmgt".index(unit or " ")
    return int(float(number) * factor) if "." in number else int(number) * factor
