"""Tables that hold two organizations' rows: ours, as runs loaded them, and those of another."""

from dataclasses import dataclass

from support.project import JOBS, JOBS_HISTORY, Project

from pipefy_exports_dagster import PipefyTables
from pipefy_exports_dagster.tables.database import open_database
from pipefy_exports_dagster.tables.read_copy import publish_read_copy

ANOTHER = "300999999"


@dataclass
class Tables:
    project: Project
    month: str
    """A month of the history that is there."""

    @property
    def resource(self) -> PipefyTables:
        return PipefyTables.of(self.project.config)

    def count(self, table: str, condition: str) -> int:
        ours = f"_organization_id = '{self.project.environment['PIPEFY_ORG_ID']}'"
        return int(self.project.query(f"SELECT count(*) FROM {table} WHERE {ours} AND {condition}")[0][0])

    def change(self, *statements: str, publish: bool = True) -> None:
        with open_database(self.project.database, lock_timeout_s=10) as opened:
            for statement in statements:
                opened.connection.execute(statement)
            opened.connection.execute("CHECKPOINT")
            if publish:
                publish_read_copy(opened.connection, self.project.database)


def make_tables(project: Project) -> Tables:
    assert project.materialize(JOBS, partition="last_month").success
    assert project.materialize(JOBS, partition="current_month").success
    assert project.build_history(JOBS_HISTORY, back=1).success
    [(month,)] = project.query(f"SELECT DISTINCT strftime(_month, '%Y-%m') FROM {JOBS_HISTORY}")
    tables = Tables(project, month)
    tables.change(
        *(
            f"INSERT INTO {table} SELECT * REPLACE ('{ANOTHER}' AS _organization_id) FROM {table}"
            for table in (JOBS, JOBS_HISTORY)
        )
    )
    return tables
