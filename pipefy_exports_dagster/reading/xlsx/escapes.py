import re
from typing import Any

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(texts: Any) -> Any:
    """Undo `_x000D_`, which is how workbooks write characters that XML cannot (pyarrow string array)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    escaped = pc.fill_null(pc.match_substring(texts, "_x"), fill_value=False)
    if not pc.any(escaped).as_py():
        return texts
    changed = [_ESCAPED.sub(_character, text) for text in texts.filter(escaped).to_pylist()]
    return pc.replace_with_mask(texts, escaped, pa.array(changed, pa.string()))


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    # Half of a surrogate pair is not valid text.
    return escaped[0] if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004
