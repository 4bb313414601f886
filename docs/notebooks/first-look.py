# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb>=1.5,<2", "marimo>=0.20", "matplotlib>=3.10"]
# ///
"""A first look at the loaded tables: jobs and failures per day, slowest automations, cards by phase and age.

Headers of exports are labels in any language, so columns are found by what they hold, not by their names.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="A first look at Pipefy's exports")

with app.setup:
    import os
    import re
    import sys
    import warnings
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import contextmanager
    from dataclasses import dataclass
    from datetime import date
    from pathlib import Path
    from typing import Any

    import duckdb
    import marimo as mo
    import matplotlib as mpl
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#595959"  # told apart with any kind of colour blindness
    AGES = (
        ("up to 7 days", "#fde725"),
        ("8 to 30 days", "#35b779"),
        ("31 to 90 days", "#31688e"),
        ("over 90 days", "#440154"),
    )
    ROWS, COLUMNS = 10_000, 64
    """How much of a table is looked at to find its columns: a sample of rows, and its first columns."""
    FAILED = re.compile(
        r"fail|falh|err(o|ado)|fehl|échou|échec|reject|recus|rejeit|timed? ?out", re.IGNORECASE
    )
    """Words of values that say that something failed."""
    PERIODS = ("last_3_months", "last_month", "current_month")
    TIMES = "dates or times that nearly every row has, in the months that the export covers"
    LOOKED_FOR = {
        "when a job began": TIMES,
        "how a job ended": "2 to 12 short values, one of which says failure or goes with a column of messages",
        "the automation": "values that repeat, and that settle others, such as the event, the action or the pipe",
        "how long a job took": "a number that is the time between two columns of times, or two such columns",
        "the phase of a card": "2 to 60 short values that say whether a column of times, such as the end, is filled",
        "when a card was created": TIMES,
    }
    mpl.rcParams["text.parse_math"] = False  # a label with two `$` is no formula
    warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a label may hold an emoji


@app.cell(hide_code=True)
def _():
    mo.md("""
    # A first look

    Jobs and failures per day, the slowest automations, and cards by phase and age, from the tables that
    `pipefy_exports_dagster` loads. The columns are found by what they hold: types, how often they are filled, how
    many distinct values there are, and which columns go together. Where the choice is wrong, or nothing fits, choose
    another column above the plot.

    **This notebook shows values of your exports**: names of automations and phases. That is its purpose, so
    `show_values: false`, which keeps values out of Dagster's UI and logs, has no effect here. Mind with whom
    you share it.
    """)


@app.cell
def _():
    database_field = mo.ui.text(
        str(default_database(mo.cli_args().get("database"))), label="Database", full_width=True
    )
    database_field
    return (database_field,)


@app.cell
def _(database_field):
    database = Path(database_field.value)
    return (database,)


@app.cell
def _(database):
    sources = [] if (_problem := problem_with(database)) else sources_of(database)
    if not _problem and not sources:
        _problem = "No table of an export in this database has rows yet. Materialize a partition first."
    if _problem and mo.app_meta().mode == "script":
        sys.exit(_problem)
    mo.stop(_problem, mo.callout(_problem, kind="danger"))
    return (sources,)


@app.cell
def _(database, sources):
    fits = {source: look_at(database, source) for source in sources if source.widest}
    jobs_fit = max(
        fits.values(),
        key=lambda fit: (
            bool(fit.failures) + bool(fit.automation) + bool(fit.duration),
            fit.source.period is None,
            fit.source.rows,
        ),
    )
    cards_fit = max(
        fits.values(),
        key=lambda fit: (bool(fit.phase), fit is not jobs_fit, fit.source.period is None, fit.source.rows),
    )
    return cards_fit, fits, jobs_fit


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Jobs and failures per day
    """)


@app.cell
def _(jobs_fit, sources):
    jobs_source = choose("Rows", sources, jobs_fit.source)
    jobs_source
    return (jobs_source,)


@app.cell
def _(database, fits, jobs_source):
    jobs = fits.get(jobs_source.value) or look_at(database, jobs_source.value)
    began = choose("When a job began", jobs.of("time"), jobs.began)
    status = choose("How it ended", [c for c in jobs.of("text") if c.distinct <= 50], jobs.status)
    mo.hstack([began, status], widths="equal")
    return began, jobs, status


