import re
from http import HTTPStatus

# A header longer than that has yet to be seen; an empty table is no good answer to a page of text.
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
    """Tell one line of text that says an error, such as a server's, from the header of a table without rows.

    A message is a sentence (it ends like one, or has a colon within), or longer than any header, or what servers say:
    `503 Service Unavailable`; what no person types is no header either. An empty table would take the place of the rows
    that are there.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        return not lines
    if _CONTROL.search(text):
        return True
    line = lines[0].strip('"')
    says = _STATUS.sub("", line).strip(" .!").casefold()
    return len(line) > _LONGEST_HEADER or bool(_SENTENCE.search(line)) or not says or says in _ERRORS
