"""GraphQL errors as errors of ours.

Three kinds have to be told apart, because they decide what may be sent again: the request was refused
unread (another dialect may be tried), it was refused (nothing helps), or it broke on the way (it may
have been done).
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus  # not httpx: the code location imports this
from typing import Any

from pipefy_exports_dagster.config.setting_names import ORGANIZATION_ID
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    FeatureUnavailableError,
    PermissionDeniedError,
    PipefyExportsError,
    RateLimitedError,
    RequestRejectedError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text

# Codes are compared in capitals, without underscores: servers spell them `NOT_FOUND` and `undefinedField`.
PERMISSION_CODES = {"PERMISSIONDENIED", "FORBIDDEN", "NOTAUTHORIZED", "UNAUTHORIZED"}
AUTHENTICATION_CODES = {"UNAUTHENTICATED", "AUTHENTICATIONERROR"}
THROTTLE_CODES = {"THROTTLED", "RATELIMITED", "RATELIMITEXCEEDED", "TOOMANYREQUESTS"}
INPUT_CODES = {"RECORDINVALID", "ARGUMENTERROR", "BADUSERINPUT"}
FEATURE_CODES = {"FEATUREBLOCKED", "FEATURENOTENABLED", "FEATUREDISABLED", "FEATUREUNAVAILABLE"}
BROKEN_CODES = {"INTERNALSERVERERROR", "INTERNALERROR", "SERVICEUNAVAILABLE", "TIMEOUT"}
SCHEMA_CODES = {
    "GRAPHQLVALIDATIONFAILED",
    # graphql-ruby's, which Pipefy's answers look like:
    "UNDEFINEDFIELD", "UNDEFINEDTYPE", "ARGUMENTNOTACCEPTED", "ARGUMENTLITERALSINCOMPATIBLE",
    "MISSINGREQUIREDARGUMENTS", "MISSINGREQUIREDINPUTOBJECTATTRIBUTE", "VARIABLEMISMATCH",
    "VARIABLEREQUIRESVALIDTYPE",
}  # fmt: skip

NOT_FOUND_WORDS = ("not found", "does not exist", "doesn't exist", "couldn't find")
"""In messages of Pipefy's older parts, which give no code; the vendor's SDK goes by them as well."""
SCHEMA_WORDS = {"field", "argument", "type", "variable", "enum", "fragment", "directive", "operation"}
"""What a schema's refusal says that something does not exist of: "Field 'x' doesn't exist on type 'Y'"."""
NEVER_EXPORTS = SCHEMA_WORDS | {"permission", "permissions", "relation", "table", "column"}
"""What may be an export's, as in "relation 'exports' does not exist", and says nothing of one export."""
OTHER_THINGS = {"organization", "user", "member", "account", "token", "worker", "server", "service", "host"}
"""What else may be missing, unless the message names an export as well."""


def errors_in(payload: Mapping[str, Any]) -> Sequence[Any]:
    """Return the errors of an answer as a list, whatever shape they have."""
    errors = payload.get("errors")
    if isinstance(errors, list):
        return errors
    return [errors] if errors else []


def message_of(error: Any) -> str:
    """Return an error's message, as it may be shown."""
    return sanitized_text(error.get("message") or "no message" if isinstance(error, Mapping) else error)


def error_of(payload: Mapping[str, Any], *, status: int = HTTPStatus.OK) -> PipefyExportsError:
    """Return the errors of an answer as one error of ours.

    Args:
        payload: An answer with errors.
        status: The HTTP status that came with it.
    """
    errors = errors_in(payload)
    codes = tuple(code for error in errors if (code := _extension(error, "code")))
    ids = dict.fromkeys(id_ for error in errors if (id_ := _extension(error, "correlation_id")))
    correlation_id = ", ".join(list(ids)[:3]) or None
    text = sanitized_text("; ".join(dict.fromkeys(message_of(error) for error in errors)), max_length=600)
    if correlation_id:
        text += f" (Pipefy's correlation id, which its support asks for: {correlation_id})"
    return _error_in(payload, errors, codes, text, status).of_request(correlation_id)


