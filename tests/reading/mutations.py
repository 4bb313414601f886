"""Files changed by chance: bytes that break them, and legal XML that programs seldom write."""

import random

RAW = [
    b"<", b">", b"&", b'"', b"'", b"\0", b"\r", b"\xff", b",", b" ", b"\n", b"/", b"9", b"A1", b"</row>", b"</v>",
    b"<c>", b"<!--", b"]]>", b"<![CDATA[", b"&bad;", b"_x0041_", b' t="s"', b' s="1"', b'xmlns="q"', b"</c>",
    b"<is>", b"</t>",
]  # fmt: skip
"""What a damaged file may hold anywhere."""

SAYING_NOTHING = [b" ", b"\n  ", b"\t", b"<!-- <row> -->", b"<?x y?>", b"<!---->"]
"""What may stand between any two tags."""

BETWEEN_TAGS = [
    *SAYING_NOTHING, b"<c/>", b"<v/>", b"<v></v>", b"<v>7</v>", b"<is><t>i</t></is>",
    b"<is/>", b"<t>tt</t>", b"<r><t>rich</t></r>", b"<rPh><t>p</t></rPh>", b"<f>A1</f>", b"<f/>",
    b'<f t="shared" si="0"/>', b'<c r="ZZ9"><v>1</v></c>', b'<c r="B2" t="str"><f>x</f><v></v></c>', b"<row/>",
    b'<row r="3"><c r="A3"><v>5</v></c></row>', b"<extLst><v>1</v></extLst>", b'<q:v xmlns:q="u">9</q:v>',
    b'<v xmlns="u">9</v>', b"loose", b"&#39;", b"<![CDATA[cd]]>",
]  # fmt: skip
"""Elements and texts, of which some belong where they come to stand, and some do not."""

OTHER_SPELLINGS = [
    (b't="n"', b't="str"'), (b't="inlineStr"', b't="str"'), (b't="inlineStr"', b't="s"'), (b"<v>", b"<v >"),
    (b"<t>", b'<t xml:space="preserve">'), (b"</v>", b"</v >"), (b"</row>", b"</row\n>"), (b' r="A', b' r="B'),
    (b' r="A2"', b' r="A9"'), (b' r="', b' r = "'), (b'"', b"'"), (b"<row r=", b'<row spans="1:2" r='),
    (b"<c r=", b'<c s="1" r='), (b"<c r=", b'<c z="" r='), (b"<v>", b"<v>&#65;"), (b"<t>", b"<t>&amp;"),
    (b"<t>", b"<t>_x000D_"), (b"<v>", b"<v>\r\n"), (b"<t>", b"<t>a>b"), (b'<row r="2"', b'<row r="1"'),
    (b'<c r="A2"', b"<c"), (b'<row r="2"', b"<row"), (b"<v>", b"<f>x</f><v>"), (b"</v>", b"</v><v>2</v>"),
    (b"<is>", b"<f>f</f><is>"), (b"<t>", b"<t>\xc3\xa9"), (b"<t>", b"<t><!-- c -->"), (b"<v>", b"<v><![CDATA[&]]>"),
]  # fmt: skip


# Of a number cell that holds none the others make nothing, or fail.
_READ_IN_SEVERAL_WAYS = (b"<v>\r\n", b"</v><v>2</v>", b"<v>&#65;", b"<v><![CDATA[&]]>")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change some bytes, whatever they are."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        where = chance.randrange(len(changed)) if changed else 0
        match chance.randrange(4):
            case 0:
                changed[where : where + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[where : where + chance.randint(1, 50)]
            case 2:
                changed[where:where] = changed[where : where + chance.randint(1, 50)]
            case _:
                changed[where:where] = chance.choice(RAW)
    return bytes(changed)


def mutated_xml(content: bytes, chance: random.Random) -> bytes:
    """Change XML in one to three places, mostly so that it stays XML."""
    changed = content
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        kind = chance.randrange(10)
        if kind == 0:
            where = chance.randrange(len(changed) + 1)
            changed = changed[:where] + chance.choice(RAW) + changed[where:]
        elif kind == 1:
            where = chance.randrange(len(changed) + 1)
            changed = changed[:where] + changed[where + chance.randint(1, 12) :]
        elif kind <= 6:
            where = chance.choice(_places(changed, b"><") or [0]) + 1
            changed = changed[:where] + chance.choice(BETWEEN_TAGS) + changed[where:]
        else:
            old, new = chance.choice(OTHER_SPELLINGS)
            if places := _places(changed, old):
                where = chance.choice(places)
                changed = changed[:where] + new + changed[where + len(old) :]
    return changed


def respelt_xml(content: bytes, chance: random.Random) -> bytes:
    """Change some spellings and values of a sheet or of shared strings, each element at its place."""
    changed = content
    for _ in range(chance.randint(1, 6)):
        if chance.random() < 0.3:
            where = chance.choice(_places(changed, b"><") or [0]) + 1
            changed = changed[:where] + chance.choice(SAYING_NOTHING) + changed[where:]
            continue
        old, new = chance.choice([each for each in OTHER_SPELLINGS if each[1] not in _READ_IN_SEVERAL_WAYS])
        if places := _places(changed, old):
            where = chance.choice(places)
            changed = changed[:where] + new + changed[where + len(old) :]
    return changed


def _places(content: bytes, wanted: bytes) -> list[int]:
    places, where = [], content.find(wanted)
    while where >= 0:
        places.append(where)
        where = content.find(wanted, where + 1)
    return places
