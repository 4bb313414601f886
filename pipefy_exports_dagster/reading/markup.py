"""The kind of a text that begins as markup, without regular expressions: those can take hours on hostile input."""

import string

from pipefy_exports_dagster.text.quoting import printable

_BLANKS = " \t\r\n"
_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LONGEST_SHOWN = 80
_LONGEST_NAME = 100
_PAGES = frozenset({"!doctype", "html", "head", "body", "script", "title", "meta", "table"})
_PARTS_OF_PAGES = frozenset(
    {"a", "b", "br", "center", "div", "font", "form", "h1", "h2", "link", "p", "span", "style"}
)
_ERRORS = frozenset({"error", "errors", "errorresponse", "fault", "envelope"})
_SPREADSHEET_2003 = "urn:schemas-microsoft-com:office:spreadsheet"
_EXCEL_HTML = "urn:schemas-microsoft-com:office:excel"
_OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument"
_OFFICE_XML = (
    "http://schemas.microsoft.com/office/word/2003/wordml",
    "http://schemas.microsoft.com/office/2006/xmlpackage",
)
_SAVE = "open it in a spreadsheet program, save it as .xlsx or .csv, and load that"


Diagnosis = tuple[str, str]
"""What a file is, without a quote from it, and what to do, which may quote it."""


def diagnose_markup(text: str) -> Diagnosis | None:
    """Recognise an HTML page or an XML document; None if the text is neither.

    Args:
        text: The file's beginning, without leading blanks.
    """
    if not text.startswith("<"):
        return None
    # Not `lower()`, which turns some letters into two: positions have to be the same in both texts.
    lowered = text.translate(_TO_LOWER)
    root = _root(lowered)
    if root is None or (root not in _PAGES and "</" not in text and "/>" not in text):
        return None
    return _html(text, lowered, root) if root in _PAGES | _PARTS_OF_PAGES else _xml(text, lowered, root)


def _root(lowered: str) -> str | None:
    """Return the name of the first element, after declarations and comments; None if the text is not markup.

    The name is empty if the text ends before the first element.
    """
    at = 0
    began = False
    while True:
        while at < len(lowered) and lowered[at] in _BLANKS:
            at += 1
        for opening, closing in (("<!--", "-->"), ("<?", "?>")):
            if lowered.startswith(opening, at):
                end = lowered.find(closing, at + len(opening))
                if end < 0:
                    return "" if began or opening == "<!--" or lowered.startswith("<?xml", at) else None
                at, began = end + len(closing), True
                break
        else:
            name = _name(lowered, at)
            return "" if began and name is None else name


def _name(lowered: str, at: int) -> str | None:
    """Return the name of the tag at a position; None if there is none."""
    if not lowered.startswith("<", at):
        return None
    end = at + 1
    while (
        end < len(lowered)
        and end - at < _LONGEST_NAME
        and (lowered[end].isalnum() or lowered[end] in "!:_.-")
    ):
        end += 1
    name = lowered[at + 1 : end]
    ends_well = end < len(lowered) and (lowered[end] in _BLANKS or lowered[end] in "/>")
    return name if ends_well and (name == "!doctype" or name[:1].isalpha()) else None


def _html(text: str, lowered: str, root: str) -> Diagnosis:
    title = _between(text, lowered, "<title", "</title")
    says = f"; its title is {title.partition('>')[2].strip()[:_LONGEST_SHOWN]!r}" if title else ""
    if root == "table" or _EXCEL_HTML in lowered:
        return ("an HTML table, whatever its name says", f"{_SAVE}{says}")
    answer = f"the link answered with a page, perhaps a log-in or an error{says}"
    if "<table" in lowered and "<form" not in lowered:
        return ("an HTML page with a table", f"{answer}: export again; or, if it is the export, {_SAVE}")
    return ("an HTML page", f"{answer}; export again")


def _xml(text: str, lowered: str, root: str) -> Diagnosis:
    if _SPREADSHEET_2003 in lowered or 'progid="excel.sheet"' in lowered:
        return ("an Excel 2003 workbook in XML (SpreadsheetML)", _SAVE)
    if _OPEN_DOCUMENT in lowered:
        return ("an OpenDocument file in XML", _SAVE)
    if 'progid="word.document"' in lowered or any(namespace in lowered for namespace in _OFFICE_XML):
        return ("an Office document in XML", _SAVE)
    if root == "svg":
        return ("an SVG image", "download the export again, as XLSX or CSV")
    code = _between(text, text, "<Code>", "</Code>")
    if code is not None or root.rpartition(":")[2] in _ERRORS:
        says = f" ({printable(code[:60])})" if code else ""
        return (
            "an XML document",
            f"the file host answered with an error{says}; refresh the link or export again",
        )
    named = f"its first element is {root!r}, and " if root else ""
    return (
        "an XML document",
        f"{named}no table is read from that; export again as XLSX or CSV, or save it as one of them in a program that "
        "opens it",
    )


def _between(text: str, searched: str, opening: str, closing: str) -> str | None:
    """Return the text between two marks; None if they are not there."""
    start = searched.find(opening)
    end = searched.find(closing, start) if start >= 0 else -1
    return text[start + len(opening) : end] if end >= 0 else None
