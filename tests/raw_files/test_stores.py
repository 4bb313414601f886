"""What every store of raw files promises: a folder, an object store, and one that checks signatures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from raw_files.kept import ASSET, CONTENT, NOON, add, sidecar_of
from support.servers import Bucket

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.files.private import open_private
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.raw_files.store import FileState, OpenedPartition, RawFile, RawFileStore

STORES = ["folder", "bucket"]
SIGNING = "signing bucket"
"""A server that refuses a wrong signature takes more time: it sees each kind of request once."""


@pytest.fixture
def signing_bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    server = request.getfixturevalue("signing_object_store")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return Bucket(server, server.create_bucket())


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RawFileStore:
    if request.param == "folder":
        return raw_file_store(PipefyExportsConfig(data_dir=tmp_path / "data"))
    pytest.importorskip("obstore", reason="the extra [scale] is not installed")
    bucket: Bucket = request.getfixturevalue(request.param.replace(" ", "_"))
    address = f"{bucket.address}/some/prefix"
    return raw_file_store(PipefyExportsConfig(data_dir=tmp_path / "data", raw_files=address))


@pytest.fixture
def opened(store: RawFileStore) -> Iterator[OpenedPartition]:
    with store.partition("300", ASSET, "last_month").opened() as opened:
        yield opened


def keep(opened: OpenedPartition, export_id: str, content: bytes = CONTENT, **others: object) -> RawFile:
    part = opened.part_path(export_id, "run-1")
    with open_private(part) as file:
        file.write(content)
    return opened.keep(part, sidecar_of(export_id, content, **others))


def ids(files: tuple[RawFile, ...]) -> list[str]:
    return [file.sidecar.export_id for file in files]


@pytest.mark.parametrize("store", [*STORES, SIGNING], indirect=True)
def test_a_kept_file_is_found_listed_and_read_by_whoever_asks(store: RawFileStore, tmp_path: Path) -> None:
    raw = add(store, sidecar_of("e1"))
    assert raw.sidecar == sidecar_of("e1")
    assert raw.name == "e1.csv"
    assert raw.address.endswith("300/acme__automation_jobs_export/last_month/e1.csv")
    partition = store.partition("300", ASSET, "last_month")
    assert partition.find("e1") == raw
    assert partition.find("e2") is None
    assert store.partition("300", ASSET, "current_month").find("e1") is None
    assert store.files("300", ASSET) == (raw,)
    assert store.organizations(ASSET) == ("300",)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with store.fetched(raw, scratch) as path:
        assert path.read_bytes() == CONTENT
        assert path.name == "e1.csv"
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 and so on", b"x" * 20_000_001], ids=["empty", "zip", "large"]
)
def test_any_content_comes_back(content: bytes, store: RawFileStore, tmp_path: Path) -> None:
    raw = add(store, sidecar_of("e1", content), content)
    assert raw.name == ("e1.xlsx" if content.startswith(b"PK") else "e1.csv")
    with store.fetched(raw, tmp_path) as path:
        assert path.read_bytes() == content
    with store.partition("300", ASSET, "last_month").opened() as opened:
        found = opened.find("e1")
        assert found == raw
        assert opened.local(found).read_bytes() == content


def test_a_file_is_on_this_machine_until_its_partition_is_closed(opened: OpenedPartition) -> None:
    raw = keep(opened, "e1")
    assert opened.local(raw).read_bytes() == CONTENT
    assert opened.local(raw).stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_beside_what_is_kept(store: RawFileStore, tmp_path: Path) -> None:
    raw = add(store, sidecar_of("e1"))
    with store.partition("300", ASSET, "last_month").opened() as opened:
        with open_private(opened.part_path("e2", "killed")) as file:
            file.write(b"half")
        assert opened.find("e1") == raw
    with store.partition("300", ASSET, "last_month").opened():
        pass
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert set(left) <= {"e1.csv", "e1.csv.json"}
    assert store.files("300", ASSET) == (raw,)


def test_another_download_of_an_export_takes_the_place_of_the_first(store: RawFileStore) -> None:
    add(store, sidecar_of("e1", b"<html>"), b"<html>")
    workbook = b"PK\x03\x04 and so on"
    raw = add(store, sidecar_of("e1", workbook), workbook)
    assert store.files("300", ASSET) == (raw,)
    assert store.partition("300", ASSET, "last_month").find("e1") == raw
    again = add(store, sidecar_of("e1", workbook + b"!"), workbook + b"!")
    assert store.files("300", ASSET) == (again,)


def test_files_are_listed_oldest_first_and_those_of_others_are_not(store: RawFileStore) -> None:
    def at(export_id: str, day: int, **others: object) -> RawFile:
        return add(store, replace(sidecar_of(export_id), exported_at=NOON - timedelta(days=day), **others))  # type: ignore[arg-type]

    at("new", 1)
    at("old", 9, period_filter="current_month")
    at("oldest", 1, requested_month=date(2026, 8, 1))
    at("theirs", 5, organization_id="3001")
    at("no safe name", 5, organization_id="Ação")
    at("another", 5, asset="acme/automation_jobs_export_2")
    assert ids(store.files("300", ASSET)) == ["oldest", "old", "new"]
    assert ids(store.files("Ação", ASSET)) == ["no safe name"]
    assert store.organizations(ASSET) == ("300", "3001", "Ação")
    assert store.organizations("acme/automation_jobs_export_2") == ("300",)
    assert store.organizations("acme") == ()
    assert store.files("30", ASSET) == ()


def test_a_deleted_file_is_gone_with_its_sidecar_and_can_be_deleted_again(store: RawFileStore) -> None:
    raw, other = add(store, sidecar_of("e1")), add(store, sidecar_of("e2"))
    store.delete(raw)
    store.delete(raw)
    assert store.files("300", ASSET) == (other,)
    assert store.partition("300", ASSET, "last_month").find("e1") is None


def test_what_is_kept_is_no_leftover(store: RawFileStore) -> None:
    add(store, sidecar_of("e1"))
    assert list(store.leftovers(ASSET, before=datetime.now(UTC) + timedelta(days=1))) == []


def test_a_file_says_whether_it_is_what_was_loaded(store: RawFileStore) -> None:
    raw = add(store, sidecar_of("e1"))
    partition = store.partition("300", ASSET, "last_month")
    assert partition.state("e1", raw.sidecar.sha256) is FileState.UNCHANGED
    assert partition.state("e1", "0" * 64) is FileState.CHANGED
    assert partition.state("e2", raw.sidecar.sha256) is FileState.GONE
    store.delete(raw)
    assert partition.state("e1", raw.sidecar.sha256) is FileState.GONE


def test_a_file_that_is_gone_is_not_read(store: RawFileStore, tmp_path: Path) -> None:
    raw = add(store, sidecar_of("e1"))
    store.delete(raw)
    says = r"e1\.csv is not the file that its sidecar describes"
    with pytest.raises(UnreadableFileError, match=says), store.fetched(raw, tmp_path):
        pass


@pytest.mark.parametrize("text", ["../../x", "a/b", "", ".", "*", "😀", "x" * 200, "CON", "AbC", "a\nb"])
def test_an_id_cannot_leave_its_partition(text: str, store: RawFileStore) -> None:
    raw = add(store, sidecar_of(text))
    with store.partition("300", ASSET, "last_month").opened() as opened:
        assert opened.find(text) == raw
    assert store.files("300", ASSET) == (raw,)
    assert "/300/acme__automation_jobs_export/last_month/" in raw.address


@pytest.mark.parametrize("store", [*STORES, SIGNING], indirect=True)
def test_a_store_that_works_says_so_and_keeps_nothing_of_the_trial(
    store: RawFileStore, tmp_path: Path
) -> None:
    said = list(store.tried())
    assert len(said) == (0 if "Folder" in type(store).__name__ else 1)
    assert store.organizations(ASSET) == ()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