def _error_in(
    payload: Mapping[str, Any], errors: Sequence[Any], codes: tuple[str, ...], text: str, status: int
) -> PipefyExportsError:
    plain = {code.upper().replace("_", "") for code in codes}
    if told := _told_by_code(plain, codes, text, status):
        return told
    export_not_found = not plain and _say_export_not_found(errors)
    if _is_schema_mismatch(payload, errors):
        return SchemaMismatchError(
            f"Pipefy's schema refuses the request: {text}", codes=codes, export_not_found=export_not_found
        )
    if plain & BROKEN_CODES or ("data" not in payload and status == HTTPStatus.OK):
        # Without `data` the request was not run, by the specification; an application that crashed while
        # it ran it answers the same, and only a place in the document tells the two apart.
        return ServerUnavailableError(
            f"Pipefy could not answer: {text}", status=status, export_not_found=export_not_found
        )
    said = _not_found_text(text) if _missing_in(text) else f"Pipefy refuses the request: {text}"
    return RequestRejectedError(said, codes=codes, export_not_found=export_not_found)


def _told_by_code(
    plain: set[str], codes: tuple[str, ...], text: str, status: int
) -> PipefyExportsError | None:
    """Return the error where a code says what it is, whatever the text; None where it needs more than that."""
    if plain & AUTHENTICATION_CODES:
        return AuthenticationError(f"Pipefy does not accept the credentials: {text}")
    if plain & PERMISSION_CODES:
        return PermissionDeniedError(
            f"Pipefy denies permission: {text}. The credentials' owner needs to be an administrator of "
            f"the organization, and {ORGANIZATION_ID} has to be that organization"
        )
    if plain & THROTTLE_CODES:
        return RateLimitedError(f"Pipefy asks to slow down: {text}", status=status)
    if plain & FEATURE_CODES:
        return FeatureUnavailableError(
            f"the organization's plan does not have this: {text}. Ask Pipefy to add it to the plan, or use another "
            f"organization: {ORGANIZATION_ID}",
            codes=codes,
        )
    if plain & INPUT_CODES:
        return RequestRejectedError(f"Pipefy refuses the request: {text}", codes=codes)
    if any("NOTFOUND" in code for code in plain):
        return RequestRejectedError(_not_found_text(text), codes=codes, not_found=True)
    return None


def _not_found_text(text: str) -> str:
    return (
        f"Pipefy does not find what was asked for: {text}. Check {ORGANIZATION_ID}, the number after "
        "/organizations/ in the address of the organization's page, and the ids of reports and pipes"
    )


def _say_export_not_found(errors: Sequence[Any]) -> bool:
    """Whether messages without a code, in answer to an export's id, surely say that there is no such export."""
    missing = [_missing_in(message_of(error)) for error in errors]
    return all(thing and ("export" in thing or not OTHER_THINGS & _words(thing)) for thing in missing)


def _missing_in(message: str) -> str:
    """Return what a message says that there is none of, whatever has an id; empty if it says no such thing."""
    # Rails adds the condition of its query, with names of columns: `[WHERE "exports"."type" = $1]`.
    text = message.lower().replace("\u2019", "'").partition("[where")[0]
    if NEVER_EXPORTS & _words(text):
        return ""
    for phrase in NOT_FOUND_WORDS:
        before, found, after = text.partition(phrase)
        if found:
            return (after if phrase == "couldn't find" else before).strip() or text
    return ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text))


def _is_schema_mismatch(payload: Mapping[str, Any], errors: Sequence[Any]) -> bool:
    """Whether the document was refused before anything of it was run.

    Either each error says so with a code, or there is no `data` and each names a place in the document.
    """
    if payload.get("data") is not None:
        return False
    codes = [(_extension(error, "code") or "").upper().replace("_", "") for error in errors]
    if all(code in SCHEMA_CODES for code in codes):
        return True
    return "data" not in payload and all(
        isinstance(error, Mapping) and error.get("locations") for error in errors
    )


def _extension(error: Any, name: str) -> str | None:
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    value = extensions.get(name) if isinstance(extensions, Mapping) else None
    return sanitized_text(value, max_length=80) if isinstance(value, str) and value else None
