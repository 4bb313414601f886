"""The type of each text column: candidates are eliminated on a sample, the survivor verified on all rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .column_types import MAX_DECIMAL_DIGITS, VARCHAR, Decimal
from .text_types import DECIMAL, Candidate

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 2_000


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
    open_ = _survivors_of_sample(connection, relation, questions)
    settled: dict[int, TypedText] = {}
    while open_:
        facts = _verify(connection, relation, open_)
        still_open: dict[int, list[Candidate]] = {}
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
) -> dict[int, list[Candidate]]:
    asked = [(position, candidate) for position, candidates in questions.items() for candidate in candidates]
    if not asked:
        return {position: [] for position in questions}
    misfits = ", ".join(_misfits(f"c{position}", candidate) for position, candidate in asked)
    counted = _one_row(connection, f"SELECT {misfits} FROM (SELECT * FROM {relation} LIMIT {SAMPLE_ROWS})")
    survivors: dict[int, list[Candidate]] = {position: [] for position in questions}
    for (position, candidate), misfit in zip(asked, counted, strict=True):
        if not misfit:
            survivors[position].append(candidate)
    return survivors


def _verify(
    connection: "duckdb.DuckDBPyConnection", relation: str, open_: Mapping[int, Sequence[Candidate]]
) -> dict[int, tuple[Any, ...]]:
    asked = []
    for position, candidates in open_.items():
        text = f"c{position}"
        asked.append(f"count({text})")
        if candidates:
            candidate = candidates[0]
            asked += [
                _misfits(text, candidate),
                f"count(*) FILTER (WHERE NOT coalesce({candidate.same_text(text)}, true))",
                *_digits(text, candidate),
            ]
        else:
            asked += ["0", "0", "0", "0"]
    facts = _one_row(connection, f"SELECT {', '.join(asked)} FROM {relation}")
    return {position: facts[5 * nth : 5 * nth + 5] for nth, position in enumerate(open_)}


def _judge(candidate: Candidate | None, facts: tuple[Any, ...]) -> TypedText | None:
    values, misfits, changed, whole_digits, scale = facts
    if candidate is None or not values:
        return TypedText(VARCHAR, has_values=bool(values))
    if misfits:
        return None
    type_ = candidate.type
    if type_ == DECIMAL:
        # Without a fraction it is a long run of digits: an identifier, which stays text.
        if not scale or whole_digits + scale > MAX_DECIMAL_DIGITS:
            return None
        type_ = str(Decimal(whole_digits + scale, scale))
    return TypedText(type_, has_values=True, candidate=candidate, has_raw=bool(changed))


def _misfits(text: str, candidate: Candidate) -> str:
    return f"count(*) FILTER (WHERE {text} IS NOT NULL AND NOT coalesce({candidate.fits(text)}, false))"


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
