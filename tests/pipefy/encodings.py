"""How a server may write a secret that it quotes back."""

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

Encoding = Callable[[str], str]


def _percent(secret: str) -> str:
    return "".join(f"%{byte:02X}" for byte in secret.encode())


def _b64(secret: str, before: str = "", after: str = "", codec: str = "utf-8") -> str:
    return base64.b64encode(f"{before}{secret}{after}".encode(codec)).decode()


def _lines(text: str, size: int, end: str) -> str:
    return end.join(text[i : i + size] for i in range(0, len(text), size))


ENCODINGS: dict[str, Encoding] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "within other letters": lambda secret: f"xx{secret}yy",
    "twice": lambda secret: secret * 2,
    "JSON": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "JSON escapes": lambda secret: "".join(f"\\u{ord(c):04x}" for c in secret),
    "JSON escapes in capitals": lambda secret: "".join(f"\\u{ord(c):04X}" for c in secret),
    "JSON escapes in JSON": lambda secret: json.dumps("".join(f"\\u{ord(c):04x}" for c in secret)),
    "some JSON escapes": lambda secret: f"{secret[:3]}\\u{ord(secret[3]):04x}{secret[4:]}",
    "braced escapes": lambda secret: "".join(f"\\u{{{ord(c):x}}}" for c in secret),
    "backslash x": lambda secret: "".join(f"\\x{ord(c):02x}" for c in secret),
    "octal": lambda secret: "".join(f"\\{ord(c):03o}" for c in secret),
    "backslashes": lambda secret: "".join(f"\\{c}" if not c.isalnum() else c for c in secret),
    "percent": _percent,
    "percent in lower case": lambda secret: _percent(secret).lower(),
    "percent twice": lambda secret: quote(_percent(secret)),
    "percent three times": lambda secret: quote(quote(_percent(secret))),
    "percent where needed": lambda secret: quote(secret, safe=""),
    "a form": quote_plus,
    "percent u": lambda secret: "".join(f"%u{ord(c):04x}" for c in secret),
    "HTML": html.escape,
    "HTML by number": lambda secret: "".join(f"&#{ord(c)};" for c in secret),
    "HTML by hex number": lambda secret: "".join(f"&#x{ord(c):X};" for c in secret),
    "HTML by number in HTML": lambda secret: html.escape("".join(f"&#{ord(c)};" for c in secret)),
    "HTML by name": lambda secret: secret.replace("-", "&hyphen;").replace("/", "&sol;"),
    "base64": _b64,
    "base64 after one": lambda secret: _b64(secret, "x", "yz"),
    "base64 after two": lambda secret: _b64(secret, "xy", "z"),
    "base64 of a header": lambda secret: _b64(secret, "Authorization: Bearer ", "\r\n"),
    "base64 without padding": lambda secret: _b64(secret).rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"?>{secret}~~".encode()).decode(),
    "base64 in lines": lambda secret: _lines(_b64(secret * 3), 16, "\r\n"),
    "base64 with percent": lambda secret: _percent(_b64(secret)),
    "base64 of UTF-16": lambda secret: _b64(secret, codec="utf-16"),
    "base64 of UTF-32": lambda secret: _b64(secret, codec="utf-32-be"),
    "hex": lambda secret: secret.encode().hex(),
    "hex in capitals": lambda secret: secret.encode().hex().upper(),
    "hex with colons": lambda secret: secret.encode().hex(":"),
    "hex with blanks": lambda secret: secret.encode().hex(" "),
    "hex of UTF-16": lambda secret: secret.encode("utf-16-le").hex(),
    "NUL between": lambda secret: secret.encode("utf-16-le").decode("latin-1"),
    "three NULs between": lambda secret: secret.encode("utf-32-be").decode("latin-1"),
    "bytes taken for UTF-16": lambda secret: secret.encode().decode("utf-16-le", errors="ignore"),
    "bytes taken for UTF-16, the other end": lambda secret: secret.encode().decode(
        "utf-16-be", errors="ignore"
    ),
    "quoted-printable": lambda secret: quopri.encodestring(secret.encode()).decode(),
    "quoted-printable by hex": lambda secret: "".join(f"={ord(c):02X}" for c in secret),
    "quoted-printable in lines": lambda secret: _lines(secret, 5, "=\r\n"),
    "in lines": lambda secret: _lines(secret, 4, "\n"),
    "with blanks": " ".join,
    "with hyphens": "-".join,
    "with zero-width blanks": "\u200b".join,
    "soft hyphens": "\xad".join,
    "private use between": "\ue000".join,
    "unassigned characters between": "\U000e0fff".join,
    "an end that is cut off": lambda secret: secret[:-2] + "…",
    "an end of three dots": lambda secret: secret[:12] + "...",
    "masked at the end": lambda secret: secret[:10] + "******",
}