@app.cell
def _(database, jobs, status):
    statuses = distinct_values(database, jobs.source, status.value)
    failures = mo.ui.multiselect(
        {shown(value, 100): value for value in statuses},
        value=[
            shown(value, 100)
            for value in statuses
            if (value in jobs.failures if status.value == jobs.status else FAILED.search(value))
        ],
        label="These are failures",
    )
    failures
    return (failures,)


@app.cell
def _(began, database, failures, jobs, status):
    days_said = []
    if began.value is None:
        days_said.append(missing("when a job began", jobs, jobs.of("time")))
    if status.value is None:
        days_said.append(missing("how a job ended", jobs, jobs.of("text")))
    days = per_day(database, jobs.source, began.value, status.value, failures.value) if began.value else None
    days_figure = (
        plot_days(days, began.value, jobs.source, with_failures=bool(failures.value))
        if days and days.days
        else None
    )
    if days and not days.days:
        days_said.append(f"No row of {jobs.source} has a value in {began.value}.")
    mo.vstack([*(mo.callout(text, kind="warn") for text in days_said), days_figure])
    return days, days_figure, days_said


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Slowest automations

    Half of the jobs of an automation took less than the bar says, and 95 of 100 less than the dot.
    """)


@app.cell
def _(jobs):
    automation = choose("Automation", jobs.automations, jobs.automation)
    duration = choose("How long a job took", jobs.durations, jobs.duration)
    mo.hstack([automation, duration], widths="equal")
    return automation, duration


@app.cell
def _(automation, database, duration, jobs):
    slowest_said = []
    if automation.value is None:
        slowest_said.append(missing("the automation", jobs, jobs.automations))
    if duration.value is None:
        slowest_said.append(missing("how long a job took", jobs, jobs.durations))
    slowest_rows, slowest_figure = [], None
    if automation.value and duration.value:
        slowest_rows = slowest(database, jobs.source, automation.value, duration.value)
    if slowest_rows:
        slowest_figure = plot_slowest(slowest_rows, duration.value, jobs.source)
    mo.vstack([*(mo.callout(text, kind="warn") for text in slowest_said), slowest_figure])
    return slowest_figure, slowest_rows, slowest_said


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## Cards by phase and age

    The phase that a card had when the export was made, and its age then. A history has each card as the newest export
    of its month has it.
    """)


@app.cell
def _(cards_fit, sources):
    cards_source = choose("Rows", sources, cards_fit.source)
    cards_source
    return (cards_source,)


@app.cell
def _(cards_source, database, fits):
    cards = fits.get(cards_source.value) or look_at(database, cards_source.value)
    phase = choose("Phase", [c for c in cards.of("text") if c.distinct > 1], cards.phase)
    created = choose("When a card was created", cards.of("time"), cards.began)
    finished = choose(
        "When it was finished", cards.of("time"), cards.finished, none="(show finished cards, too)"
    )
    mo.hstack([phase, created, finished], widths="equal")
    return cards, created, finished, phase


@app.cell
def _(cards, created, database, finished, phase):
    cards_said = []
    if phase.value is None:
        cards_said.append(missing("the phase of a card", cards, cards.of("text")))
    if created.value is None:
        cards_said.append(missing("when a card was created", cards, cards.of("time")))
    phases, cards_figure = None, None
    if phase.value and created.value:
        phases = by_phase(database, cards.source, phase.value, created.value, finished.value)
        if phases.phases:
            cards_figure = plot_phases(
                phases, phase.value, cards.source, only_open=finished.value is not None
            )
        else:
            cards_said.append(f"{cards.source} has no open card with a date.")
    mo.vstack([*(mo.callout(text, kind="warn") for text in cards_said), cards_figure])
    return cards_figure, cards_said, phases


@app.cell
def _(cards_figure, cards_said, days_figure, days_said, slowest_figure, slowest_said):
    # As a script: say what is seen, and keep the plots if a folder is named.
    if mo.app_meta().mode == "script":
        folder = mo.cli_args().get("plots")
        for _text in [*days_said, *slowest_said, *cards_said]:
            print(_text)
        for _name, _figure in (("days", days_figure), ("slowest", slowest_figure), ("cards", cards_figure)):
            if _figure is not None:
                print(_figure.texts[0].get_text())
                if folder:
                    Path(folder).mkdir(parents=True, exist_ok=True)
                    _figure.savefig(Path(folder, f"first_look_{_name}.png"))


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## How the columns are found

    What follows is the code of the above.
    """)


@app.function
def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


@app.function
def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


@app.function
def shown(text: str, longest: int = 40) -> str:
    """Return a text in one line, cut short: a value may have thousands of characters."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * longest]).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


