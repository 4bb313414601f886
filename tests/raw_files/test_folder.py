import errno
import json
import stat
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.errors import DiskFullError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.files.private import full_disk_named, open_private
from pipefy_exports_dagster.raw_files.folder import RawFolder, sha256_of, suffix_for
from pipefy_exports_dagster.raw_files.sidecar import Sidecar, read_sidecar, sidecar_path, write_sidecar

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> RawFolder:
    folder = RawFolder.of(tmp_path, "300", "automation_jobs_export", "last_month")
    folder.create()
    return folder


def part_of(folder: RawFolder, export_id: str, content: bytes = b"a,b\n1,2\n") -> tuple[Path, Sidecar]:
    """Return a complete download, not yet kept, with the sidecar that belongs to it."""
    part = folder.part_path(export_id, "run-1")
    with open_private(part) as file:
        file.write(content)
    sidecar = Sidecar(
        organization_id="300",
        asset="automation_jobs_export",
        period_filter="last_month",
        export_id=export_id,
        request={"filter": "last_month", "título": "ção"},
        requested_month=date(2026, 11, 1),
        requested_at=NOON,
        exported_at=NOON,
        downloaded_at=NOON,
        sha256=sha256_of(part),
        size_bytes=len(content),
        fingerprint="f",
    )
    return part, sidecar


def names(folder: RawFolder) -> set[str]:
    return {path.name for path in folder.path.iterdir()}


def test_a_kept_file_is_found_with_its_sidecar(folder: RawFolder, tmp_path: Path) -> None:
    part, sidecar = part_of(folder, "e1")
    raw = folder.keep(part, sidecar)
    assert raw.path == tmp_path / "raw/300/automation_jobs_export/last_month/e1.csv"
    assert folder.find("e1") == raw
    assert raw.sidecar == sidecar
    assert names(folder) == {"e1.csv", "e1.csv.json"}
    assert folder.find("e2") is None


def test_the_content_decides_the_suffix(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1", b"PK\x03\x04 and so on")
    assert folder.keep(part, sidecar).path.name == "e1.xlsx"
    empty, _ = part_of(folder, "e2", b"")
    assert suffix_for(empty) == ".csv"


def test_files_are_their_owners_only(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1")
    assert stat.S_IMODE(part.stat().st_mode) == 0o600
    raw = folder.keep(part, sidecar)
    assert stat.S_IMODE(raw.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sidecar_path(raw.path).stat().st_mode) == 0o600


def test_a_file_that_was_changed_is_not_found(folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    raw.path.write_bytes(b"a,b\n1,3\n")
    assert folder.find("e1") is None


def test_a_file_is_not_found_by_an_id_that_only_looks_the_same(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1")
    folder.keep(part, replace(sidecar, export_id="e1"))
    write_sidecar(folder.path / "e1.csv", replace(sidecar, export_id="another"))
    assert folder.find("e1") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"requested_month": 5}', "[" * 100_000, '"\\ud800"', "\x00"]
)
def test_a_sidecar_that_cannot_be_used_is_none(text: str, folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    sidecar_path(raw.path).write_text(text)
    assert read_sidecar(raw.path) is None
    assert folder.find("e1") is None


def test_a_sidecar_of_a_later_version_is_read(folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    stored = json.loads(sidecar_path(raw.path).read_bytes())
    sidecar_path(raw.path).write_text(json.dumps(stored | {"version": 99, "rows": 5}))
    assert read_sidecar(raw.path) == raw.sidecar


def test_a_sidecar_without_a_version_is_read(folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    stored = json.loads(sidecar_path(raw.path).read_bytes())
    assert stored.pop("version") == 1
    sidecar_path(raw.path).write_text(json.dumps(stored))
    assert read_sidecar(raw.path) == raw.sidecar


def test_a_sidecar_without_a_field_that_has_no_default_is_none(folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    stored = json.loads(sidecar_path(raw.path).read_bytes())
    del stored["sha256"]
    sidecar_path(raw.path).write_text(json.dumps(stored))
    assert read_sidecar(raw.path) is None


@pytest.mark.parametrize("name", ["requested_month", "requested_at", "exported_at", "downloaded_at"])
@pytest.mark.parametrize("value", [None, "yesterday", 5])
def test_a_sidecar_whose_time_is_none_cannot_be_used(name: str, value: object, folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    stored = json.loads(sidecar_path(raw.path).read_bytes())
    sidecar_path(raw.path).write_text(json.dumps(stored | {name: value}))
    assert read_sidecar(raw.path) is None


def test_a_kill_between_sidecar_and_file_leaves_nothing_to_be_found(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1")
    write_sidecar(folder.path / "e1.csv", sidecar)
    assert folder.find("e1") is None
    assert folder.keep(part, sidecar).path.exists()


def test_what_a_killed_download_left_is_swept_away(folder: RawFolder) -> None:
    raw = folder.keep(*part_of(folder, "e1"))
    part_of(folder, "e2")
    (folder.path / "e1.csv.json.part").write_text("{")
    folder.create()
    assert names(folder) == {"e1.csv", "e1.csv.json"}
    assert folder.find("e1") == raw


def test_a_file_that_cannot_be_kept_leaves_no_part(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1")
    (folder.path / "e1.csv.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        folder.keep(part, sidecar)
    assert names(folder) == {"e1.csv.json"}


def test_a_full_disk_is_named_and_leaves_no_half_sidecar(folder: RawFolder) -> None:
    part, sidecar = part_of(folder, "e1")
    (folder.path / "e1.csv.json.part").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match=r"no space is left in .*last_month"):
        folder.keep(part, sidecar)
    assert names(folder) == set()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_quota_is_a_full_disk_as_well(number: int) -> None:
    with pytest.raises(DiskFullError), full_disk_named(Path("x")):
        raise OSError(number, "no")


def test_other_trouble_with_a_disk_stays_what_it_is() -> None:
    with pytest.raises(PermissionError), full_disk_named(Path("x")):
        raise PermissionError(errno.EACCES, "no")


@pytest.mark.parametrize(
    "text", ["e1", "300514001", "d940e875-fc58-4b94-a321-71b488cf62ad", "last_month", "2026-10-01"]
)
def test_a_safe_name_stays_itself(text: str) -> None:
    assert safe_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["../../x", "..", ".", "", "/etc/passwd", "a/b", "a\\b", ".json", "x.csv", "x.part", "-rf", "~", "*", "[a]",
     "ação", "\u202e", "😀", "a\x00", "a\nb", "\ud800", "x" * 101, "y" * 10_000, "CON", "AbC", " a ", "NUL.txt"],
)  # fmt: skip
def test_an_id_cannot_leave_its_folder(text: str, tmp_path: Path) -> None:
    folder = RawFolder.of(tmp_path, "300", "asset", "last_month")
    folder.create()
    part, sidecar = part_of(folder, text)
    if text.isprintable():
        raw = folder.keep(part, sidecar)
        assert folder.find(text) == raw
        part = raw.path
    assert part.parent == folder.path
    assert part.resolve().is_relative_to(folder.path.resolve())


@given(st.text(), st.text())
def test_different_ids_have_different_files_even_where_case_does_not_count(one: str, other: str) -> None:
    assert (safe_name(one).lower() == safe_name(other).lower()) == (one == other)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_~-]{1,120}", fullmatch=True))
def test_a_safe_name_is_short_plain_and_hidden_from_nobody(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name) <= 100
    assert name.isascii()
    assert "." not in name
    assert "/" not in name
    assert name[0] not in ".-~"
    # An id that looks like the name of another is not that other.
    assert (safe_name(name) == name) == (name == text)
