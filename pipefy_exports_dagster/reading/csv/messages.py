import re
from http import HTTPStatus

# No longer header has been seen; an empty table would be the wrong result for a page of text.
_LONGEST_HEADER = 100
_FIRST_ERROR = 400
_ERRORS = frozenset(status.phrase.casefold() for status in HTTPStatus if status >= _FIRST_ERROR) | {
    "access denied",
    "an error occurred",
    "backend fetch failed",
    "invalid token",
    "no healthy upstream",
    "not authorized",
    "request has expired",
    "server error",
    "something went wrong",
    "stream timeout",
    "temporarily unavailable",
    "unknown error",
    "upstream request timeout",
}
_STATUS = re.compile(r"^(http/\d(\.\d)?\s+)?([45]\d\d\b\W*)?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_SENTENCE = re.compile(r"[.!?…]$|:\s")


def is_message(text: str) -> bool:
    """Distinguish a line of text with an error message, such as a server's, from the header of a table without rows.

    A message is a sentence (it ends like one, or contains a colon), or longer than any header, or a status of a server:
    `503 Service Unavailable`. Text that no user types is not a header either. If a message were taken for a header, an
    empty table would replace the existing rows.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        return not lines
    if _CONTROL.search(text):
        return True
    line = lines[0].strip('"')
    says = _STATUS.sub("", line).strip(" .!").casefold()
    return len(line) > _LONGEST_HEADER or bool(_SENTENCE.search(line)) or not says or says in _ERRORS
