"""XML brought into the plain form that the fast scanners know: tags and text, without prefixes."""

from html import escape

_COMMENT, _CDATA, _INSTRUCTION = (b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")
_SECTIONS = (_COMMENT, _CDATA, _INSTRUCTION)


def plain_markup(xml: bytes, *, prefix: bytes = b"") -> bytes | None:
    """Take off what XML allows and few programs write; None if it is not to be had as plain.

    Line ends become line feeds, as XML has it, comments and instructions go, CDATA becomes text, and so does the
    prefix of all elements.
    """
    if b"\r" in xml:
        xml = xml.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"<!" in xml or b"<?" in xml:
        pieces = _without_sections(xml)
        if pieces is None:
            return None
        xml = pieces
    if b"]]>" in xml:
        return None  # not XML
    if prefix:
        tags = xml.count(b"<")
        if xml.count(b"<" + prefix) + xml.count(b"</" + prefix) != tags:
            return None
        xml = xml.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</")
    return xml


def _without_sections(xml: bytes) -> bytes | None:
    """Go through comments, CDATA and instructions from left to right, each looked for once."""
    pieces: list[bytes] = []
    position = 0
    while True:
        starts = [found for mark in (b"<!", b"<?") if (found := xml.find(mark, position)) >= 0]
        if not starts:
            return b"".join([*pieces, xml[position:]])
        start = min(starts)
        pieces.append(xml[position:start])
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
            return None  # not XML
        position = end + len(kind[1])
