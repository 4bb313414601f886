"""The instance in Postgres: the page's settings name the driver that `dagster-postgres` brings."""

from pathlib import Path

import yaml
from sqlalchemy.engine import make_url

PAGE = Path(__file__).parents[2] / "docs" / "how-to.md"


def test_the_settings_of_the_page_are_a_connection_by_psycopg2() -> None:
    section = PAGE.read_text().split("## Keep the Dagster instance in Postgres")[1].split("\n## ")[0]
    settings = yaml.safe_load(section.split("```yaml")[1].split("```")[0])
    database = settings["storage"]["postgres"]["postgres_db"]
    assert {"hostname", "username", "password", "db_name"} <= database.keys()
    # Without a scheme it would be `postgresql://`, which SQLAlchemy 2.1 takes for psycopg 3.
    url = make_url(f"{database.get('scheme', 'postgresql')}://host/name")
    assert url.get_dialect().driver == "psycopg2"