@app.function
def default_database(given: str | None) -> Path:
    """Return the read copy that there is, or the first place where one was looked for."""
    if given:
        return Path(given)
    configured = os.environ.get("PIPEFY_EXPORTS_DATABASE")
    data = os.environ.get("PIPEFY_EXPORTS_DATA_DIR", "data")
    roots = (Path(), Path(__file__).parents[2])
    databases = [Path(configured)] if configured else []
    databases += [
        root / folder / "pipefy_exports.duckdb" for folder in (data, "data/sandbox") for root in roots
    ]
    copies = [path for database in databases for path in (database.with_suffix(".read.duckdb"), database)]
    return next(filter(Path.exists, copies), copies[0])


@app.function
@contextmanager
def opened(database: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open the database read only, for one question: each load replaces the copy, and an open one stays the old."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(database))} AS pipefy (READ_ONLY)")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@app.function
def problem_with(database: Path) -> str:
    """Return why the database cannot be looked at; nothing if it can."""
    if not database.is_file():
        return (
            f"There is no database at {database.absolute()}. Load an export first, or run `make demo`; or name the "
            "file: `marimo edit first-look.py -- --database PATH`, or PIPEFY_EXPORTS_DATABASE."
        )
    try:
        with opened(database):
            return ""
    except duckdb.Error as error:
        if "lock on file" in str(error):
            return f"{database} is being written to. Look at its read copy, {database.stem}.read{database.suffix}."
        return f"{database} cannot be opened: DuckDB says {str(error).splitlines()[0]}"


@app.class_definition
@dataclass(frozen=True)
class Source:
    """Rows of one organization that overlap nowhere: a history, or one slice of an export's table.

    Args:
        period: The slice, or None for a history, which has each month once.
        widest: There is no wider slice of the same rows.
    """

    schema: str
    table: str
    organization: str
    period: str | None
    rows: int
    widest: bool

    @property
    def sql(self) -> str:
        """FROM and WHERE."""
        where = f"_organization_id = {literal(self.organization)}"
        if self.period is not None:
            where += f" AND _period_filter = {literal(self.period)}"
        return f"FROM pipefy.{quoted(self.schema)}.{quoted(self.table)} WHERE {where}"

    def __str__(self) -> str:
        table = self.table if self.schema == "main" else f"{self.schema}.{self.table}"
        return f"{table}, {self.period or 'each month once'}, organization {self.organization}"


@app.function
def sources_of(database: Path) -> list[Source]:
    """Return what has rows: histories first, then slices, from the longest to the shortest."""
    ours = ["_organization_id", "_period_filter", "_requested_month", "_exported_at"]
    found = []
    with opened(database) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name, list_contains(list(column_name), '_month') FROM duckdb_columns() "
            "SEMI JOIN duckdb_tables() USING (table_oid, schema_name, table_name, database_name) "
            "WHERE database_name = 'pipefy' GROUP BY ALL HAVING list_has_all(list(column_name), ?) ORDER BY ALL",
            [ours],
        ).fetchall()
        for schema, table, is_history in tables:
            period = "NULL" if is_history else "_period_filter"
            slices = connection.execute(
                f"SELECT _organization_id, {period}, count(*) FROM pipefy.{quoted(schema)}.{quoted(table)} GROUP BY ALL"
            ).fetchall()
            slices.sort(
                key=lambda each: (each[0], PERIODS.index(each[1]) if each[1] in PERIODS else len(PERIODS))
            )
            seen = set[str]()
            for organization, period, rows in slices:
                found.append(Source(schema, table, organization, period, rows, organization not in seen))
                seen.add(organization)
    return sorted(found, key=lambda source: source.period is not None)


@app.class_definition
@dataclass(frozen=True)
class Column:
    """A column of a file, and the profile of its values.

    Args:
        header: The header that it has in the file: our tables keep it as the column's comment.
        kind: `time`, `number`, `text` or `other`.
        filled: The share of rows that have a value.
        longest: The length of the longest value as text.
    """

    name: str
    header: str
    type: str
    kind: str
    filled: float
    distinct: int
    longest: int

    @property
    def sql(self) -> str:
        return quoted(self.name)

    def __str__(self) -> str:
        return f"{shown(self.header)} ({self.type}, {self.filled:.0%} filled, {self.distinct:,} distinct)"


