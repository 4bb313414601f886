"""The HTTP endpoints of the sandbox's Pipefy."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pipefy_exports_dagster.sandbox.links import LinkState
from pipefy_exports_dagster.sandbox.operations import FILES_PATH, GRAPHQL_PATH, TOKEN_PATH
from pipefy_exports_dagster.sandbox.resolvers import RequestContext, Resolvers
from pipefy_exports_dagster.sandbox.schema import execute, load_schema
from pipefy_exports_dagster.sandbox.state import SandboxState
from pipefy_exports_dagster.sandbox.tokens import TokenRefusedError

_MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class Endpoints:
    """What Pipefy answers on each of its paths."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._schema = load_schema(state.settings.dialect)
        self._roots = Resolvers(state).roots()

    async def graphql(self, request: Request) -> Response:
        """Execute a GraphQL request for whoever the bearer token belongs to."""
        principal = self._state.tokens.principal(request.headers.get("authorization"))
        if principal is None:
            return JSONResponse(
                {
                    "error": "invalid_token",
                    "error_description": "The access token is missing, wrong or expired",
                },
                status_code=401,
                headers={"www-authenticate": 'Bearer error="invalid_token"'},
            )
        asked = _json_object(await request.body())
        if asked is None or not isinstance(asked.get("query"), str):
            return JSONResponse({"errors": [{"message": "No query string was present"}]}, status_code=400)
        context = RequestContext(principal, _base_url(request))
        # In a thread: counting a report's cards or writing a small file must not hold up the others.
        return JSONResponse(await run_in_threadpool(execute, self._schema, self._roots, context, asked))

    async def token(self, request: Request) -> Response:
        """Issue an access token for a service account's credentials."""
        try:
            return JSONResponse(self._state.tokens.issue(_form(await request.body())))
        except TokenRefusedError as refused:
            status = 401 if refused.code == "invalid_client" else 400
            return JSONResponse(
                {"error": refused.code, "error_description": str(refused)}, status_code=status
            )

    async def file(self, request: Request) -> Response:
        """Serve an export's file to whoever has a valid link."""
        query = request.query_params
        link = self._state.links.check(request.url.path, query.get("expires_on"), query.get("signature"))
        if link is LinkState.FORGED:
            return PlainTextResponse("SignatureDoesNotMatch", status_code=403)
        if link is LinkState.EXPIRED:
            return PlainTextResponse("The link has expired", status_code=410)
        path = self._state.exports.file(request.path_params["export"])
        if path is None:
            return PlainTextResponse("Not found", status_code=404)
        name = request.path_params["name"]
        return FileResponse(path, filename=name, media_type=_MEDIA_TYPES[path.suffix[1:]])


def build_app(state: SandboxState, more_routes: Sequence[Route] = ()) -> Starlette:
    """Build the application: GraphQL, tokens, files, and what is not Pipefy's."""
    endpoints = Endpoints(state)
    return Starlette(
        routes=[
            Route(GRAPHQL_PATH, endpoints.graphql, methods=["POST"]),
            Route(TOKEN_PATH, endpoints.token, methods=["POST"]),
            Route(FILES_PATH + "orgs/{organization}/reports/{export}/{name}", endpoints.file),
            *more_routes,
        ]
    )


def _form(body: bytes) -> dict[str, object]:
    """Read a token request, which comes as a form or as JSON."""
    return _json_object(body) or dict(parse_qsl(body.decode("utf-8", "replace")))


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) else None


def _base_url(request: Request) -> str:
    """Return the address that the client used, also where a proxy stands between."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.url.scheme).split(",")[0].strip()
    host = headers.get("x-forwarded-host", headers.get("host", "")).split(",")[0].strip()
    return f"{scheme}://{host}"
