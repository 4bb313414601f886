"""The sandbox's own controls over HTTP, for other processes: `/sandbox/...`.

Without authentication, because a sandbox holds nothing and listens on the loopback interface. A web page that is
open in a browser on this machine reaches it too, though, so its requests are refused: by their Origin, and by a Host
that is a name on the internet which was made to lead here.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipefy_exports_dagster.sandbox.clock import format_moment, parse_moment
from pipefy_exports_dagster.sandbox.faults import FAULTS, Fault, FaultPlan
from pipefy_exports_dagster.sandbox.state import SandboxState


def control_routes(state: SandboxState, plan: FaultPlan) -> list[Route]:
    """Return the routes that show and set what a test needs."""

    async def stats(request: Request) -> Response:
        if request.method == "DELETE":
            state.stats.reset()
        return JSONResponse(state.stats.as_json())

    async def clock(request: Request) -> Response:
        if request.method == "POST":
            asked = await _asked(request)
            if "now" in asked:
                state.clock.set(parse_moment(asked["now"]))
            state.clock.advance(timedelta(seconds=float(asked.get("advance_seconds", 0))))
        return JSONResponse({"now": format_moment(state.clock.now())})

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            plan.clear()
            state.tokens.restore()
        elif request.method == "POST":
            asked = await _asked(request)
            if "spec" in asked:
                plan.arm(asked["spec"])
            else:
                plan.add(asked["operation"], asked["fault"], asked.get("times", 1), asked.get("argument"))
        return JSONResponse(
            {
                "armed": [armed.as_json() for armed in plan.armed],
                "available": [_describe(fault) for fault in FAULTS.values()],
            }
        )

    def guarded(endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
        return _for_this_machine(_complaining(endpoint), bound_to=state.settings.host)

    return [
        Route("/sandbox/faults", guarded(faults), methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/stats", guarded(stats), methods=["GET", "DELETE"]),
        Route("/sandbox/clock", guarded(clock), methods=["GET", "POST"]),
    ]


def _for_this_machine(endpoint: Callable[[Request], Any], *, bound_to: str) -> Callable[[Request], Any]:
    async def guarded(request: Request) -> Response:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not _is_here(host, bound_to):
            problem = f"the Host {host!r} is not this machine's; use 127.0.0.1, localhost or an address"
        elif origin is not None and origin.lower() != f"{request.url.scheme}://{host}".lower():
            problem = "web pages may not use the sandbox's controls"
        else:
            response: Response = await endpoint(request)
            return response
        return JSONResponse({"error": problem}, status_code=403)

    return guarded


def _is_here(host: str, bound_to: str) -> bool:
    """Tell whether a Host is an address, or a name that no stranger can let lead here."""
    name = re.sub(r":\d{1,5}\Z", "", host).lower()
    if name in {"localhost", bound_to.lower()}:
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _describe(fault: Fault) -> dict[str, Any]:
    return {
        "fault": fault.name,
        "operations": sorted(fault.operations),
        "description": fault.description,
        "argument": fault.argument and {"meaning": fault.argument.meaning, "default": fault.argument.default},
    }


async def _asked(request: Request) -> dict[str, Any]:
    asked = json.loads(await request.body() or b"{}")
    if not isinstance(asked, dict):
        raise TypeError("the body must be a JSON object")
    return asked


def _complaining(endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def guarded(request: Request) -> Response:
        try:
            response: Response = await endpoint(request)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": _explain(error)}, status_code=400)
        return response

    return guarded


def _explain(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
