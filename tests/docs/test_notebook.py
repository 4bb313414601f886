"""The notebook runs on what the sandbox exported, finds the columns by what they hold, and plots what SQL counts."""

import dataclasses
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from support.project import JOBS, JOBS_HISTORY, PIPE_REPORT, REPORT, Project

from pipefy_exports_dagster.sandbox import (
    ORGANIZATION_ID,
    PIPE_ID,
    PIPE_REPORT_ID,
    SECOND_ORGANIZATION_ID,
    Sandbox,
    SandboxSettings,
)
from pipefy_exports_dagster.tables.read_copy import read_copy_path

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first-look.py"
OURS = (
    "'1' AS _organization_id, 'last_month' AS _period_filter, DATE '2026-11-01' AS _requested_month, "
    "TIMESTAMP '2026-11-02' AS _exported_at"
)


@pytest.fixture(scope="module")
def notebook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_look", NOTEBOOK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["first_look"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two organizations in one database, whose files have headers in two languages; one of them has a history."""
    settings = SandboxSettings(jobs=1500, cards=300, processing_seconds=0)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(tmp_path_factory.mktemp("notebook") / "project", sandbox.url)
        project.environment |= {"PIPEFY_PIPE_ID": PIPE_ID, "PIPEFY_PIPE_REPORT_ID": PIPE_REPORT_ID}
        assert project.materialize(JOBS, REPORT, PIPE_REPORT, partition="last_3_months").success
        assert project.materialize(JOBS, partition="current_month").success
        for back in (0, 1):
            assert project.build_history(JOBS_HISTORY, back=back).success
        theirs = project.environment | {"PIPEFY_ORG_ID": SECOND_ORGANIZATION_ID}
        portuguese = dataclasses.replace(project, environment=theirs)
        assert portuguese.materialize(JOBS, partition="last_month").success
    return project


@pytest.fixture(scope="module")
def seen(notebook: ModuleType, project: Project) -> dict[str, Any]:
    """Everything that the notebook makes of the project's read copy."""
    return run(notebook, read_copy_path(project.database))


def run(notebook: ModuleType, database: Path, **chosen: Any) -> dict[str, Any]:
    _, defs = notebook.app.run(defs={"database": database, **chosen})
    return dict(defs)


def with_rows_of(notebook: ModuleType, seen: dict[str, Any], table: str, **chosen: Any) -> dict[str, Any]:
    """Run it with other rows chosen than those that it begins with."""
    [source] = [
        source
        for source in seen["sources"]
        if source.table == table and all(getattr(source, name) == value for name, value in chosen.items())
    ]
    one = notebook.choose("Rows", seen["sources"], source)
    found = {name: seen[name] for name in ("sources", "fits", "jobs_fit", "cards_fit")}
    return run(notebook, seen["database"], **found, jobs_source=one, cards_source=one)


def header(choice: Any) -> str:
    column = getattr(choice.value, "key", choice.value)
    return str(getattr(column, "header", None) or column.label)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Makes a database of statements; a table's columns end with those that ours have."""

    def make(*statements: str) -> Path:
        with duckdb.connect(tmp_path / "made.duckdb") as connection:
            for statement in statements:
                connection.execute(statement)
        return tmp_path / "made.duckdb"

    return make


def test_the_history_is_chosen_and_the_days_are_those_of_sql(seen: dict[str, Any], project: Project) -> None:
    assert (seen["jobs_source"].value.table, seen["jobs_source"].value.period) == (JOBS_HISTORY, None)
    assert (header(seen["began"]), header(seen["status"])) == ("Started at", "Status")
    assert seen["failures"].value == ["failed"]
    expected = project.query(
        "SELECT started_at::DATE AS day, count(*), count(*) FILTER (status = 'failed') "
        f"FROM {JOBS_HISTORY} GROUP BY day ORDER BY day"
    )
    assert seen["days"].days == expected
    assert sum(failed for _, _, failed in expected) > 0
    assert (seen["days"].without, seen["days_said"]) == (0, [])
    [[current]] = project.query(f"SELECT DISTINCT _month FROM {JOBS_HISTORY} WHERE NOT _is_complete")
    assert seen["days"].incomplete == [current]
    jobs, failures = seen["days_figure"].axes
    assert [bar.get_height() for bar in jobs.patches if bar.get_width() < 1] == [day[1] for day in expected]
    assert [bar.get_height() for bar in failures.patches if bar.get_width() < 1] == [
        day[2] for day in expected
    ]
    title = seen["days_figure"].texts[0].get_text()
    assert title.startswith(f"{sum(day[1] for day in expected):,} jobs from ")
    assert title.endswith("% failed")