@app.function
def kind_of(type_: str) -> str:
    """Return what a type of DuckDB's holds."""
    if type_ == "DATE" or type_.startswith("TIMESTAMP"):
        return "time"
    if re.match(r"U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL|BIGNUM", type_):
        return "number"
    return "text" if type_ in {"VARCHAR", "BOOLEAN"} or type_.startswith("ENUM") else "other"


@app.class_definition
class Sample:
    """Some rows of a source, in memory, and the profile of its columns."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", source: Source) -> None:
        self.connection = connection
        theirs = connection.execute(
            "SELECT column_name, coalesce(comment, column_name), data_type FROM duckdb_columns() "
            "WHERE (database_name, schema_name, table_name) = ('pipefy', ?, ?) AND column_name[1] <> '_' "
            "ORDER BY column_index LIMIT ?",
            [source.schema, source.table, COLUMNS],
        ).fetchall()
        ours = ["_requested_month", "_period_filter", *(["_month"] if source.period is None else [])]
        names = ", ".join([*(quoted(name) for name, _, _ in theirs), *ours])
        connection.execute(
            f"CREATE TEMP TABLE sample AS SELECT {names} FROM (SELECT {names} {source.sql}) "
            f"USING SAMPLE reservoir({ROWS} ROWS) REPEATABLE (1)"
        )
        [self.rows] = self.ask("count(*)")
        asked = [
            f"count({c}) / greatest(count(*), 1), count(DISTINCT {c}), coalesce(max(length({c}::VARCHAR)), 0)"
            for c in (quoted(name) for name, _, _ in theirs)
        ]
        facts = self.ask(", ".join(asked)) if asked else ()
        self.columns = tuple(
            Column(name, header, type_, kind_of(type_), *facts[3 * nth : 3 * nth + 3])
            for nth, (name, header, type_) in enumerate(theirs)
            if facts[3 * nth + 1]
        )

    def ask(self, sql: str) -> tuple[Any, ...]:
        """Return one row of what is asked about the sample."""
        return self.connection.execute(f"SELECT {sql} FROM sample").fetchone() or ()

    def of(self, *kinds: str, filled: float = 0.0, distinct: tuple[float, float] = (1, 1e9)) -> list[Column]:
        """Return columns of these kinds, filled at least that often, with so many distinct values."""
        least, most = distinct
        return [
            column
            for column in self.columns
            if column.kind in kinds and column.filled >= filled and least <= column.distinct <= most
        ]

    def settled(self, key: Column, others: Sequence[Column]) -> list[Column]:
        """Return the columns of which nearly each value of the key goes with one value."""
        fewer = [other for other in others if other != key and other.distinct <= key.distinct]
        pairs = (
            self.ask(", ".join(f"count(DISTINCT ({key.sql}, {other.sql}))" for other in fewer))
            if fewer
            else ()
        )
        most = 1.05 * key.distinct + (key.filled < 1)
        return [other for other, count in zip(fewer, pairs, strict=True) if count <= most]

    def values(self, column: Column, where: str = "true") -> tuple[str, ...]:
        """Return the distinct values of a column, as text."""
        sql = f"SELECT DISTINCT {column.sql}::VARCHAR AS v FROM sample WHERE {where} AND v IS NOT NULL ORDER BY v"
        return tuple(value for (value,) in self.connection.execute(sql).fetchall())

    def divides(self, column: Column, other: Column) -> bool:
        """Whether the other column is always filled for some values of a column, and never for the rest."""
        each = f"SELECT count(*) AS n, count({other.sql}) AS f FROM sample GROUP BY {column.sql}"
        pure, some, none = self.connection.execute(
            f"SELECT sum(greatest(f, n - f)) / sum(n), bool_or(f * 2 > n), bool_or(f * 2 < n) FROM ({each})"
        ).fetchone() or (0, False, False)
        return bool(pure > 0.98 and some and none)


@app.class_definition
@dataclass(frozen=True)
class Duration:
    """How long a job took, as SQL: in seconds where `unit` is what a second is to it, else as the column has it."""

    label: str
    sql: str
    seconds: float | None


@app.class_definition
@dataclass(frozen=True)
class Automation:
    """What a job is a job of: the column that tells them apart, and those that name it."""

    key: Column
    names: tuple[Column, ...]

    def __str__(self) -> str:
        return str(self.key)


@app.class_definition
@dataclass(frozen=True)
class Fit:
    """The columns of a source, and which of them hold what the plots ask for."""

    source: Source
    columns: tuple[Column, ...]
    began: Column | None = None
    status: Column | None = None
    failures: tuple[str, ...] = ()
    automation: Automation | None = None
    automations: tuple[Automation, ...] = ()
    duration: Duration | None = None
    durations: tuple[Duration, ...] = ()
    phase: Column | None = None
    finished: Column | None = None

    def of(self, *kinds: str) -> list[Column]:
        """Return the columns of these kinds."""
        return [column for column in self.columns if column.kind in kinds]


@app.function
def look_at(database: Path, source: Source) -> Fit:
    """Find the columns of a source that hold what the plots ask for."""
    with opened(database) as connection:
        sample = Sample(connection, source)
        began = find_began(sample, source)
        status, failures = find_status(sample)
        duration, durations = find_durations(sample, began)
        phase, finished = find_phase(sample)
        automation, automations = find_automations(sample)
        return Fit(
            source,
            sample.columns,
            began,
            status,
            failures,
            automation,
            automations,
            duration,
            durations,
            phase,
            finished,
        )


@app.function
def find_began(sample: Sample, source: Source) -> Column | None:
    """Of the times that nearly every row has, in the months that the export covers, the earliest."""
    first, end = "_month", "_month + INTERVAL 1 MONTH"
    if source.period is not None:
        back = {"current_month": 0, "last_month": 1, "last_3_months": 3}.get(source.period, 1200)
        first = f"_requested_month - INTERVAL {back} MONTH"
        end = "_requested_month" + (" + INTERVAL 1 MONTH" if source.period == "current_month" else "")
    found = []
    for column in sample.of("time", filled=0.9):
        time = f"{column.sql}::TIMESTAMP"
        inside = f"{time} >= {first} - INTERVAL 1 DAY AND {time} < {end} + INTERVAL 1 DAY"
        share, mean = sample.ask(f"avg(CAST({inside} AS INT)), avg(epoch({time})) FILTER (isfinite({time}))")
        found.append((share is None or share < 0.99, mean or 0, column))
    return min(found, key=lambda each: each[:2])[2] if found else None


@app.function
def find_status(sample: Sample) -> tuple[Column | None, tuple[str, ...]]:
    """Of the texts with few values, one that says failure, or that goes with a message; and those values."""
    few = [column for column in sample.of("text", filled=0.9, distinct=(2, 12)) if column.longest <= 60]
    for column in sorted(few, key=lambda column: column.distinct):
        failing = tuple(value for value in sample.values(column) if FAILED.search(value))
        if 0 < len(failing) < column.distinct:
            return column, failing
    for column in few:
        messages = [c for c in sample.of("text") if 0 < c.filled < 0.5 and sample.divides(column, c)]
        if len(messages) == 1:  # a pipe has many columns that no other pipe fills
            return column, sample.values(column, f"{messages[0].sql} IS NOT NULL")
    return None, ()


@app.function
def find_automations(sample: Sample) -> tuple[Automation | None, tuple[Automation, ...]]:
    """Of what repeats, the text or number that settles most other columns: event, action, pipe. And all that repeat.

    A number is named by texts that it settles: the one that settles most, and what tells apart those of the same name.
    """
    repeated = [
        c for c in sample.of("text", "number", distinct=(2, max(sample.rows / 5, 2))) if c.longest <= 255
    ][:24]
    settled = {key: sample.settled(key, repeated) for key in repeated}
    found = []
    for key, others in settled.items():
        texts = [c for c in sorted(others, key=lambda c: -len(settled[c])) if c.kind == "text"]
        names = texts[:1]
        for text in texts[1:]:
            both = f"count(DISTINCT ({names[0].sql}, {text.sql}))"
            if len(names) == 1 and key.kind == "number" and sample.ask(both)[0] > names[0].distinct:
                names.append(text)
        found.append(Automation(key, (key,) if key.kind == "text" or not names else tuple(names)))
    best = max(
        (each for each in found if each.key.filled >= 0.9 and settled[each.key]),
        key=lambda each: (len(settled[each.key]), each.key.kind == "text", each.key.distinct),
        default=None,
    )
    return best, tuple(found)


@app.function
def find_durations(sample: Sample, began: Column | None) -> tuple[Duration | None, tuple[Duration, ...]]:
    """A number that is the time between two others, in some unit; else that time itself. And all that could be one."""
    numbers = [
        Duration(shown(column.header), column.sql, None) for column in sample.of("number", distinct=(10, 1e9))
    ]
    if began is None:
        return None, tuple(numbers)
    start, spans = f"epoch({began.sql}::TIMESTAMP)", []
    for end in sample.of("time", filled=0.5):
        span = f"epoch({end.sql}::TIMESTAMP) - {start}"
        after, mean = sample.ask(f"avg(CAST({span} >= 0 AS INT)), avg({span})")
        if end != began:
            label = f"from {shown(began.header)} to {shown(end.header)}"
            spans.append((not after or after < 0.99, mean or 0, Duration(label, f"({span})", 1)))
    spans.sort(key=lambda each: each[:2])
    options = (*numbers, *(duration for _, _, duration in spans))
    if not spans or spans[0][0]:
        return None, options
    span = spans[0][2]
    for nth, number in enumerate(numbers):
        for seconds in (1, 0.001, 60, 3600):
            near = f"abs({number.sql} * {seconds} - {span.sql}) <= {1 + seconds / 2}"
            share, varies = sample.ask(f"avg(CAST({near} AS INT)), stddev_pop({span.sql})")
            if share and share > 0.95 and varies > 0:
                known = Duration(number.label, number.sql, seconds)
                return known, (*options[:nth], known, *options[nth + 1 :])
    return span, options


@app.function
def find_phase(sample: Sample) -> tuple[Column | None, Column | None]:
    """The text with few values that divides cards with a time, which are finished, from those without."""
    most = min(sample.rows / 5, 60)
    phases = [column for column in sample.of("text", filled=0.9, distinct=(2, most)) if column.longest <= 255]
    times = [column for column in sample.of("time") if 0 < column.filled < 1]
    pairs = [(phase, time) for phase in phases for time in times if sample.divides(phase, time)]
    return max(pairs, key=lambda pair: (pair[0].distinct, pair[1].filled), default=(None, None))


@app.function
def distinct_values(database: Path, source: Source, column: Column | None) -> list[str]:
    """Return the values that a column has in all rows, as text; the first hundred."""
    if column is None:
        return []
    with opened(database) as connection:
        sql = f"SELECT DISTINCT {column.sql}::VARCHAR AS value {source.sql} AND {column.sql} IS NOT NULL ORDER BY value"
        return [value for (value,) in connection.execute(f"{sql} LIMIT 100").fetchall()]


@app.class_definition
@dataclass(frozen=True)
class PerDay:
    """Jobs and failures of each day that has any, how many rows have no day, and which months are not complete."""

    days: list[tuple[date, int, int]]
    without: int
    incomplete: list[date]


@app.function
def per_day(
    database: Path, source: Source, began: Column, status: Column | None, failures: Sequence[str]
) -> PerDay:
    """Count jobs and failures for each day, as the file's own times have it."""
    failed = f"{status.sql}::VARCHAR IN (SELECT unnest(?))" if status else "len(?) < 0"
    usual = f"{began.sql}::TIMESTAMP BETWEEN '1900-01-01' AND '2200-01-01'"
    with opened(database) as connection:
        days = connection.execute(
            f"SELECT {began.sql}::DATE AS day, count(*), count(*) FILTER ({failed}) {source.sql} AND {usual} "
            "GROUP BY day ORDER BY day",
            [list(failures)],
        ).fetchall()
        months = f"SELECT DISTINCT _month {source.sql} AND NOT _is_complete ORDER BY 1"
        incomplete = connection.execute(months).fetchall() if source.period is None else []
    return PerDay(days, source.rows - sum(jobs for _, jobs, _ in days), [month for (month,) in incomplete])


