"""The type of each text column: a sample leaves few candidates, and all rows are asked about those."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .column_types import MAX_DECIMAL_DIGITS, VARCHAR, Decimal
from .text_types import DECIMAL, Candidate

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 2_000

# Planning more takes time and memory out of proportion: a minute for 1,000 columns, where batches take eight seconds.
_TESTS_AT_ONCE = 1_000
_FITS, _MISFIT = 1, 2


@dataclass(frozen=True, slots=True)
class TypedText:
    """What a text column is; `candidate` is None where it stays text."""

    type: str = VARCHAR
    candidate: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a sample leaves of a text column.

    Args:
        candidate: What the column is, unless a value of the other rows does not fit; None for text.
        others: What it may be then or, where the sample has no value, if a value turns up.
    """

    candidate: Candidate | None
    others: tuple[Candidate, ...]


def guess_types(
    connection: "duckdb.DuckDBPyConnection", sample: str, questions: Mapping[int, Sequence[Candidate]]
) -> dict[int, Guess]:
    """Eliminate candidates of text columns `c<i>` on some rows.

    Args:
        sample: SQL relation of these rows.
        questions: Candidates by column position, narrowest first.
    """
    left = questions
    with_values = set[int]()
    # A glance spares most text columns their regular expressions, of which planning alone costs a millisecond.
    for test in (_glance, _verdict):
        survivors: dict[int, list[Candidate]] = {position: [] for position in questions}
        for position, candidate, verdict in _ask(connection, sample, left, test):
            if verdict != _MISFIT:
                survivors[position].append(candidate)
            if verdict == _MISFIT or (verdict == _FITS and test is _verdict):
                with_values.add(position)
        left = survivors
    guesses = {}
    for position, candidates in left.items():
        if position not in with_values:
            guesses[position] = Guess(None, tuple(questions[position]))
        else:
            first = candidates[0] if candidates else None
            guesses[position] = Guess(first, tuple(candidates[1:]))
    return guesses


def settle_types(
    connection: "duckdb.DuckDBPyConnection", relation: str, questions: Mapping[int, Sequence[Candidate]]
) -> dict[int, TypedText]:
    """Give text columns `c<i>` the first of their candidates that every value fits, by one scan of all rows."""
    settled = {position: TypedText() for position in questions}
    digits = _digits(connection, relation, questions)
    for position, candidate, verdict in _ask(connection, relation, questions, _verdict):
        if verdict != _FITS or settled[position].candidate is not None:
            continue
        type_ = candidate.type
        if type_ == DECIMAL:
            whole, scale = digits[position]
            # Without a fraction it is a long run of digits: an identifier, which stays text.
            if not scale or whole + scale > MAX_DECIMAL_DIGITS:
                continue
            type_ = str(Decimal(whole + scale, scale))
        settled[position] = TypedText(type_, candidate)
    return settled


def _ask(
    connection: "duckdb.DuckDBPyConnection",
    relation: str,
    questions: Mapping[int, Sequence[Candidate]],
    test: Callable[[str, Candidate], str],
) -> Iterator[tuple[int, Candidate, int | None]]:
    """Yield what a test says of each candidate over all rows of a relation; None where there is no value."""
    asked = [(position, candidate) for position, candidates in questions.items() for candidate in candidates]
    for start in range(0, len(asked), _TESTS_AT_ONCE):
        some = asked[start : start + _TESTS_AT_ONCE]
        tests = ", ".join(test(f"c{position}", candidate) for position, candidate in some)
        found = _one_row(connection, f"SELECT {tests} FROM {relation}")
        for (position, candidate), verdict in zip(some, found, strict=True):
            yield position, candidate, verdict


def _glance(text: str, candidate: Candidate) -> str:
    return f"max(CASE WHEN {candidate.glance(text)} OR {text} IS NULL THEN {_FITS} ELSE {_MISFIT} END)"


def _verdict(text: str, candidate: Candidate) -> str:
    """SQL for the worst that any value of a column does under a candidate; NULL if there is no value.

    Conditions of a CASE are only asked where those before did not hold, and a NULL does not hold.
    """
    same, fits = candidate.same_text(text), candidate.fits(text)
    otherwise = "" if fits == same else f"WHEN {fits} THEN {_FITS} "
    return f"max(CASE WHEN {text} IS NULL THEN NULL WHEN {same} THEN {_FITS} {otherwise}ELSE {_MISFIT} END)"


def _digits(
    connection: "duckdb.DuckDBPyConnection", relation: str, questions: Mapping[int, Sequence[Candidate]]
) -> dict[int, tuple[int, int]]:
    """Count the most digits before and after the point, in columns that may be DECIMAL."""
    asked = [
        (position, candidate.digits(f"c{position}"))
        for position, candidates in questions.items()
        for candidate in candidates
        if candidate.type == DECIMAL
    ]
    if not asked:
        return {}
    counts = ", ".join(
        f"max(length(ltrim(split_part({number}, '.', 1), '-'))), max(length(split_part({number}, '.', 2)))"
        for _, number in asked
    )
    found = _one_row(connection, f"SELECT {counts} FROM {relation}")
    return {
        position: (found[2 * nth] or 0, found[2 * nth + 1] or 0) for nth, (position, _) in enumerate(asked)
    }


def _one_row(connection: "duckdb.DuckDBPyConnection", query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101  an aggregate gives one row
    return tuple(row)
