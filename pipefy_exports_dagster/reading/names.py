import re
import unicodedata
from collections.abc import Mapping, Sequence

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD = re.compile(r"[^\w]+|_+")


def storable_header(header: str) -> str:
    """Drop what a comment in DuckDB cannot have: SQL ends at a character of zero bits."""
    return header.replace("\0", "")


def snake_case(header: str) -> str:
    """Turn a header into a column name: `Data de Início` becomes `data_de_inicio`.

    Accents go, letters without a Latin base stay. The result never starts with an underscore, which is
    what our lineage columns start with, nor with a digit; it is empty if the header has no letter or digit.
    """
    decomposed = unicodedata.normalize("NFKD", header)
    base = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = _NOT_A_WORD.sub("_", _WORD_BOUNDARY.sub("_", base)).strip("_").lower()
    # Lower-casing can decompose again (U+0130, a capital dotted I, becomes i and a combining dot).
    name = "".join(c for c in words if not unicodedata.combining(c))
    return f"c_{name}" if name[:1].isdigit() else name


def column_names(headers: Sequence[str], known: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Name each header's column, uniquely.

    A header that the table knows keeps the name it has there, whatever else is in the file; the
    n-th occurrence of a header takes the n-th. Duplicates get `_2`, headers without a letter or
    digit `column_<position>`.

    Args:
        known: Column names in the table by original header, in the table's order.
    """
    names: list[str | None] = [None] * len(headers)
    left = {header: list(known_names) for header, known_names in (known or {}).items()}
    taken: set[str] = set()
    for position, header in enumerate(headers):
        if snake_case(header) and left.get(header):
            names[position] = left[header].pop(0)
            taken.add(str(names[position]))
    # A name that another header has in the table is not free for a new one.
    reserved = taken | {name for known_names in left.values() for name in known_names}
    for position, header in enumerate(headers):
        if names[position] is not None:
            continue
        wanted = snake_case(header) or f"column_{position + 1}"
        blocked = reserved if snake_case(header) else taken
        name, suffix = wanted, 1
        while name in blocked:
            suffix += 1
            name = f"{wanted}_{suffix}"
        names[position] = name
        taken.add(name)
        reserved.add(name)
    return [str(name) for name in names]
