"""Convert XML to the plain form that the fast scanners read: tags and text, without prefixes."""

from html import escape

_COMMENT, _CDATA, _INSTRUCTION = (b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")
_SECTIONS = (_COMMENT, _CDATA, _INSTRUCTION)


def plain_markup(xml: bytes, *, prefix: bytes = b"") -> bytes | None:
    """Turn line ends into line feeds, as XML requires, and remove the prefix of all elements; None if some differ."""
    if b"\r" in xml:
        xml = _with_line_feeds(xml)
    if prefix:
        plain = without_sections(xml)
        if plain is None or plain.count(b"<") != plain.count(b"<" + prefix) + plain.count(b"</" + prefix):
            return None
        xml = plain.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    return xml


def _with_line_feeds(xml: bytes) -> bytes:
    # Python finds one byte in a tenth of the time that it needs for two.
    first, *rest = xml.split(b"\r")
    return b"".join([first, *(part if part.startswith(b"\n") else b"\n" + part for part in rest)])


def without_sections(xml: bytes) -> bytes | None:
    """Remove comments and instructions, and convert CDATA to text; None if one of them has no end.

    Each kind is searched for once, from left to right.
    """
    pieces: list[bytes] = []
    position = 0
    next_ones = dict.fromkeys((b"<!", b"<?"), -1)
    while True:
        for mark, found in next_ones.items():
            if found < position:  # not in each step: there may be thousands of one kind, and none of another
                after = xml.find(mark, position)
                next_ones[mark] = after if after >= 0 else len(xml)
        start = min(next_ones.values())
        if start == len(xml):
            return b"".join([*pieces, xml[position:]])
        before = xml[position:start]
        if before.rfind(b"<") > before.rfind(b">"):
            return None  # within a tag, where XML does not allow it
        pieces.append(before)
        kind = next((kind for kind in _SECTIONS if xml.startswith(kind[0], start)), None)
        if kind is None:
            return None
        content = start + len(kind[0])
        end = xml.find(kind[1], content)
        if end < 0:
            return None
        if kind is _CDATA:
            try:
                pieces.append(escape(xml[content:end].decode(), quote=False).encode())
            except UnicodeDecodeError:
                return None
        elif kind is _COMMENT and b"--" in xml[content:end]:
            return None  # not valid XML
        position = end + len(kind[1])
