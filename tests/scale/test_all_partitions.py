"""Everything that an installation loads, launched by the daemon, on either machine; what it keeps holds no secret."""

import base64
import io
import re

import dagster as dg
import obstore
import openpyxl
import pytest
from machines.launches import Launch
from obstore.store import S3Store
from reliability.secrets_in import SECRETS
from scale.world import A, B, World
from support.project import JOBS, JOBS_HISTORY, PIPE_REPORT, PIPE_REPORT_HISTORY, REPORT, REPORT_HISTORY

from pipefy_exports_dagster.periods import PeriodFilter

EXPORTS = (JOBS, REPORT, PIPE_REPORT)
HISTORIES = (JOBS_HISTORY, REPORT_HISTORY, PIPE_REPORT_HISTORY)

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def loaded(world: World) -> World:
    launches = [Launch(asset, period.value) for period in PeriodFilter for asset in EXPORTS]
    runs = world.await_runs(*world.launch(*launches))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}, world.last_words()
    world.start_sensor("pipefy_history_sensor")
    world.wait_for(
        lambda: all(world.query(f"FROM duckdb_tables() WHERE table_name = '{name}'") for name in HISTORIES)
    )
    world.await_runs(minimum=len(launches) + 1)
    return world


@pytest.fixture(scope="module")
def objects(loaded: World) -> dict[str, bytes]:
    """Every object of the bucket."""
    return stored(loaded)


def test_both_machines_took_part(loaded: World) -> None:
    loaded.await_executed(A, B)
    assert loaded.exports == len(EXPORTS) * len(PeriodFilter)


@pytest.mark.parametrize("asset", EXPORTS)
@pytest.mark.parametrize("period", list(PeriodFilter))
def test_the_rows_are_those_of_the_file(
    loaded: World, objects: dict[str, bytes], asset: str, period: PeriodFilter
) -> None:
    [newest] = loaded.materializations(asset, period.value)
    [content] = [
        content
        for key, content in objects.items()
        if newest["pipefy/export_id"] in key and key.endswith("xlsx") and f"/{asset}/{period.value}/" in key
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    lines = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
    rows = loaded.query(f"SELECT * FROM {asset} WHERE _period_filter = '{period.value}' ORDER BY _file_row")
    assert len(rows) == len(lines) - 1 == newest["dagster/row_count"]
    columns = [str(cell) for cell in lines[0]]
    texts = [number for number, cell in enumerate(lines[1]) if isinstance(cell, str)] if rows else []
    names = [name for name, *_ in loaded.query(f"DESCRIBE {asset}")]
    for number in texts[:3]:
        [position] = [names.index(name) for name in names[number : number + 1]]
        assert [str(row[position]) for row in rows] == [str(line[number]) for line in lines[1:]], columns[
            number
        ]


@pytest.mark.parametrize("history", HISTORIES)
def test_the_months_are_there(loaded: World, history: str) -> None:
    [(months, rows)] = loaded.query(f"SELECT count(DISTINCT _month), count(*) FROM {history}")
    assert months >= 1
    assert rows > 0


def test_no_machine_keeps_anything(loaded: World) -> None:
    for machine in loaded.installation.workers.values():
        assert [path for path in machine.data_dir.rglob("*") if path.is_file()] == []


def test_no_secret_is_in_any_byte_of_what_is_kept(loaded: World, objects: dict[str, bytes]) -> None:
    secrets = SECRETS | loaded.servers.secrets
    [queued] = loaded.launch(Launch(JOBS, machine="one that is not there"))
    loaded.wait_for(lambda: queued.encode() in messages(loaded))
    kept = kept_bytes(loaded, objects)
    export_id = loaded.materializations(JOBS, "last_month")[0]["pipefy/export_id"]
    assert any(export_id.encode() in content for name, content in kept.items() if name.startswith("postgres"))
    told = [
        (name, place)
        for name, secret in secrets.items()
        for place, content in kept.items()
        if secret.encode() in content or secret in place
    ]
    assert told == []


def kept_bytes(world: World, objects: dict[str, bytes]) -> dict[str, bytes]:
    """Everything that any machine or server keeps, by where it is."""
    found = {f"bucket {key}": content for key, content in objects.items()}
    found["broker"] = messages(world)
    for database in (world.servers.instance, world.servers.lake):
        for schema, table in database.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ):
            rows = database.execute(f'SELECT t::text FROM "{schema}"."{table}" t')
            found[f"postgres {database.name} {schema}.{table}"] = "\n".join(row for (row,) in rows).encode()
    for path in world.root.rglob("*"):
        if path.is_file():
            found[str(path.relative_to(world.root))] = path.read_bytes()
    found["log of postgres"] = world.servers.postgres.log().encode()
    return found


def messages(world: World) -> bytes:
    """What the broker holds, and once more as it was before it was put in base64."""
    content = world.servers.broker.content()
    encoded = re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", content)
    return b"\n".join([content, *(base64.b64decode(text[: len(text) // 4 * 4]) for text in encoded)])


def stored(world: World) -> dict[str, bytes]:
    """Every object of the bucket."""
    environment = world.servers.store.environment
    store = S3Store(
        world.servers.bucket,
        endpoint=environment["AWS_ENDPOINT_URL"],
        access_key_id=environment["AWS_ACCESS_KEY_ID"],
        secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region=environment["AWS_REGION"],
        client_options={"allow_http": True},
    )
    keys = [item["path"] for batch in obstore.list(store) for item in batch]
    return {key: bytes(obstore.get(store, key).bytes()) for key in keys}
