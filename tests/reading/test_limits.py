import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from support.loader import Loader
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import (
    DiskFullError,
    ReaderFailedError,
    ReadLimitError,
    UnreadableFileError,
)
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.tables import workspace

DATA = Path(__file__).parent.parent / "data"


def bomb(part: str, opening: bytes, repeated: bytes, megabytes: int) -> bytes:
    """A good workbook, one of whose parts unpacks to many megabytes of the same."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(DATA / "good" / "shared_strings.xlsx") as good,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            if name != part:
                bad.writestr(name, good.read(name))
        block = repeated * ((1 << 20) // len(repeated))
        with bad.open(part, "w") as file:
            file.write(opening)
            for _ in range(megabytes):
                file.write(block)
    return written.getvalue()


BOMBS = {
    "many shared strings": (
        "xl/sharedStrings.xml",
        b"<sst>",
        b"<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>",
    ),
    "one shared string": ("xl/sharedStrings.xml", b"<sst><si><t>", b"a"),
    "many rows": (
        "xl/worksheets/sheet1.xml",
        b"<worksheet><sheetData>",
        b'<row r="1"><c r="A1"><v>1</v></c></row>',
    ),
    "one value": ("xl/worksheets/sheet1.xml", b'<worksheet><sheetData><row r="1"><c r="A1"><v>', b"1"),
    "before the rows": ("xl/worksheets/sheet1.xml", b"<worksheet><cols>", b'<col min="1"/>'),
    "styles": ("xl/styles.xml", b"<styleSheet>", b"<font/>"),
}


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_workbook_that_unpacks_to_gigabytes_is_refused(loader: Loader, name: str) -> None:
    path = loader.folder / "bomb.xlsx"
    path.write_bytes(bomb(*BOMBS[name], megabytes=150))
    assert path.stat().st_size < 3_000_000
    with pytest.raises((UnreadableFileError, ReadLimitError), match=r"unpacks|bytes|memory") as caught:
        loader.load(path, options=ReadOptions(max_memory_bytes=700_000_000))
    # A limit that no setting raises, or the one of memory: in no case that of what it unpacks to, which is 8 GB.
    assert "max_unpacked_bytes" not in str(caught.value)


def test_what_a_workbook_unpacks_to_is_counted_and_not_believed(loader: Loader) -> None:
    content = bytearray((DATA / "good" / "late_text.xlsx").read_bytes())
    with pytest.raises(ReadLimitError, match=r"more than 50,000 bytes .* raise `reading.max_unpacked_bytes`"):
        loader.load_here(loader.csv(bytes(content)), options=ReadOptions(max_unpacked_bytes=50_000))
    # The directory's own claim, made small: the archive's sizes may be a lie.
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = bytes(content).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with pytest.raises(UnreadableFileError, match="damaged"):
        loader.load_here(loader.csv(lying))


def test_a_gzip_bomb_stops_at_the_cap(loader: Loader) -> None:
    import gzip

    with pytest.raises(ReadLimitError, match="more than 1,000,000 bytes"):
        loader.load_here(
            loader.csv(gzip.compress(b"a,b\n" * 1_000_000)), options=ReadOptions(max_unpacked_bytes=1_000_000)
        )


@pytest.mark.usefixtures("no_leftovers")
def test_a_reader_past_its_time_is_stopped(loader: Loader) -> None:
    started = time.monotonic()
    with pytest.raises(ReadLimitError, match=r"longer than 0\.2 s"):
        loader.load("a,b\n" + "1,x\n" * 3_000_000, options=ReadOptions(max_seconds=0.2))
    assert time.monotonic() - started < PATIENCE_S


@pytest.mark.parametrize("quoted", [b'a,b\n1,"never closed\n', b'a,b\n1,"never "" closed\n"","",""\n'])
def test_an_unclosed_quote_before_a_million_lines_is_found_in_seconds(loader: Loader, quoted: bytes) -> None:
    started = time.process_time()
    with pytest.raises(UnreadableFileError, match=r"record that starts in line 2 .* never closes"):
        loader.load_here(loader.csv(quoted + b"5,6\n" * 2_500_000))
    assert time.process_time() - started < 20


def test_an_unclosed_quote_takes_no_more_memory_than_any_value_may(loader: Loader) -> None:
    with pytest.raises(UnreadableFileError, match="never closes"):
        loader.load(
            b'a,b\n1,"never closed\n' + b"5,6\n" * 26_000_000,
            options=ReadOptions(max_memory_bytes=900_000_000),
        )


def test_a_value_with_many_lines_is_one_value(loader: Loader) -> None:
    text = "5,6\n" * 3_000_000
    loader.load_here(loader.csv(f'a,b\n1,"{text}"\n2,x\n'))
    assert loader.query("SELECT a, length(b) FROM jobs") == [(1, len(text)), (2, 1)]


def _wide(columns: int) -> str:
    # Words that come again and again are what dictionaries are made of.
    words = ("h", *("word ", "another word ") * 25)
    rows = [[f"{word}{n}" for n in range(columns)] for word in words]
    return "".join(",".join(row) + "\n" for row in rows)


def test_a_report_of_many_columns_of_text_is_loaded(loader: Loader) -> None:
    # Each took DuckDB a megabyte for its dictionary, however few the rows are.
    report = loader.load_here(loader.csv(_wide(600)))
    assert (report.rows, len(report.columns)) == (50, 600)
    assert loader.query("SELECT h0, h599 FROM jobs WHERE _file_row = 2") == [
        ("another word 0", "another word 599")
    ]


def test_more_columns_than_the_memory_takes_is_said(loader: Loader) -> None:
    with pytest.raises(ReadLimitError, match=r"than it may have; .* raise `reading.max_memory_bytes` "):
        loader.load(_wide(2_500), options=ReadOptions(max_memory_bytes=250_000_000))


@pytest.mark.usefixtures("no_leftovers")
def test_a_reader_past_its_memory_is_stopped(loader: Loader) -> None:
    with pytest.raises(ReadLimitError, match="bytes of memory"):
        loader.load("a,b\n" + "1,x\n" * 1_000_000, options=ReadOptions(max_memory_bytes=30_000_000))


@pytest.mark.usefixtures("no_leftovers")
def test_a_reader_that_dies_is_one_clear_error(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = loader.folder / "broken"
    (broken / "duckdb").mkdir(parents=True)
    (broken / "duckdb" / "__init__.py").write_text("import os; os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(ReaderFailedError, match=r"died .signal 6"):
        loader.load("a,b\n1,x\n")


def test_a_full_disk_is_said_and_leaves_nothing(loader: Loader) -> None:
    small = Path("/dev/shm")
    mount = loader.folder / "small"
    mount.mkdir()
    if os.geteuid() != 0 or not small.exists():
        pytest.skip("mounting a small file system needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(mount)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    try:
        source = loader.csv(
            "a,b\n" + "".join(f"{n},{n * 7919 % 1000003}-{n * 104729 % 1000033}\n" for n in range(400_000))
        )
        loader.database = mount / "data.duckdb"
        with pytest.raises(DiskFullError):
            loader.load(source)
        assert not list(mount.glob(".pipefy_exports_loading/*"))
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_reading_works_without_the_package_on_the_path(tmp_path: Path) -> None:
    """The worker finds the package where its runner did, whatever the working directory."""
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    root = Path(__file__).parent.parent.parent
    script = (
        f"import sys; sys.path.insert(0, {str(root)!r})\n"
        "from pathlib import Path\n"
        "from pipefy_exports_dagster.tables import workspace\n"
        "from pipefy_exports_dagster.reading.runner import read_table_file\n"
        "with workspace(Path('x.duckdb')) as folder:\n    print(read_table_file(Path('a.csv'), folder=folder).rows)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "1\n"


def imported(by: str) -> set[str]:
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, {by}; print(*sys.modules)"],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(found.stdout.split())


def test_importing_loads_nothing_heavy() -> None:
    heavy = {"duckdb", "pyarrow", "numpy", "pandas", "dagster", "openpyxl", "httpx"}
    assert not heavy & imported("pipefy_exports_dagster.tables, pipefy_exports_dagster.reading.worker")


def test_the_process_that_reads_imports_nothing_that_it_does_not_need() -> None:
    ours = "pipefy_exports_dagster"
    modules = ("worker", "staging", "unwrapping", "csv.reader", "xlsx.reader")
    found = imported(", ".join(f"{ours}.reading.{module}" for module in modules))
    options = (".config.reading", ".config.date_formats", ".config.field_checks", ".config.pinned_types")
    variables = (".config.sizes", ".config.variables", ".config.setting_names", ".config.notify")
    # An error may quote a file, as text that nothing obeys.
    text = (".text", ".text.quoting", ".text.sql")
    beside = {
        f"{ours}{module}" for module in ("", ".config", ".errors", ".reading", *options, *variables, *text)
    }
    assert beside == {
        name for name in found if name.startswith(ours) and not name.startswith(f"{ours}.reading.")
    }


def test_a_staged_file_can_be_looked_at_without_a_database(loader: Loader) -> None:
    with workspace(loader.database) as folder:
        staged = read_table_file(loader.csv("Código,b\n007,1.5\n"), folder=folder)
        assert [(column.header, column.name, column.type) for column in staged.columns] == [
            ("Código", "codigo", "VARCHAR"),
            ("b", "b", "DOUBLE"),
        ]
        assert staged.preview == (("007", 1.5),)
    assert not loader.database.exists()
