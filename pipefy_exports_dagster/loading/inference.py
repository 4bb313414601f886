"""The type of each text column: candidates are eliminated on a sample, the survivor verified on all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .column_types import MAX_DECIMAL_DIGITS, VARCHAR, Decimal
from .text_types import DECIMAL, Candidate

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 2_000

_SAME, _CHANGED, _MISFIT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class TypedText:
    """What a text column turned out to be; `candidate` is None where it stays text."""

    type: str
    has_values: bool
    candidate: Candidate | None = None
    has_raw: bool = False


def infer_types(
    connection: "duckdb.DuckDBPyConnection", relation: str, questions: Mapping[int, Sequence[Candidate]]
) -> dict[int, TypedText]:
    """Settle the types of text columns `c<i>` of a relation.

    A value that does not fit makes the column fall to its next candidate, and to text after the last. One
    scan of all rows verifies all columns; another follows only for those whose candidate fell.

    Args:
        questions: Candidates by column position, narrowest first; with none, only whether there are values is asked.
    """
    open_: Mapping[int, Sequence[Candidate]] = _survivors_of_sample(connection, relation, questions)
    settled: dict[int, TypedText] = {}
    while open_:
        facts = _verify(connection, relation, open_)
        still_open: dict[int, Sequence[Candidate]] = {}
        for position, candidates in open_.items():
            typed = _judge(candidates[0] if candidates else None, facts[position])
            if typed:
                settled[position] = typed
            else:
                still_open[position] = candidates[1:]
        open_ = still_open
    return settled


def _survivors_of_sample(
    connection: "duckdb.DuckDBPyConnection", relation: str, questions: Mapping[int, Sequence[Candidate]]
) -> Mapping[int, Sequence[Candidate]]:
    left = questions
    # A glance spares most text columns their regular expressions, of which planning alone costs a millisecond.
    for test in (_glance, _verdict):
        asked = [(position, candidate) for position, candidates in left.items() for candidate in candidates]
        if not asked:
            break
        verdicts = ", ".join(test(f"c{position}", candidate) for position, candidate in asked)
        found = _one_row(connection, f"SELECT {verdicts} FROM (SELECT * FROM {relation} LIMIT {SAMPLE_ROWS})")
        survivors: dict[int, list[Candidate]] = {position: [] for position in questions}
        for (position, candidate), verdict in zip(asked, found, strict=True):
            if verdict != _MISFIT:
                survivors[position].append(candidate)
        left = survivors
    return left


def _verify(
    connection: "duckdb.DuckDBPyConnection", relation: str, open_: Mapping[int, Sequence[Candidate]]
) -> dict[int, tuple[Any, ...]]:
    asked = []
    for position, candidates in open_.items():
        text = f"c{position}"
        if candidates:
            asked += [_verdict(text, candidates[0]), *_digits(text, candidates[0])]
        else:
            asked += [f"max(CASE WHEN {text} IS NOT NULL THEN {_SAME} END)", "0", "0"]
    facts = _one_row(connection, f"SELECT {', '.join(asked)} FROM {relation}")
    return {position: facts[3 * nth : 3 * nth + 3] for nth, position in enumerate(open_)}


def _judge(candidate: Candidate | None, facts: tuple[Any, ...]) -> TypedText | None:
    verdict, whole_digits, scale = facts
    if candidate is None or verdict is None:
        return TypedText(VARCHAR, has_values=verdict is not None)
    if verdict == _MISFIT:
        return None
    type_ = candidate.type
    if type_ == DECIMAL:
        # Without a fraction it is a long run of digits: an identifier, which stays text.
        if not scale or whole_digits + scale > MAX_DECIMAL_DIGITS:
            return None
        type_ = str(Decimal(whole_digits + scale, scale))
    return TypedText(type_, has_values=True, candidate=candidate, has_raw=verdict == _CHANGED)


def _glance(text: str, candidate: Candidate) -> str:
    return f"max(CASE WHEN {candidate.glance(text)} OR {text} IS NULL THEN {_SAME} ELSE {_MISFIT} END)"


def _verdict(text: str, candidate: Candidate) -> str:
    """SQL for the worst that any value of a column does under a candidate; NULL if there is no value.

    Conditions of a CASE are only asked where those before did not hold, and a NULL does not hold.
    """
    same, fits = candidate.same_text(text), candidate.fits(text)
    changed = "" if fits == same else f"WHEN {fits} THEN {_CHANGED} "
    return f"max(CASE WHEN {text} IS NULL THEN NULL WHEN {same} THEN {_SAME} {changed}ELSE {_MISFIT} END)"


def _digits(text: str, candidate: Candidate) -> tuple[str, str]:
    """SQL for the most digits before and after the point."""
    if candidate.type != DECIMAL:
        return "0", "0"
    digits = candidate.digits(text)
    return (
        f"max(length(ltrim(split_part({digits}, '.', 1), '-')))",
        f"max(length(split_part({digits}, '.', 2)))",
    )


def _one_row(connection: "duckdb.DuckDBPyConnection", query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101  an aggregate gives one row
    return tuple(row)
