"""The type of each text column: a sample leaves few candidates, and those are tested on all rows.

Columns are not tested one by one: DuckDB takes a millisecond or more to plan one test, however few the rows are. The
values of all columns are stacked instead, so that each candidate's test is planned once, however many columns there
are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from .column_types import MAX_DECIMAL_DIGITS, VARCHAR, Decimal
from .text_types import DECIMAL, Candidate

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 2_000
_SAMPLE_VALUES = 500_000
_FEWEST_SAMPLE_ROWS = 50

_SAME, _FITS, _MISFIT = 1, 2, 3
# The tests of a column are bits of one number.
_CANDIDATES_AT_ONCE = 32
# 2,048 rows of each of these columns are stacked at a time.
_COLUMNS_AT_ONCE = 1_024

_Item = TypeVar("_Item")
Questions = Mapping[int, Sequence[Candidate]]
"""Candidates by the position of a column, narrowest first."""


@dataclass(frozen=True, slots=True)
class TypedText:
    """The type of a text column, settled over all rows.

    Args:
        candidate: Converts the values; None if the column stays text.
        changes_text: Whether some value's canonical text differs from the text in the file.
    """

    type: str = VARCHAR
    candidate: Candidate | None = None
    changes_text: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """The candidates of a text column that fit a sample.

    Args:
        candidate: The type of the column, unless a value of the other rows does not fit; None for text.
        others: The types to try if one does not fit or, if the sample has no value, if another row has one.
    """

    candidate: Candidate | None
    others: tuple[Candidate, ...]

    @property
    def left(self) -> tuple[Candidate, ...]:
        """All remaining candidates."""
        return self.others if self.candidate is None else (self.candidate, *self.others)


def sample_rows(columns: int) -> int:
    """Return how many rows a sample needs: fewer if there are many columns, so that the number of values is bounded."""
    return min(SAMPLE_ROWS, max(_SAMPLE_VALUES // max(columns, 1), _FEWEST_SAMPLE_ROWS))


def guess_types(
    connection: "duckdb.DuckDBPyConnection", sample: str, questions: Questions
) -> dict[int, Guess]:
    """Eliminate candidates of text columns `c<i>` by a sample of rows.

    Args:
        sample: SQL relation of these rows.
    """
    rows = f"(FROM {sample} LIMIT {sample_rows(len(questions))})"
    left = questions
    # The cheap prefilter makes regular expressions unnecessary for most text columns.
    for test in (_prefilter, _verdict):
        answers = worst_verdicts(connection, rows, left, test=test)
        left = {
            position: [candidate for candidate in candidates if answers[position, candidate] != _MISFIT]
            if (position, candidates[0]) in answers
            else candidates
            for position, candidates in left.items()
            if candidates
        }
    guesses = {}
    for position, candidates in questions.items():
        survivors = tuple(left.get(position, ()))
        if survivors and (position, survivors[0]) not in answers:
            guesses[position] = Guess(None, tuple(candidates))
        else:
            guesses[position] = Guess(survivors[0] if survivors else None, survivors[1:])
    return guesses


def settle_types(
    connection: "duckdb.DuckDBPyConnection", relation: str, questions: Questions
) -> dict[int, TypedText]:
    """Give text columns `c<i>` the first of their candidates that every value fits, by one scan of all rows."""
    verdicts = worst_verdicts(connection, relation, questions)
    fitting = {
        position: [
            candidate for candidate in candidates if verdicts.get((position, candidate), _MISFIT) != _MISFIT
        ]
        for position, candidates in questions.items()
    }
    decimals = {position: left[0] for position, left in fitting.items() if left and left[0].type == DECIMAL}
    digits = _digits(connection, relation, decimals)
    return {
        position: _settled(position, left, verdicts, digits.get(position))
        for position, left in fitting.items()
    }


def misfits(
    connection: "duckdb.DuckDBPyConnection",
    relation: str,
    pins: Mapping[int, Candidate],
    texts: Mapping[int, str],
) -> list[int]:
    """Find the columns that have a value which does not fit their one candidate.

    Args:
        texts: SQL for a column's text, by position.
    """
    questions = {position: (pin,) for position, pin in pins.items()}
    verdicts = worst_verdicts(connection, relation, questions, texts=texts)
    return sorted(position for (position, _), verdict in verdicts.items() if verdict == _MISFIT)


def worst_verdicts(
    connection: "duckdb.DuckDBPyConnection",
    relation: str,
    questions: Questions,
    *,
    test: Callable[[Candidate], str] | None = None,
    texts: Mapping[int, str] | None = None,
) -> dict[tuple[int, Candidate], int]:
    """Return the worst verdict of each candidate over a column's values; nothing for columns without a value.

    Args:
        texts: SQL for a column's text, by position; without it, the column itself.
    """
    found: dict[tuple[int, Candidate], int] = {}
    for positions in _some(list(questions), _COLUMNS_AT_ONCE):
        different = dict.fromkeys(candidate for position in positions for candidate in questions[position])
        for candidates in _some(list(different), _CANDIDATES_AT_ONCE):
            bits = {candidate: 1 << nth for nth, candidate in enumerate(candidates)}
            asked = {
                position: sum(bits.get(candidate, 0) for candidate in questions[position])
                for position in positions
            }
            asked = {position: mask for position, mask in asked.items() if mask}
            if not asked:
                continue
            tests = ", ".join(
                f"max(CASE WHEN asked & {bit} = 0 THEN NULL {(test or _verdict)(candidate)} END)"
                for candidate, bit in bits.items()
            )
            rows = connection.execute(
                f"SELECT position, {tests} FROM {_values(relation, asked, texts or {})} "
                "WHERE value IS NOT NULL GROUP BY position"
            ).fetchall()
            for position, *answers in rows:
                for candidate, answer in zip(candidates, answers, strict=True):
                    if answer is not None:
                        found[position, candidate] = answer
    return found


def _some(listed: list[_Item], at_once: int) -> Iterator[list[_Item]]:
    for start in range(0, len(listed), at_once):
        yield listed[start : start + at_once]


def _values(relation: str, asked: Mapping[int, int], texts: Mapping[int, str]) -> str:
    """SQL for the stacked values of columns, each with its column's position and its mask of tests."""
    values = ", ".join(texts.get(position, f"c{position}") for position in asked)
    positions, masks = (", ".join(map(str, numbers)) for numbers in (asked.keys(), asked.values()))
    return (
        f"(SELECT unnest([{values}]) AS value, unnest([{positions}]) AS position, unnest([{masks}]) AS asked "
        f"FROM {relation})"
    )


