"""What only an object store can do wrong: it is far away, refuses, cuts, and cannot rename."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from raw_files.kept import ASSET, CONTENT, add, sidecar_of
from servers import SigningObjectStore
from support.servers import Bucket
from support.store_proxy import QUOTED, Fault, StoreProxy
from support.waiting import eventually

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError, StorageError, StoreUnavailableError
from pipefy_exports_dagster.raw_files import bucket_opening
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.raw_files.store import FileState, RawFile, RawFileStore

obstore = pytest.importorskip("obstore", reason="the extra [scale] is not installed")
KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
FILE = "300/acme__automation_jobs_export/last_month/e1.csv"


def store_at(address: str, folder: Path) -> RawFileStore:
    return raw_file_store(PipefyExportsConfig(data_dir=folder / "data", raw_files=address))


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> RawFileStore:
    return store_at(bucket.address, tmp_path)


@pytest.fixture
def proxy(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreProxy]:
    """Between the bucket and whoever asks it from now on. Nothing is repeated for long."""
    monkeypatch.setattr(bucket_opening, "RETRIES", 1)
    with StoreProxy(bucket.store.endpoint).running() as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


def direct(bucket: Bucket) -> Any:
    """The bucket as another program sees it."""
    return obstore.store.S3Store(
        bucket.name, endpoint=bucket.store.endpoint, client_options={"allow_http": True}
    )


def content_of(store: RawFileStore, raw: RawFile, folder: Path) -> bytes:
    with store.fetched(raw, folder) as path:
        return path.read_bytes()


def keys(bucket: Bucket) -> list[str]:
    return sorted(found["path"] for chunk in obstore.list(direct(bucket)) for found in chunk)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("value", [None, "", " "])
def test_a_missing_key_is_named(
    name: str, value: str | None, store: RawFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name)
    if value is not None:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=rf"`raw_files` .* s3://bucket-.*, and {name} is not set"):
        store.files("300", ASSET)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"AWS_PROFILE": "mine"}, "AWS_PROFILE is not read$"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
            "AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN beside it$",
        ),
        ({}, "on EC2 AWS_METADATA_ENDPOINT=http://169.254.169.254 takes those of the instance$"),
    ],
)
def test_keys_that_are_not_found_elsewhere_are_told_of(
    given: dict[str, str], says: str, store: RawFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=says):
        store.files("300", ASSET)


@contextmanager
def instance_metadata(*, role: str | None) -> Iterator[str]:
    """What an EC2 instance answers of itself: keys, if it has a role."""
    keys = {"AccessKeyId": "of-the-role", "SecretAccessKey": "s3cr3t", "Token": "t", "Code": "Success"}
    times = {"LastUpdated": "2026-01-01T00:00:00Z", "Expiration": "2100-01-01T00:00:00Z"}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_PUT(self) -> None:
            self._answer("token")

        def do_GET(self) -> None:
            if role is None:
                self._answer("", 404)
            else:
                self._answer(role if self.path.endswith("/") else json.dumps(keys | times))

        def _answer(self, text: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_keys_of_an_instances_role_are_taken_where_its_metadata_are_named(
    store: RawFileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    with instance_metadata(role="exports") as address:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", address)
        raw = add(store, sidecar_of("e1"))
        assert content_of(store, raw, tmp_path) == CONTENT
    with instance_metadata(role=None) as address:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", address)
        with pytest.raises(StorageError, match=r"no keys could be had from .* says \(404\)\. Check the role"):
            store.files("300", ASSET)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/s3cr3t")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/exports")
    with pytest.raises(StorageError, match=r"no keys could be had from .* says\. Check the role") as raised:
        store.files("300", ASSET)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"]
)
@pytest.mark.parametrize("added", ["\n", " ", "é", "\x01"])
def test_a_variable_that_cannot_be_sent_is_named_and_not_quoted(
    name: str, added: str, store: RawFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"http://mine{added}")
    with pytest.raises(
        ConfigurationError, match=f"^{name} has a space, a line's end or a character"
    ) as raised:
        store.files("300", ASSET)
    assert "mine" not in str(raised.value)


def test_without_the_extra_it_is_named(store: RawFileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")  # not opened with this before
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'pipefy-exports-dagster\[scale\]'"):
        store.files("300", ASSET)


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("http://minio.example:9000", "is http, and minio.example is another machine"),
        ("http://user:pass@10.0.0.7", "is http, and 10.0.0.7 is another machine"),
        ("minio.example:9000", "is no address"),
        ("ftp://minio.example", "is no address"),
        ("https://", "is no address"),
        ("http://[::1", "is no address"),
        ("https://minio.example:port", "is no address"),
    ],
)
def test_an_endpoint_that_is_not_safe_or_no_address_is_refused(
    endpoint: str, says: str, store: RawFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(ConfigurationError, match=says) as raised:
        store.files("300", ASSET)
    assert "pass@" not in str(raised.value)


def test_http_on_this_machine_needs_no_permission(
    store: RawFileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    assert store.files("300", ASSET) == ()


@pytest.mark.parametrize(
    "address", ["s3://b//x", "s3://b/../x", "s3://b/.", "s3://b/a/../b", "s3://b/a\nb", "s3://B"]
)
def test_an_address_that_is_none_is_refused_at_once(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="use s3://bucket/prefix"):
        store_at(address, tmp_path)


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_named_before_an_export_is_asked_for(tmp_path: Path) -> None:
    partition = store_at("s3://no-such-bucket/x", tmp_path).partition("300", ASSET, "last_month")
    with (
        pytest.raises(StorageError, match=r"there is no bucket 'no-such-bucket' at 127\.0\.0\.1:"),
        partition.opened(),
    ):
        pass
    with pytest.raises(StorageError, match="there is no bucket 'no-such-bucket'"):
        partition.find("e1")


@pytest.mark.parametrize(
    ("fault", "kind_and_text"),
    [
        (Fault.UNAVAILABLE, (StoreUnavailableError, "answered 503 SlowDown, each time")),
        (Fault.CUT, (StoreUnavailableError, "did not answer, or the connection broke")),
        (Fault.CUT_ANSWER, (StoreUnavailableError, "did not answer, or the connection broke")),
        (Fault.DENIED, (StorageError, "s3:GetObject, s3:PutObject and s3:DeleteObject")),
        (Fault.OTHER_REGION, (StorageError, "is in another region")),
        (Fault.EXPIRED, (StorageError, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY")),
    ],
)
def test_trouble_has_its_class_and_none_of_the_librarys_words(
    fault: Fault,
    kind_and_text: tuple[type[Exception], str],
    proxy: StoreProxy,
    store: RawFileStore,
    tmp_path: Path,
) -> None:
    kind, says = kind_and_text
    raw = add(store, sidecar_of("e1"))
    proxy.choose = lambda *_: fault
    attempts: list[Callable[[], object]] = [
        lambda: store.files("300", ASSET),
        lambda: store.partition("300", ASSET, "last_month").find("e1"),
        lambda: content_of(store, raw, tmp_path),
        lambda: store.delete(raw),
        lambda: add(store, sidecar_of("e2")),
    ]
    for attempt in attempts:
        if fault is Fault.CUT_ANSWER and attempt is attempts[-2]:
            continue  # nothing is in that answer
        with pytest.raises(kind, match=says) as raised:
            attempt()
        assert QUOTED not in str(raised.value)
        assert "Debug source" not in str(raised.value)
        assert os.environ["AWS_ACCESS_KEY_ID"] not in str(raised.value)
    proxy.choose = lambda *_: None


def test_a_wrong_key_is_refused_by_a_store_that_checks(
    signing_object_store: SigningObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in signing_object_store.environment.items():
        monkeypatch.setenv(name, value)
    bucket = signing_object_store.create_bucket()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(
        StorageError, match=r"does not accept the keys \(403 SignatureDoesNotMatch\)"
    ) as raised:
        store_at(f"s3://{bucket}", tmp_path).files("300", ASSET)
    assert "another-secret" not in str(raised.value)


def test_what_fails_once_is_tried_again(proxy: StoreProxy, store: RawFileStore) -> None:
    failed = set()

    def once(method: str, path: str) -> Fault | None:
        if (method, path) in failed:
            return None
        failed.add((method, path))
        return Fault.UNAVAILABLE

    proxy.choose = once
    raw = add(store, sidecar_of("e1"))
    assert store.files("300", ASSET) == (raw,)


@pytest.mark.parametrize("ending", ["e1.csv", "e1.csv.json"])
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.UNAVAILABLE])
def test_a_put_that_fails_leaves_no_file_and_the_next_one_works(
    ending: str, fault: Fault, proxy: StoreProxy, store: RawFileStore, tmp_path: Path
) -> None:
    proxy.choose = lambda method, path: fault if method == "PUT" and path.endswith(ending) else None
    with pytest.raises(StoreUnavailableError):
        add(store, sidecar_of("e1"))
    proxy.choose = lambda *_: None
    partition = store.partition("300", ASSET, "last_month")
    assert partition.find("e1") is None
    assert store.files("300", ASSET) == ()
    assert store.organizations(ASSET) == ()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    raw = add(store, sidecar_of("e1"))
    assert store.files("300", ASSET) == (raw,)


def test_another_content_whose_sidecar_was_not_written_is_no_file_any_more(
    proxy: StoreProxy, store: RawFileStore
) -> None:
    add(store, sidecar_of("e1"))
    proxy.choose = lambda method, path: Fault.CUT if method == "PUT" and path.endswith(".json") else None
    for longer in (CONTENT + b"3,4\n", CONTENT[::-1]):
        with pytest.raises(StoreUnavailableError):
            add(store, sidecar_of("e1", longer), longer)
        with store.partition("300", ASSET, "last_month").opened() as opened:
            assert opened.find("e1") is None


def test_a_large_put_that_is_cut_is_given_up(proxy: StoreProxy, store: RawFileStore, bucket: Bucket) -> None:
    content = b"x" * 20_000_000
    proxy.choose = lambda _, path: Fault.UNAVAILABLE if "partNumber=2" in path else None
    with pytest.raises(StoreUnavailableError):
        add(store, sidecar_of("e1", content), content)
    assert any(method == "DELETE" and "uploadId" in path for method, path in proxy.requests), "aborted"
    assert keys(bucket) == []


def test_a_killed_upload_leaves_nothing_that_is_seen(
    proxy: StoreProxy, store: RawFileStore, bucket: Bucket, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 20_000_000)
    proxy.choose = lambda _, path: Fault.HOLD if "partNumber=2" in path else None
    code = (
        "import sys; from pathlib import Path; from pipefy_exports_dagster.raw_files.bucket import Bucket; "
        "Bucket(sys.argv[1]).put(sys.argv[2], Path(sys.argv[3]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, bucket.name, FILE, str(large)]) as process:
        eventually(proxy.held.is_set)
        process.send_signal(signal.SIGKILL)
    proxy.choose = lambda *_: None
    assert keys(bucket) == []
    assert store.partition("300", ASSET, "last_month").find("e1") is None
    raw = add(store, sidecar_of("e1"))
    assert store.files("300", ASSET) == (raw,)


def test_what_a_killed_process_left_on_this_machine_is_swept(store: RawFileStore, tmp_path: Path) -> None:
    left = tmp_path / "data" / ".pipefy_exports_raw_files" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "e1.run.part").write_bytes(b"half")
    left.with_suffix(".lock").touch()
    with store.partition("300", ASSET, "last_month").opened():
        assert not left.exists()
    assert not left.parent.exists()


def test_a_full_disk_is_named_and_keeps_nothing(store: RawFileStore) -> None:
    raw = add(store, sidecar_of("e1"))
    partition = store.partition("300", ASSET, "last_month")
    with partition.opened() as opened:
        opened.part_path("e1", "x").parent.joinpath("e1.csv").symlink_to("/dev/full")
        with pytest.raises(Exception, match="no space is left in") as raised:
            opened.find("e1")
    assert type(raised.value).__name__ == "DiskFullError"
    assert partition.find("e1") == raw


def test_a_file_without_a_sidecar_or_with_another_size_is_none(store: RawFileStore, bucket: Bucket) -> None:
    add(store, sidecar_of("e1"))
    obstore.put(direct(bucket), FILE, CONTENT + b"more")
    assert store.files("300", ASSET) == ()
    assert store.partition("300", ASSET, "last_month").find("e1") is None
    obstore.put(direct(bucket), FILE, CONTENT)
    assert store.partition("300", ASSET, "last_month").find("e1") is not None
    obstore.delete(direct(bucket), f"{FILE}.json")
    assert store.files("300", ASSET) == ()
    assert store.partition("300", ASSET, "last_month").find("e1") is None


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"{}", b'"\\ud800"', b"\xff", b"[" * 100_000])
def test_a_sidecar_that_cannot_be_used_is_passed_over(
    text: bytes, store: RawFileStore, bucket: Bucket
) -> None:
    add(store, sidecar_of("e1"))
    other = add(store, sidecar_of("e2"))
    obstore.put(direct(bucket), f"{FILE}.json", text)
    assert store.files("300", ASSET) == (other,)
    assert store.organizations(ASSET) == ("300",)
    assert store.partition("300", ASSET, "last_month").find("e1") is None


def test_a_file_whose_sidecar_was_not_written_is_a_leftover_after_a_while(
    proxy: StoreProxy, store: RawFileStore, bucket: Bucket
) -> None:
    for key in ("300/acme__automation_jobs_export/theirs/x.csv", f"{FILE}.bak", f"{FILE}/y.csv", "x.csv"):
        obstore.put(direct(bucket), key, b"theirs")
    add(store, sidecar_of("whole"))
    proxy.choose = lambda method, path: Fault.CUT if method == "PUT" and path.endswith(".json") else None
    with pytest.raises(StoreUnavailableError):
        add(store, sidecar_of("e1"))
    proxy.choose = lambda *_: None
    now = datetime.now(UTC)
    assert list(store.leftovers(ASSET, before=now - timedelta(days=1))) == []
    [left] = store.leftovers(ASSET, before=now + timedelta(days=1))
    assert (left.address, left.size_bytes) == (f"{bucket.address}/{FILE}", len(CONTENT))
    add(store, sidecar_of("e1"))
    assert list(store.leftovers(ASSET, before=now + timedelta(days=1))) == []


def test_what_others_keep_below_the_prefix_is_left_alone(store: RawFileStore, bucket: Bucket) -> None:
    raw = add(store, sidecar_of("e1"))
    for key in (
        "readme.csv",
        "300/x.csv",
        "300/acme__automation_jobs_export/x.csv",
        f"{FILE}.bak",
        f"{FILE}/y.csv",
    ):
        obstore.put(direct(bucket), key, b"theirs")
        obstore.put(direct(bucket), f"{key}.json", b"{}")
    assert store.files("300", ASSET) == (raw,)
    assert store.organizations(ASSET) == ("300",)


def test_the_stores_own_checksum_is_compared_and_the_file_not_read(
    proxy: StoreProxy, store: RawFileStore, bucket: Bucket
) -> None:
    raw = add(store, sidecar_of("e1"))
    partition = store.partition("300", ASSET, "last_month")
    proxy.requests.clear()
    assert partition.state("e1", raw.sidecar.sha256) is FileState.UNCHANGED
    assert proxy.count("GET", "e1.csv") == 0
    obstore.put(direct(bucket), FILE, CONTENT[::-1])  # as long as it was
    assert partition.state("e1", raw.sidecar.sha256) is FileState.CHANGED


def test_a_file_that_was_copied_is_compared_by_its_content(
    proxy: StoreProxy, store: RawFileStore, bucket: Bucket
) -> None:
    content = b"x" * 6_000_000
    raw = add(store, sidecar_of("e1", content), content)
    obstore.put(direct(bucket), FILE, content, use_multipart=True)  # the same bytes with another ETag
    partition = store.partition("300", ASSET, "last_month")
    assert partition.state("e1", raw.sidecar.sha256) is FileState.UNCHANGED
    assert proxy.count("GET", "e1.csv") == 1


def test_a_listing_asks_once_for_the_keys_and_once_for_each_sidecar(
    proxy: StoreProxy, store: RawFileStore
) -> None:
    for number in range(30):
        add(store, sidecar_of(f"e{number}"))
    proxy.requests.clear()
    assert len(store.files("300", ASSET)) == 30
    assert len(proxy.requests) == 31
    proxy.requests.clear()
    assert store.organizations(ASSET) == ("300",)
    assert len(proxy.requests) == 3


def test_a_file_is_fetched_once_and_one_that_was_kept_never(proxy: StoreProxy, store: RawFileStore) -> None:
    add(store, sidecar_of("e1"))
    assert proxy.count("GET", "e1.csv") == 0
    with store.partition("300", ASSET, "last_month").opened() as opened:
        raw = opened.find("e1")
        assert raw
        assert opened.local(raw).read_bytes() == opened.local(raw).read_bytes() == CONTENT
    assert proxy.count("GET", "e1.csv") == 1


def test_a_folders_files_that_were_copied_to_a_bucket_are_its_files(
    store: RawFileStore, bucket: Bucket, tmp_path: Path
) -> None:
    before = raw_file_store(PipefyExportsConfig(data_dir=tmp_path / "old"))
    for export_id in ("e1", "Ação", "e2"):
        add(before, sidecar_of(export_id))
    raw = tmp_path / "old" / "raw"
    for path in (path for path in raw.rglob("*") if path.is_file()):
        obstore.put(direct(bucket), str(path.relative_to(raw)), path)
    assert [file.sidecar for file in store.files("300", ASSET)] == [
        file.sidecar for file in before.files("300", ASSET)
    ]
    assert store.organizations(ASSET) == ("300",)
    [first, *_] = store.files("300", ASSET)
    partition = store.partition("300", ASSET, "last_month")
    assert partition.find(first.sidecar.export_id) == first
    assert partition.state(first.sidecar.export_id, first.sidecar.sha256) is FileState.UNCHANGED


def test_no_right_is_given_to_anybody(proxy: StoreProxy, store: RawFileStore) -> None:
    """Objects get what the bucket's owner has decided: no ACL is sent, and no grant."""
    add(store, sidecar_of("e1"))
    assert proxy.headers
    assert not [name for name in proxy.headers if name.lower().startswith(("x-amz-acl", "x-amz-grant"))]


def test_no_key_is_in_what_is_stored(store: RawFileStore, bucket: Bucket) -> None:
    add(store, sidecar_of("e1"))
    [sidecar] = [key for key in keys(bucket) if key.endswith(".json")]
    for key in keys(bucket):
        content = bytes(obstore.get(direct(bucket), key).bytes())
        assert bucket.environment["AWS_SECRET_ACCESS_KEY"].encode() not in content
        assert bucket.environment["AWS_ACCESS_KEY_ID"].encode() not in content
    assert b'"etag"' in bytes(obstore.get(direct(bucket), sidecar).bytes())
    assert bucket.environment["AWS_SECRET_ACCESS_KEY"] not in repr(store)