@app.function
def slowest(
    database: Path, source: Source, automation: Automation, duration: Duration
) -> list[tuple[str, int, float, float]]:
    """Return name, jobs, median and 95th percentile of the twelve that take longest."""
    name = (
        "concat_ws(' · ', "
        + ", ".join(f"any_value({column.sql})::VARCHAR" for column in automation.names)
        + ")"
    )
    with opened(database) as connection:
        return connection.execute(
            f"SELECT {name} AS name, count(*), quantile_cont({duration.sql}, 0.5)::DOUBLE AS median, "
            f"quantile_cont({duration.sql}, 0.95)::DOUBLE {source.sql} AND {automation.key.sql} IS NOT NULL "
            f"AND {duration.sql} IS NOT NULL GROUP BY {automation.key.sql} ORDER BY median DESC, name LIMIT 12"
        ).fetchall()


@app.class_definition
@dataclass(frozen=True)
class ByPhase:
    """Cards of each phase in each band of age, the phase with most cards first, and how many cards are left out."""

    phases: list[tuple[str, list[int]]]
    finished: int
    without: int


@app.function
def by_phase(
    database: Path, source: Source, phase: Column, created: Column, finished: Column | None
) -> ByPhase:
    """Count cards by phase, and by the days between their creation and the export."""
    age = f"date_diff('day', {created.sql}::DATE, _exported_at::DATE)"
    is_open = f"{finished.sql} IS NULL" if finished else "true"
    has_age = f"{created.sql} IS NOT NULL AND isfinite({created.sql}::TIMESTAMP)"
    bands = (f"{age} <= 7", f"{age} BETWEEN 8 AND 30", f"{age} BETWEEN 31 AND 90", f"{age} > 90")
    counts = ", ".join(f"count(*) FILTER ({band})" for band in bands)
    with opened(database) as connection:
        rows = connection.execute(
            f"SELECT coalesce({phase.sql}::VARCHAR, '(none)') AS phase, [{counts}] AS counts {source.sql} "
            f"AND {is_open} AND {has_age} GROUP BY phase ORDER BY list_sum(counts) DESC, phase"
        ).fetchall()
        [closed, without] = connection.execute(
            f"SELECT count(*) FILTER (NOT ({is_open})), count(*) FILTER ({is_open} AND NOT ({has_age})) {source.sql}"
        ).fetchone()
    return ByPhase(rows, closed, without)


