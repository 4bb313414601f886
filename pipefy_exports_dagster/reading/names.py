import re
import unicodedata
from collections.abc import Mapping, Sequence

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD = re.compile(r"[^\w]+|_+")
_ACCENTS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_MARKS_BETWEEN = re.compile(r"[\W_]+")
_PIECE = 1_000


def storable_header(header: str) -> str:
    """Drop NUL characters, which a comment in DuckDB cannot have: SQL ends there."""
    return header.replace("\0", "")


def snake_case(header: str) -> str:
    """Turn a header into a column name: `Data de Início` becomes `data_de_inicio`.

    Accents are removed, letters without a Latin base stay. The result never starts with an underscore, as the lineage
    columns do, nor with a digit. It is empty if the header has no letter or digit.
    """
    base = header if header.isascii() else _without_marks(_decomposed(header))
    words = _NOT_A_WORD.sub("_", _WORD_BOUNDARY.sub("_", base)).strip("_").lower()
    # Lower-casing can decompose again (U+0130, a capital dotted I, becomes i and a combining dot).
    name = words if words.isascii() else _without_marks(words)
    return f"c_{name}" if name[:1].isdigit() else name


def _without_marks(text: str) -> str:
    return "".join(c for c in text if not unicodedata.combining(c))


def folded(header: str) -> str:
    """Return a key that is equal for headers that differ in spelling only.

    Upper and lower case are equal, and so are composed and decomposed characters and those that Unicode calls
    compatible (full-width letters, a non-breaking space). Accents on Latin letters are removed; marks of other scripts
    stay, since they make other letters. Invisible characters and blanks around the header are removed; runs of blanks
    within it become one blank. Punctuation counts.
    """
    decomposed = _decomposed(_decomposed(header).casefold())
    visible = "".join(c for c in _ACCENTS.sub("", decomposed) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def _decomposed(text: str) -> str:
    """Decompose compatible and composed characters, piece by piece.

    Python sorts the marks of a letter in quadratic time, and a header of a megabyte may be one letter.
    """
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKD", text[start : start + _PIECE]) for start in range(0, len(text), _PIECE)
    )


def position_of(wanted: str, columns: Sequence[tuple[str, str | None]]) -> int | None:
    """Find the column that the configuration means by a name or by a header.

    An exact name or header has priority, then a name in another case, then the name that such a header gets. Since
    the spelling of headers changes, the last step compares letters and digits only, if they fit exactly one column.

    Args:
        columns: Name and header of each.
    """
    exact = (
        lambda name, _: name == wanted,
        lambda _, header: header == wanted,
        lambda name, _: name.lower() == wanted.lower(),
        lambda name, _: name == snake_case(wanted),
    )
    for fits in exact:
        for position, (name, header) in enumerate(columns):
            if fits(name, header):
                return position
    letters = _letters(wanted)
    near = [
        position
        for position, (name, header) in enumerate(columns)
        if letters and letters in {_letters(name), _letters(header or "")}
    ]
    return near[0] if len(near) == 1 else None


def _letters(header: str) -> str:
    return _MARKS_BETWEEN.sub("", folded(header))


def column_names(headers: Sequence[str], known: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Name each header's column, uniquely.

    A header that the table has keeps its column name, whatever else is in the file; the n-th occurrence of a header
    gets the n-th name. A header that differs in spelling only (`folded`) gets the name of the matching column, if the
    match is unique among the remaining headers of the file and columns of the table. Duplicates get `_2`, headers
    without a letter or digit `column_<position>`.

    Args:
        known: Column names in the table by original header, in the table's order.
    """
    names: list[str | None] = [None] * len(headers)
    plain = [snake_case(header) for header in headers]
    left = {header: list(known_names) for header, known_names in (known or {}).items()}
    taken: set[str] = set()
    for position, header in enumerate(headers):
        if plain[position] and left.get(header):
            names[position] = left[header].pop(0)
            taken.add(str(names[position]))
    for position, name in _respelled(headers, plain, names, left):
        names[position] = name
        taken.add(name)
    # A name that another header has in the table is not free for a new one.
    reserved = taken | {name for known_names in left.values() for name in known_names}
    suffixes: dict[tuple[str, bool], int] = {}  # lower suffixes are taken: thousands of headers may be equal
    for position in range(len(headers)):
        if names[position] is not None:
            continue
        wanted = plain[position] or f"column_{position + 1}"
        is_named = bool(plain[position])
        blocked = reserved if is_named else taken
        suffix = suffixes.get((wanted, is_named), 1)
        while (name := f"{wanted}_{suffix}" if suffix > 1 else wanted) in blocked:
            suffix += 1
        suffixes[wanted, is_named] = suffix
        names[position] = name
        taken.add(name)
        reserved.add(name)
    return [str(name) for name in names]


def _respelled(
    headers: Sequence[str],
    plain: Sequence[str],
    names: Sequence[str | None],
    left: Mapping[str, Sequence[str]],
) -> list[tuple[int, str]]:
    """Pair headers that have no name yet with remaining columns, if only their spelling differs.

    A header that is in both the file and the table, but more often in one of them, is not another spelling.
    """
    nameless: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        if names[position] is None and plain[position] and header not in left:
            nameless.setdefault(folded(header), []).append(position)
    free: dict[str, list[str]] = {}
    written = set(headers)
    for header, known_names in left.items():
        if header not in written:
            free.setdefault(folded(header), []).extend(known_names)
    return [
        (positions[0], free[spelling][0])
        for spelling, positions in nameless.items()
        if len(positions) == len(free.get(spelling, ())) == 1
    ]
