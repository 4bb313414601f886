"""How many exports are doing: one request for up to fifty of them, by aliases.

Only the states are asked for, never the links: whoever downloads asks for a fresh one.
"""

import json
import random
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from pipefy_exports_dagster.errors import (
    ExportNotFoundError,
    PermissionDeniedError,
    PipefyExportsError,
    RateLimitedError,
    RequestRejectedError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.export import Export, ExportKind, parse_export
from pipefy_exports_dagster.pipefy.graphql_errors import error_of, errors_in

MAX_BATCH = 50
MAX_SINGLE_REQUESTS = 10
"""Exports asked about one by one in a round, where the batch had no answer for them."""


@dataclass(frozen=True, slots=True)
class Question:
    """An export to ask about. `key` is what its answer is found by: ids of two kinds may be equal."""

    key: Hashable
    export_id: str
    kind: ExportKind


@dataclass(slots=True)
class Answers:
    """What Pipefy said, by the questions' keys; who is in none of the three was not asked about.

    `trouble` is why an export could not be asked about, `failure` why a whole request could not.
    """

    exports: dict[Hashable, Export]
    unknown: set[Hashable]
    trouble: dict[Hashable, str]
    failure: str = ""


class StatusClient(PipefyClient):
    """Asks about many exports at once."""

    def ask(self, questions: Sequence[Question], *, budget_s: float) -> Answers:
        """Ask about exports, in batches, and singly about those without an answer.

        Args:
            questions: Which exports; their order does not matter.
            budget_s: No request starts later than this.
        """
        deadline = time.monotonic() + budget_s
        answers = Answers({}, set(), {})
        # In any order: if the time is always up too early, it is not always the same that are left out.
        shuffled = random.sample(questions, len(questions))
        for start in range(0, len(shuffled), MAX_BATCH):
            if time.monotonic() >= deadline:
                return answers
            try:
                answers.exports |= self._ask_batch(shuffled[start : start + MAX_BATCH])
            except PipefyExportsError as error:
                if _concerns_all(error):
                    answers.failure = str(error)
                    return answers
        unanswered = [question for question in shuffled if question.key not in answers.exports]
        for question in unanswered[:MAX_SINGLE_REQUESTS]:
            if time.monotonic() >= deadline:
                break
            self._ask_singly(question, answers)
        return answers

    def _ask_singly(self, question: Question, answers: Answers) -> None:
        try:
            answers.exports[question.key] = question.kind.refresh(self, question.export_id)
        except ExportNotFoundError:
            answers.unknown.add(question.key)
        except PipefyExportsError as error:
            answers.trouble[question.key] = str(error)

    def _ask_batch(self, questions: Sequence[Question]) -> dict[Hashable, Export]:
        """Return the exports that one request answers.

        Raises:
            PipefyExportsError: It answers none: the server, the credentials or the document are refused.
        """
        variables = {f"id{number}": question.export_id for number, question in enumerate(questions)}
        content = json.dumps({"query": _document(questions), "variables": variables}).encode()
        data = self._ask(content, _data_in)
        exports: dict[Hashable, Export] = {}
        for number, question in enumerate(questions):
            answer = data.get(f"e{number}")
            if isinstance(answer, Mapping):
                exports[question.key] = parse_export(
                    answer, export_id=question.export_id, state_field=question.kind.state_field
                )
        return exports


def _concerns_all(error: PipefyExportsError) -> bool:
    """Whether an error is about Pipefy or the credentials, rather than about what a document asks for."""
    if isinstance(error, ServerUnavailableError) and not isinstance(error, RateLimitedError):
        return error.status != httpx.codes.OK
    return not isinstance(error, RequestRejectedError | PermissionDeniedError)


def _data_in(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the data of an answer in which some of the fields may be missing; raise if all are."""
    data = payload.get("data")
    data = data if isinstance(data, Mapping) else {}
    if all(value is None for value in data.values()) and errors_in(payload):
        raise error_of(payload)
    return data


def _document(questions: Sequence[Question]) -> str:
    variables = ", ".join(f"$id{number}: ID!" for number in range(len(questions)))
    lines = []
    for number, question in enumerate(questions):
        kind = question.kind
        lines.append(f"  e{number}: {kind.refresh_field}(id: $id{number}) {{ id {kind.state_field} }}")
    return "\n".join([f"query PendingExports({variables}) {{", *lines, "}"])