@app.function
def choose(label: str, options: Iterable[Any], value: Any, *, none: str | None = None) -> Any:
    """Return a drop-down of columns or the like; `none` is what it says where none is chosen."""
    texts: dict[str, Any] = {none: None} if none else {}
    for option in options:
        text = getattr(option, "label", None) or str(option)
        texts[text if text not in texts else f"{text} [{len(texts)}]"] = option
    chosen = next((text for text, option in texts.items() if option == value), None)
    return mo.ui.dropdown(texts, value=chosen, label=label, allow_select_none=none is None, full_width=True)


@app.function
def missing(what: str, fit: Fit, candidates: Sequence[Any]) -> str:
    """Say which kind of column was looked for in vain, and which there are."""
    listed = "; ".join(getattr(each, "label", None) or str(each) for each in candidates[:20])
    return (
        f"No column of {fit.source} is clearly {what}. Looked for: {LOOKED_FOR[what]}. "
        f"Candidates: {listed or 'no column has such a type'}. Choose one above."
    )


@app.function
def new_figure(title: str, below: str, height: float) -> Figure:
    """Return an empty figure with a title that says what is seen, and one line below it that says of what."""
    figure = Figure(figsize=(9, height), layout="constrained", dpi=120)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.75 / height))
    figure.text(0.01, 1 - 0.12 / height, title, size=13, weight="bold", va="top")
    figure.text(0.01, 1 - 0.43 / height, below, size=9, color=GREY, va="top")
    return figure


