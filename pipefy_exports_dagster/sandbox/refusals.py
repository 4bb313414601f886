"""What the sandbox refuses, to be answered as a GraphQL error."""

import uuid


def extensions_of(code: str) -> dict[str, str]:
    """Return an error's `extensions`: its code, and the id of the request that Pipefy's support asks for."""
    return {"code": code, "correlation_id": str(uuid.uuid4())}


class Refusal(Exception):  # noqa: N818 -- it is an answer, not a fault of ours
    """A request that is answered with a GraphQL error; `code` goes into its `extensions`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def not_found(what: str, id_: object) -> Refusal:
    """Refuse something that does not exist."""
    return Refusal("RESOURCE_NOT_FOUND", f"{what} not found: {id_}")


def permission_denied(what: str, id_: object) -> Refusal:
    """Refuse something that exists, but that the token may not see."""
    return Refusal("PERMISSION_DENIED", f"Permission denied: {what} {id_}")


def invalid_input(message: str) -> Refusal:
    """Refuse input that the schema lets through but that means nothing."""
    return Refusal("BAD_USER_INPUT", message)