def test_automations_of_one_name_in_two_pipes_are_two_and_the_slowest_is_first(
    seen: dict[str, Any], project: Project
) -> None:
    assert (header(seen["automation"]), header(seen["duration"])) == ("Automation ID", "Duration (s)")
    expected = project.query(
        "SELECT any_value(automation || ' · ' || pipe) AS name, count(*), quantile_cont(duration_s, 0.5) AS median, "
        f"quantile_cont(duration_s, 0.95) FROM {JOBS_HISTORY} GROUP BY automation_id "
        "ORDER BY median DESC, name LIMIT 12"
    )
    assert [row[:2] for row in seen["slowest_rows"]] == [row[:2] for row in expected]
    for nth in (2, 3):
        assert [row[nth] for row in seen["slowest_rows"]] == pytest.approx([row[nth] for row in expected])
    [axes] = seen["slowest_figure"].axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([row[2] for row in expected])
    assert axes.get_xlabel() == "duration of a job (s)"
    assert seen["slowest_said"] == []


def test_open_cards_are_counted_by_their_phase_and_age(seen: dict[str, Any], project: Project) -> None:
    assert seen["cards_source"].value.table == REPORT
    assert [header(seen[name]) for name in ("phase", "created", "finished")] == [
        "Fase atual",
        "Criado em",
        "Finalizado em",
    ]
    days = "_exported_at::DATE - criado_em::DATE"
    expected = dict(
        project.query(
            f"SELECT fase_atual, [count(*) FILTER ({days} <= 7), count(*) FILTER ({days} BETWEEN 8 AND 30), "
            f"count(*) FILTER ({days} BETWEEN 31 AND 90), count(*) FILTER ({days} > 90)] "
            f"FROM {REPORT} WHERE finalizado_em IS NULL AND _period_filter = 'last_3_months' GROUP BY ALL"
        )
    )
    assert dict(seen["phases"].phases) == expected
    assert "Aprovação" in expected
    [[finished]] = project.query(f"SELECT count(finalizado_em) FROM {REPORT}")
    assert (seen["phases"].finished, seen["phases"].without, seen["cards_said"]) == (finished, 0, [])
    assert (
        seen["cards_figure"]
        .texts[0]
        .get_text()
        .startswith(f"{sum(map(sum, expected.values()))} open cards; ")
    )


def test_headers_in_portuguese_are_found_as_well(
    notebook: ModuleType, seen: dict[str, Any], project: Project
) -> None:
    assert seen["jobs_source"].value.organization == ORGANIZATION_ID
    theirs = with_rows_of(notebook, seen, JOBS, organization=SECOND_ORGANIZATION_ID)
    names = ("began", "status", "automation", "duration")
    assert [header(theirs[name]) for name in names] == [
        "Iniciado em",
        "Status",
        "Automação",
        "Duração (s)",
    ]
    assert theirs["days"].days == project.query(
        f"SELECT iniciado_em::DATE AS day, count(*), count(*) FILTER (status = 'failed') FROM {JOBS} "
        f"WHERE _organization_id = '{SECOND_ORGANIZATION_ID}' GROUP BY day ORDER BY day"
    )
    assert theirs["days"].incomplete == []
    assert theirs["cards_said"][0].startswith(
        f"No column of {JOBS}, last_month, organization {SECOND_ORGANIZATION_ID} "
    )


