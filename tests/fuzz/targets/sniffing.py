"""Any bytes: a format, an encoding and a dialect that are known, or a refusal of ours."""

import codecs

from fuzz.files import OPTIONS, REFUSALS, example_file, files_of_tests, see_message
from fuzz.frame import mutated, seeds
from pipefy_exports_dagster.reading.csv.reader import open_delimited
from pipefy_exports_dagster.reading.sniffing import FileKind
from pipefy_exports_dagster.reading.unwrapping import unwrap
from pipefy_exports_dagster.reading.xlsx.package import Package

_WORDS = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xfe\xff",
    b"\xef\xbb\xbf", b"\xff\xfe\0\0", b"<!--", b"-->", b"<!---->", b"<?xml version='1.0'?>", b"<html", b"<table",
    b"<title>", b"</title>", b"<a", b"</", b"/>", b"{", b"[", b'{"', b'":', b"sep=;\n", b";", b",", b"\t", b"|", b"\n",
    b'""', b"xl/workbook.xml", b"[Content_Types].xml", b"%PDF", b"0", b"\xcc\x81", b"\xcc\xa3",
)  # fmt: skip
_LONGEST_ENCODING = 20

examples = mutated([*seeds("sniffing"), *files_of_tests("")], words=_WORDS)


def check(example: bytes) -> None:
    """Tell what the bytes are, without reading a row."""
    with example_file(example) as (path, folder):
        try:
            table, kind = unwrap(path, folder=folder, max_unpacked_bytes=OPTIONS.max_unpacked_bytes)
            if kind is FileKind.XLSX:
                with Package.open(table, max_unpacked_bytes=OPTIONS.max_unpacked_bytes) as package:
                    assert all(sheet.part is None or package.has(sheet.part) for sheet in package.sheets)
                return
            assert kind is FileKind.CSV
            source = open_delimited(table, folder=folder, options=OPTIONS)
        except REFUSALS as refusal:
            see_message(refusal)
            return
        file = source.file
        assert file.encoding is not None
        assert codecs.lookup(file.encoding)
        assert len(file.encoding) < _LONGEST_ENCODING
        assert file.delimiter is not None
        assert len(file.delimiter) == 1
        assert source.columns
        assert len({column.name for column in source.columns}) == len(source.columns)
