"""How messages name the settings that variables fill: as YAML and Python have them, and as the environment does.

Whoever reads `` `organization_id` (PIPEFY_ORG_ID) `` finds it, wherever it is set.
"""

from collections.abc import Mapping

from pipefy_exports_dagster.config.variables import CONFIG_FILE, VARIABLES


def setting_name(section: str, field: str) -> str:
    """Name a field of a class of the configuration, with its variable where it has one."""
    variable = VARIABLE_OF.get((section, field))
    return f"`{field}` ({variable})" if variable else f"`{field}`"


def setting_to_change(section: str, field: str, environ: Mapping[str, str]) -> str:
    """Name a field where a person changes it: in the YAML file that commands read, if there is one."""
    file = environ.get(CONFIG_FILE, "").strip()
    return f"`{field}` in {file}" if file else setting_name(section, field)


VARIABLE_OF = {
    (variable.section, variable.field): variable.name for variable in VARIABLES if variable.section
}

ALLOW_INSECURE_URLS = setting_name("Connection", "allow_insecure_urls")
ALLOW_WIDER_ROWS = setting_name("Report", "allow_wider_rows")
BASE_URL = setting_name("Connection", "base_url")
DATABASE = setting_name("PipefyExportsConfig", "database")
DATA_DIR = setting_name("PipefyExportsConfig", "data_dir")
DOWNLOAD_HOSTS = setting_name("Connection", "download_hosts")
LAKE_CATALOG = setting_name("Lake", "catalog")
LAKE_CATALOG_ENV = setting_name("Lake", "catalog_env")
LAKE_DATA_PATH = setting_name("Lake", "data_path")
LOCKS = setting_name("PipefyExportsConfig", "locks")
ORGANIZATION_ID = setting_name("PipefyExportsConfig", "organization_id")
PIPE_ID = setting_name("PipeReport", "pipe_id")
PIPE_REPORT_ID = setting_name("PipeReport", "pipe_report_id")
RAW_FILES = setting_name("PipefyExportsConfig", "raw_files")
REPORT_ID = setting_name("Report", "organization_report_id")
TIMEZONE = setting_name("PipefyExportsConfig", "timezone")
WAIT = setting_name("PipefyExportsConfig", "wait")
