"""How messages name the settings that variables fill: as YAML and Python have them, and as the environment does.

Whoever reads `` `organization_id` (PIPEFY_ORG_ID) `` finds it, wherever it is set.
"""

from pipefy_exports_dagster.config.variables import VARIABLES


def setting_name(section: str, field: str) -> str:
    """Name a field of a class of the configuration, with its variable where it has one."""
    variable = VARIABLE_OF.get((section, field))
    return f"`{field}` ({variable})" if variable else f"`{field}`"


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
NOTIFY = setting_name("PipefyExportsConfig", "notify")
ORGANIZATION_ID = setting_name("PipefyExportsConfig", "organization_id")
PIPE_ID = setting_name("PipeReport", "pipe_id")
PIPE_REPORT_ID = setting_name("PipeReport", "pipe_report_id")
RAW_RETENTION_DAYS = setting_name("PipefyExportsConfig", "raw_retention_days")
RAW_FILES = setting_name("PipefyExportsConfig", "raw_files")
REPORT_ID = setting_name("Report", "organization_report_id")
TIMEZONE = setting_name("PipefyExportsConfig", "timezone")
UI_URL = setting_name("PipefyExportsConfig", "ui_url")
WAIT = setting_name("PipefyExportsConfig", "wait")