def _prefilter(candidate: Candidate) -> str:
    return f"WHEN {candidate.glance('value')} THEN {_FITS} ELSE {_MISFIT}"


def _verdict(candidate: Candidate) -> str:
    """SQL for the verdict on a value under a candidate, as branches of a CASE.

    A condition is evaluated only if those before it are not true; NULL is not true.
    """
    same, fits = candidate.same_text("value"), candidate.fits("value")
    otherwise = "" if fits == same else f"WHEN {fits} THEN {_FITS} "
    return f"WHEN {same} THEN {_SAME} {otherwise}ELSE {_MISFIT}"


def _settled(
    position: int,
    fitting: Sequence[Candidate],
    verdicts: Mapping[tuple[int, Candidate], int],
    digits: tuple[int, int] | None,
) -> TypedText:
    for candidate in fitting:
        type_ = candidate.type
        if type_ == DECIMAL:
            whole, scale = digits or (0, 0)
            # Without a fraction it is a long run of digits: an identifier, which stays text.
            if not scale or whole + scale > MAX_DECIMAL_DIGITS:
                continue
            type_ = str(Decimal(whole + scale, scale))
        return TypedText(type_, candidate, changes_text=verdicts[position, candidate] == _FITS)
    return TypedText()


def _digits(
    connection: "duckdb.DuckDBPyConnection", relation: str, decimals: Mapping[int, Candidate]
) -> dict[int, tuple[int, int]]:
    """Count the most digits before and after the point, in columns that are DECIMAL."""
    found = {}
    for candidate in dict.fromkeys(decimals.values()):
        number = candidate.digits("value")
        whole, fraction = (f"split_part({number}, '.', {part})" for part in (1, 2))
        positions = [position for position, each in decimals.items() if each == candidate]
        for some in _some(positions, _COLUMNS_AT_ONCE):
            rows = connection.execute(
                f"SELECT position, max(length(ltrim({whole}, '-'))), max(length({fraction})) "
                f"FROM {_values(relation, dict.fromkeys(some, 1), {})} WHERE value IS NOT NULL GROUP BY position"
            ).fetchall()
            found.update({position: (before, after) for position, before, after in rows})
    return found
