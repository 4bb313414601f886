"""docs/reference.md, made from the code: `make docs` writes it, and a test fails where the page differs."""

from pathlib import Path

from pages.columns import columns_table
from pages.commands import command_sections, faults_table
from pages.definitions import assets_table, automation_table, checks_table
from pages.errors import errors_table
from pages.markdown import with_parts
from pages.metadata_keys import metadata_tables
from pages.settings import (
    component_variables_table,
    configuration_tables,
    environment_table,
    run_config_table,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"


def with_reference(text: str) -> str:
    """Return the page with every part as it should be."""
    return with_parts(
        text,
        {
            "environment": environment_table(),
            "component variables": component_variables_table(),
            "configuration": configuration_tables(),
            "run config": run_config_table(),
            "assets": assets_table(),
            "checks": checks_table(),
            "automation": automation_table(),
            "columns": columns_table(),
            "metadata": metadata_tables(),
            "errors": errors_table(),
            "commands": command_sections(),
            "faults": faults_table(),
        },
    )


if __name__ == "__main__":
    PAGE.write_text(with_reference(PAGE.read_text()))
