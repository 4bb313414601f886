"""Questions that a person would ask of the loaded tables, and their answers as tables."""

from decimal import Decimal

from rich.table import Table

from pipefy_exports_dagster.tables.store import TableStore

MAX_ROWS = 12
LOCK_TIMEOUT_S = 60.0

QUESTIONS = (
    (
        "Which automations failed most last month?",
        """SELECT automation, count(*) AS jobs, count(*) FILTER (status = 'failed') AS failed,
       round(100.0 * count(*) FILTER (status = 'failed') / count(*), 1) AS failed_percent
FROM automation_jobs_export WHERE _period_filter = 'last_month'
GROUP BY ALL ORDER BY failed DESC, automation LIMIT 5""",
    ),
    (
        "How many jobs ran in each of the last three months, and how long did they take?",
        """SELECT strftime(started_at, '%Y-%m') AS month, count(*) AS jobs,
       round(avg(duration_s), 2) AS seconds_on_average
FROM automation_jobs_export WHERE _period_filter = 'last_3_months'
GROUP BY ALL ORDER BY month""",
    ),
    (
        "How many cards did each pipe get in the last three months, and worth how much?",
        """SELECT pipe, count(*) AS cards, round(sum(valor_total_r), 2) AS total_value
FROM organization_report_export WHERE _period_filter = 'last_3_months'
GROUP BY ALL ORDER BY cards DESC, pipe""",
    ),
    (
        "What does the history keep, month by month, and from which export?",
        """SELECT strftime(_month, '%Y-%m') AS month, _is_complete, any_value(_period_filter) AS from_export,
       count(*) AS jobs
FROM automation_jobs_history GROUP BY ALL ORDER BY month""",
    ),
    (
        "How many cards were created in each month, and how many of them are finished?",
        """SELECT strftime(_month, '%Y-%m') AS month, count(*) AS cards, count(finalizado_em) AS finished
FROM organization_report_history GROUP BY ALL ORDER BY month""",
    ),
)


def answer(store: TableStore, query: str) -> Table:
    """Return a query's result as a table, at most `MAX_ROWS` rows of it.

    Raises:
        StorageError: There is no such database, or it cannot be read.
    """
    with store.open_to_read(lock_timeout_s=LOCK_TIMEOUT_S) as connection:
        result = connection.execute(query)
        rows = result.fetchmany(MAX_ROWS)
        table = Table()
        for position, column in enumerate(result.description or ()):
            is_number = any(isinstance(row[position], int | float | Decimal) for row in rows)
            table.add_column(column[0], justify="right" if is_number else "left")
        for row in rows:
            table.add_row(*["" if value is None else str(value) for value in row])
    return table