def test_the_report_of_a_pipe_and_a_slice_are_other_rows_to_choose(
    notebook: ModuleType, seen: dict[str, Any], project: Project
) -> None:
    pipe = with_rows_of(notebook, seen, PIPE_REPORT)
    assert (header(pipe["phase"]), header(pipe["finished"])) == ("Fase atual", "Finalizado em")
    assert dict(pipe["phases"].phases).keys() <= {"Caixa de entrada", "Cotação", "Aprovação", "Concluído"}
    slice_ = with_rows_of(notebook, seen, JOBS, period="current_month")
    [[count]] = project.query(f"SELECT count(*) FROM {JOBS} WHERE _period_filter = 'current_month'")
    assert sum(jobs for _, jobs, _ in slice_["days"].days) == count


def test_another_column_can_be_chosen(notebook: ModuleType, seen: dict[str, Any], project: Project) -> None:
    texts = seen["cards"].of("text")
    chosen = notebook.choose("Phase", texts, next(column for column in texts if column.name == "pipe"))
    everything = notebook.choose("finished", (), None, none="none")
    other = run(
        notebook,
        seen["database"],
        **{name: seen[name] for name in ("sources", "fits", "jobs_fit", "cards_fit", "cards_source")},
        cards=seen["cards"],
        phase=chosen,
        created=seen["created"],
        finished=everything,
    )
    counted = {name: sum(counts) for name, counts in other["phases"].phases}
    assert counted == dict(project.query(f"SELECT pipe, count(*) FROM {REPORT} GROUP BY ALL"))
    assert other["cards_figure"].texts[0].get_text().startswith(f"{sum(counted.values())} cards; ")


def test_where_nothing_fits_it_says_what_was_looked_for_and_what_there_is(
    notebook: ModuleType, made: Callable[..., Path]
) -> None:
    seen = run(notebook, made(f"CREATE TABLE x AS SELECT range AS number, 'a' AS one, {OURS} FROM range(50)"))
    assert [text.partition(". ")[0] for text in seen["days_said"]] == [
        "No column of x, last_month, organization 1 is clearly when a job began",
        "No column of x, last_month, organization 1 is clearly how a job ended",
    ]
    assert "Looked for: dates or times that nearly every row has" in seen["days_said"][0]
    assert "Candidates: no column has such a type. Choose" in seen["days_said"][0]
    assert "Candidates: one (VARCHAR, 100% filled, 1 distinct). Choose one above." in seen["days_said"][1]
    assert "Looked for: a number that is the time between two columns" in seen["slowest_said"][-1]
    assert "Candidates: number. Choose" in seen["slowest_said"][-1]
    assert len(seen["cards_said"]) == 2
    assert [seen[f"{name}_figure"] for name in ("days", "slowest", "cards")] == [None, None, None]


# The notebook ignores it, too; pytest forgets that between two tests.
@pytest.mark.filterwarnings("ignore:Glyph .* missing from")
def test_names_values_and_schemas_may_be_anything(
    notebook: ModuleType, made: Callable[..., Path], screenshots: Path
) -> None:
    words = f"""
      TIMESTAMP '2026-10-01' + to_hours(i) AS "quando ""foi",
      ['R$ 5, R$ 10', 'it''s "ç" 📦', repeat('Ação ', 40)][i % 3 + 1] AS "a'uto",
      ['e1', 'e2', 'e3'][i % 3 + 1] AS event, ['ok', 'Falhou'][(i % 10 = 0)::INT + 1] AS "$sta$tus",
      TIMESTAMP '2026-10-01' + to_hours(i) + to_seconds(i % 90) AS "<img src=x>", (i % 90) / 60 AS minutes,
      repeat('x', 5000) || i AS essay, NULL AS nothing, [i] AS list, i AS "select", {OURS}
    """
    database = made(
        'CREATE SCHEMA "ac""me"',
        f'CREATE TABLE "ac""me"."it\'s" AS SELECT {words} FROM range(300) t(i)',
        'CREATE TABLE "ac""me".empty AS FROM "ac""me"."it\'s" LIMIT 0',
        "CREATE TABLE theirs AS SELECT 1 AS a",
        'CREATE VIEW v AS FROM "ac""me"."it\'s"',
    )
    seen = run(notebook, database)
    assert [str(source) for source in seen["sources"]] == ["ac\"me.it's, last_month, organization 1"]
    assert [header(seen[name]) for name in ("began", "status", "duration")] == [
        'quando "foi',
        "$sta$tus",
        "minutes",
    ]
    assert (seen["duration"].value.seconds, header(seen["automation"])) == (60, "a'uto")
    assert seen["failures"].value == ["Falhou"]
    assert sum(failed for _, _, failed in seen["days"].days) == 30
    for name in ("days", "slowest"):
        seen[f"{name}_figure"].savefig(screenshots / f"first_look_odd_{name}.png")
    labels = [label.get_text() for label in seen["slowest_figure"].axes[0].get_yticklabels()]
    assert sorted(map(len, labels)) == [10, 11, 60]
    assert "R$ 5, R$ 10" in labels