@app.function
def bare(axes: Any, *, grid: str) -> None:
    """Take away what tells nothing."""
    axes.spines[["top", "right", "left" if grid == "y" else "bottom"]].set_visible(False)
    axes.grid(axis=grid, color="#dddddd")
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


@app.function
def said_day(day: date) -> str:
    """Return a day as text: 3 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


@app.function
def plot_days(counted: PerDay, began: Column, source: Source, *, with_failures: bool) -> Figure:
    """Draw jobs per day, and failures below: one axis for both would hide what is rare."""
    days, jobs, failed = zip(*counted.days, strict=True)
    title = f"{sum(jobs):,} jobs from {said_day(days[0])} to {said_day(days[-1])}"
    if with_failures:
        title += f", {sum(failed) / sum(jobs):.1%} failed"
    without = f" · {counted.without:,} rows without a day left out" if counted.without else ""
    figure = new_figure(
        title, f"{source} · day of “{shown(began.header)}”{without}", 4.6 if with_failures else 3.2
    )
    panels = [("jobs per day", jobs, BLUE), ("failures per day", failed, ORANGE)][: 1 + with_failures]
    for axes, (label, counts, colour) in zip(
        figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0], panels, strict=True
    ):
        axes.bar(days, counts, width=0.9, color=colour)
        axes.set_ylabel(label)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_ylim(bottom=0)
        bare(axes, grid="y")
        first, last = date2num(days[0]) - 0.5, date2num(days[-1]) + 0.5
        axes.set_xlim(first, last)
        for nth, month in enumerate(counted.incomplete):
            end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            note = "month not complete yet" if nth == 0 else None
            axes.axvspan(
                max(date2num(month) - 0.5, first),
                min(date2num(end) - 0.5, last),
                color="#eeeeee",
                zorder=0,
                label=note,
            )
        locator = AutoDateLocator(minticks=4, maxticks=10)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        if counted.incomplete and axes.get_subplotspec().is_first_row():
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    return figure


@app.function
def plot_slowest(rows: list[tuple[str, int, float, float]], duration: Duration, source: Source) -> Figure:
    """Draw the median as a bar and the 95th percentile as a dot."""
    unit, scale = "", 1.0
    if duration.seconds:
        unit, per_unit = ("s", 1) if rows[0][2] * duration.seconds < 600 else ("min", 60)
        scale = duration.seconds / per_unit
    names = [shown(name, 60) for name, *_ in rows]
    middle = [median * scale for _, _, median, _ in rows]
    high = [most * scale for *_, most in rows]
    figure = new_figure(
        f"Slowest: {shown(rows[0][0], 50)}, typically {middle[0]:,.3g} {unit}".rstrip(),
        f"{source} · “{duration.label}”",
        1.7 + 0.34 * len(rows),
    )
    axes = figure.subplots()
    places = range(len(rows))
    axes.barh(places, middle, color=BLUE, height=0.65, label="median")
    axes.plot(high, places, "o", color=ORANGE, label="95 of 100 jobs are faster")
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(left=min(0, *middle), right=max([*high, *middle]) * 1.18 or 1)
    for place, (row, most, median) in enumerate(zip(rows, high, middle, strict=True)):
        axes.annotate(
            f"{row[1]:,} jobs",
            (max(most, median), place),
            (8, 0),
            textcoords="offset points",
            va="center",
            size=8,
            color=GREY,
        )
    axes.set_xlabel(f"duration of a job ({unit})" if unit else duration.label)
    bare(axes, grid="x")
    figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=9)
    return figure


@app.function
def plot_phases(
    counted: ByPhase, phase: Column, source: Source, *, only_open: bool, most: int = 18
) -> Figure:
    """Draw a bar for each phase, divided by age."""
    rows = counted.phases[:most]
    if rest := counted.phases[most:]:
        rows = [
            *rows,
            (f"{len(rest)} other phases", [sum(band) for band in zip(*(c for _, c in rest), strict=True)]),
        ]
    total = sum(sum(counts) for _, counts in counted.phases)
    old = sum(sum(counts[2:]) for _, counts in counted.phases)
    left_out = [
        f"{count:,} {what}"
        for count, what in ((counted.finished, "finished ones"), (counted.without, "without a date"))
        if count
    ]
    figure = new_figure(
        f"{total:,} {'open ' if only_open else ''}cards; {old:,} of them are older than 30 days",
        f"{source}" + (f" · left out: {', '.join(left_out)}" if left_out else ""),
        1.7 + 0.34 * len(rows),
    )
    axes = figure.subplots()
    left = [0] * len(rows)
    for band, (label, colour) in enumerate(AGES):
        counts = [counts[band] for _, counts in rows]
        axes.barh(
            range(len(rows)),
            counts,
            left=left,
            color=colour,
            height=0.7,
            edgecolor="white",
            linewidth=0.6,
            label=label,
        )
        left = [before + count for before, count in zip(left, counts, strict=True)]
    for place, count in enumerate(left):
        axes.annotate(
            f"{count:,}", (count, place), (4, 0), textcoords="offset points", va="center", size=8, color=GREY
        )
    axes.set_yticks(range(len(rows)), [shown(name, 50) for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, max(left) * 1.08 or 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(f"cards, by “{shown(phase.header)}”")
    bare(axes, grid="x")
    figure.legend(loc="outside lower right", ncols=len(AGES), frameon=False, fontsize=9)
    return figure


if __name__ == "__main__":
    app.run()
