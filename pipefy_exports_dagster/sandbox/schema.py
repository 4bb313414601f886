"""The GraphQL schema of one dialect, and its execution."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    ValueNode,
    build_schema,
    graphql_sync,
    value_from_ast_untyped,
)

from pipefy_exports_dagster.sandbox.settings import ApiDialect


def load_schema(dialect: ApiDialect) -> GraphQLSchema:
    """Build the schema with the forms of `createAutomationJobsExport` that `dialect` has."""
    folder = resources.files(__package__)
    schema = build_schema(
        folder.joinpath("schema.graphql").read_text("utf-8")
        + folder.joinpath("dialects", f"{dialect}.graphql").read_text("utf-8")
    )
    value = cast("GraphQLScalarType", schema.type_map["ReportCardsFilterValue"])
    value.parse_value = _parse_filter_value  # type: ignore[method-assign]
    value.parse_literal = _parse_filter_literal  # type: ignore[method-assign]
    return schema


def execute(
    schema: GraphQLSchema, roots: Mapping[str, Any], context: Any, request: Mapping[str, Any]
) -> dict[str, Any]:
    """Execute a GraphQL request and return the body of its answer.

    `roots` holds the resolver of each root field; `request` is what came: `query`, `variables` and
    `operationName`.
    """
    result: ExecutionResult = graphql_sync(
        schema,
        request["query"],
        root_value=roots,
        context_value=context,
        variable_values=request.get("variables"),
        operation_name=request.get("operationName"),
    )
    answer = cast("dict[str, Any]", result.formatted)
    if result.data is None and not any(error.path for error in result.errors or ()):
        del answer["data"]  # nothing was executed: then, says the specification, there is no data at all
    return answer


def _parse_filter_value(value: Any) -> Any:
    """Accept a string or a list of strings: the guide shows a list, the vendor's SDK sends a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    raise GraphQLError(f"ReportCardsFilterValue must be a string or a list of strings, not {value!r}")


def _parse_filter_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return _parse_filter_value(value_from_ast_untyped(node, variables))
