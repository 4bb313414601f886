"""What a request is for: faults and counts go by this."""

import json
import re
from enum import StrEnum
from typing import Any

from graphql import FieldNode, GraphQLSyntaxError, OperationDefinitionNode, parse


class Operation(StrEnum):
    """The steps in the life of an export, and everything else that is asked."""

    TOKEN = "token"  # noqa: S105
    CREATE = "create"
    STATUS = "status"
    DOWNLOAD = "download"
    LOOKUP = "lookup"


TOKEN_PATH = "/oauth/token"  # noqa: S105
GRAPHQL_PATH = "/graphql"
FILES_PATH = "/storage/v1/signed/"


def operation_of(root_field: str) -> Operation:
    """Return what a root field of the API is for; Pipefy names all exports' fields in the same way."""
    if re.fullmatch(r"export[A-Z]\w*|create\w*Export", root_field):
        return Operation.CREATE
    return Operation.STATUS if root_field.endswith("Export") else Operation.LOOKUP


def classify(path: str, body: bytes) -> tuple[Operation | None, tuple[str, ...]]:
    """Return what a request is for, and the GraphQL root fields that it names.

    The operation is None for a path that Pipefy does not have, such as the sandbox's own controls.
    """
    if path == TOKEN_PATH:
        return Operation.TOKEN, ()
    if path.startswith(FILES_PATH):
        return Operation.DOWNLOAD, ()
    if path != GRAPHQL_PATH:
        return None, ()
    fields = _root_fields(body)
    operations = [operation_of(field) for field in fields]
    known = [operation for operation in operations if operation is not Operation.LOOKUP]
    return (known[0] if known else Operation.LOOKUP), fields


def _root_fields(body: bytes) -> tuple[str, ...]:
    try:
        request: Any = json.loads(body)
        document = parse(request["query"])
    except (ValueError, TypeError, KeyError, GraphQLSyntaxError):
        return ()
    return tuple(
        selection.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for selection in definition.selection_set.selections
        if isinstance(selection, FieldNode)
    )