def test_a_wide_table_and_odd_dates_are_looked_at(notebook: ModuleType, made: Callable[..., Path]) -> None:
    wide = ", ".join(f"i AS c{n}" for n in range(300))
    dates = "[DATE '2026-10-05', DATE 'infinity', DATE '0001-01-01', NULL, DATE '9999-12-31'][i % 5 + 1] AS d"
    seen = run(notebook, made(f"CREATE TABLE wide AS SELECT {dates}, {wide}, {OURS} FROM range(100) t(i)"))
    assert len(seen["jobs"].columns) == 64
    assert seen["days_said"][0].startswith("No column of wide")
    column = seen["jobs"].columns[0]
    counted = notebook.per_day(seen["database"], seen["jobs"].source, column, None, [])
    assert [(str(day), jobs) for day, jobs, _ in counted.days] == [("2026-10-05", 20)]
    assert counted.without == 80
    notebook.plot_days(counted, column, seen["jobs"].source, with_failures=False).savefig(
        os.devnull, format="png"
    )


def test_a_database_that_cannot_be_looked_at_is_one_clear_line(
    notebook: ModuleType, tmp_path: Path, made: Callable[..., Path]
) -> None:
    def ends_with(database: Path) -> str:
        with pytest.raises(SystemExit) as ended:
            run(notebook, database)
        return str(ended.value)

    assert ends_with(tmp_path / "no.duckdb").startswith(
        f"There is no database at {tmp_path / 'no.duckdb'}. Load an"
    )
    (tmp_path / "text.duckdb").write_text("hello")
    assert "cannot be opened: DuckDB says IO Error" in ends_with(tmp_path / "text.duckdb")
    assert ends_with(made("CREATE TABLE x AS SELECT 1 AS a")).startswith(
        "No table of an export in this database"
    )


def test_it_runs_as_a_script_on_the_copy_that_it_finds_and_changes_nothing(
    project: Project, tmp_path: Path, screenshots: Path
) -> None:
    shutil.copytree(project.root / "data", tmp_path / "data", ignore=shutil.ignore_patterns("dagster"))
    for path in screenshots.glob("first_look_[!o]*.png"):
        path.unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.duckdb*")}
    with duckdb.connect(tmp_path / "data" / "pipefy_exports.duckdb"):  # a load, which holds the database
        finished = subprocess.run(
            [sys.executable, NOTEBOOK, "--plots", str(screenshots)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={k: v for k, v in os.environ.items() if not k.startswith("PIPEFY_")},
        )
    assert finished.stderr == ""
    assert [line.split(" ")[0] for line in finished.stdout.splitlines()][1:2] == ["Slowest:"]
    assert {path.name for path in screenshots.glob("first_look_[!o]*.png")} == {
        f"first_look_{name}.png" for name in ("days", "slowest", "cards")
    }
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.duckdb*")} == before


def test_marimo_finds_nothing_to_say(notebook: ModuleType) -> None:
    from marimo._lint import run_check

    assert not run_check((str(NOTEBOOK),)).errored
    assert notebook.__doc__


@pytest.fixture
def screenshots() -> Path:
    """Where pictures are kept for people: outside git, in the repository or as CI says."""
    folder = Path(os.environ.get("SCREENSHOTS_DIR") or ROOT / "build" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
