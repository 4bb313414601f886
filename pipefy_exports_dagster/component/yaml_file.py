"""A `defs.yaml` of the component without the project around it: for our own code location and command line."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_shared.yaml_utils import parse_yamls_with_source_position

from pipefy_exports_dagster.component.component import checked, config_of
from pipefy_exports_dagster.component.defs_state import defs_state_config, kept_reports
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.discovery.kept_reports import with_kept_reports
from pipefy_exports_dagster.errors import ConfigurationError

TYPE = "pipefy_exports_dagster.PipefyExportsComponent"


def configurations_in(path: Path, environ: Mapping[str, str] = os.environ) -> Sequence[PipefyExportsConfig]:
    """Return the configuration of each document of a file that is of this component.

    What it does not say of Pipefy and the organization, variables say. Relative paths in it start where the project
    does: at the nearest `pyproject.toml`, or else beside the file.

    Raises:
        ConfigurationError: The file cannot be read, or holds no configuration, or a wrong one.
    """
    path = path.expanduser().absolute()
    try:
        documents = list(parse_yamls_with_source_position(path.read_text(encoding="utf-8"), str(path)))
    except OSError as error:
        raise ConfigurationError(f"PIPEFY_EXPORTS_CONFIG: {path} cannot be read: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 - whatever the YAML parser raises
        problem = " ".join(str(error).split())[:300]
        raise ConfigurationError(f"PIPEFY_EXPORTS_CONFIG: {path} is not YAML: {problem}") from None
    root = project_root_of(path)
    configurations = [
        _configuration(
            document.value,
            dg.ResolutionContext.default(document.source_position_tree),
            root,
            environ,
        )
        for document in documents
        if isinstance(document.value, Mapping) and document.value.get("type") == TYPE
    ]
    if not configurations:
        raise ConfigurationError(f"PIPEFY_EXPORTS_CONFIG: {path} has no document of `type: {TYPE}`")
    keys = [defs_state_config(config).key for config in configurations if config.discovers]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ConfigurationError(
            f"{path}: two documents keep the reports that they find under the key {twice[0]!r}; give each a "
            "`key_prefix` or a `defs_state: {key: ...}` of its own"
        )
    return [_with_what_was_found(config, root) for config in configurations]


def project_root_of(path: Path) -> Path:
    """Return the folder of the project that a YAML file is in: with the nearest `pyproject.toml`, or else its own."""
    path = path.expanduser().absolute()
    return next((folder for folder in path.parents if (folder / "pyproject.toml").exists()), path.parent)


def _with_what_was_found(config: PipefyExportsConfig, root: Path) -> PipefyExportsConfig:
    return with_kept_reports(config, kept_reports(config, root)) if config.discovers else config


def _configuration(
    document: Mapping[str, Any], context: dg.ResolutionContext, root: Path, environ: Mapping[str, str]
) -> PipefyExportsConfig:
    context = context.at_path("attributes")
    attributes = checked(document.get("attributes") or {}, context)
    return config_of(attributes, context, root, environ)
