"""`PipefyExportsComponent`: the configuration from YAML, in anybody's Dagster project."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

import dagster as dg
import pydantic
from dagster.components import DefsStateConfig

from pipefy_exports_dagster.component.defs_state import (
    defs_state_config,
    find_reports,
    kept_reports,
    write_state,
)
from pipefy_exports_dagster.component.scaffolder import PipefyExportsScaffolder
from pipefy_exports_dagster.component.sections import Section, is_template, section_of
from pipefy_exports_dagster.config.descriptions import names_secrets, setting_fields
from pipefy_exports_dagster.config.environment import with_environments_connection
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.notify import named_or_hidden
from pipefy_exports_dagster.discovery.kept_reports import KeptReports, read_kept_reports, with_kept_reports
from pipefy_exports_dagster.errors import ConfigurationError

NO_STATE = "none"
"""What stands for the version of a state where there is none."""
ONE_VARIABLE = re.compile(
    r"\{\{ *env *(?:\. *|\( *['\"])(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:['\"] *\))? *\}\}"
)
"""A template that is the value of one environment variable: it can be read when it is needed."""
SECRETS = [field for field in setting_fields(PipefyExportsConfig) if names_secrets(field)]
PATHS = [
    name for name, hint in get_type_hints(PipefyExportsConfig).items() if Path in {hint, *get_args(hint)}
]


@dg.scaffold_with(PipefyExportsScaffolder)
@dataclass
class PipefyExportsComponent(dg.StateBackedComponent, dg.Resolvable):
    """Exports of an organization from Pipefy into DuckDB: each with an asset and a table.

    The assets are partitioned by period filter; a history of each is by calendar month; a job, schedules and sensors
    request and build them. The keys of its YAML are the fields of `PipefyExportsConfig`.

    With `discover: true` reports are found by themselves: `dg utils refresh-defs-state` keeps the list as the
    component's state, and loading the definitions makes no request. Without it there is no state.
    """

    config: PipefyExportsConfig = field(default_factory=PipefyExportsConfig)
    project_root: Path = field(default_factory=Path.cwd)

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """Say what the component is, for `dg` and the UI."""
        return dg.ComponentTypeSpec(
            tags=["pipefy", "duckdb"], produces=["asset", "job", "schedule", "sensor", "resource"]
        )

    @classmethod
    def model(cls) -> type[pydantic.BaseModel]:
        """Return the model of the YAML's `attributes`."""
        return section_of(PipefyExportsConfig)

    @classmethod
    def load(cls, attributes: pydantic.BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Load it from YAML; relative paths start at the project's folder.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        # Not by StateBackedComponent's, which says of each component that it has state.
        loaded: Self = dg.Component.load.__func__(cls, attributes or cls.model()(), context)  # type: ignore[attr-defined]
        if loaded.config.discovers:
            context.component_tree.mark_component_defs_state_key(
                defs_state_key=loaded.defs_state_config.key, loc=context.component_loc
            )
        return loaded

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: pydantic.BaseModel) -> Self:
        """Render what is templated, check everything once more, and make the configuration of it.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        root = Path(context.scope["context"].project_root) if "context" in context.scope else Path.cwd()
        return cls(config_of(model, context, root, os.environ), root)

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """Where the list of found reports is kept; its key names organization and prefix."""
        return defs_state_config(self.config)

    async def refresh_state(self, project_root: Path) -> str:
        """Find the reports and keep the list, if there is anything to be found."""
        if not self.config.discovers:
            return NO_STATE
        return await super().refresh_state(project_root)

    def write_state_to_path(self, state_path: Path) -> None:
        """Find the reports, and write them down with those that were found before.

        Raises:
            PipefyExportsError: Pipefy refuses or does not answer; what was found before stays.
        """
        # Where Dagster keeps the state locally, the one before is still there.
        if state_path.is_file():
            before: KeptReports | None = read_kept_reports(state_path, self.config)
        else:
            before = kept_reports(self.config, self.project_root)
        write_state(state_path, find_reports(self.config, before))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the configuration."""
        if not self.config.discovers:
            return self.build_defs_from_state(context, None)
        return super().build_defs(context)

    def build_defs_from_state(
        self,
        context: dg.ComponentLoadContext,  # noqa: ARG002 - Dagster's signature
        state_path: Path | None,
    ) -> dg.Definitions:
        """Return the definitions, with those of the reports that were found."""
        from pipefy_exports_dagster.orchestration.build import build_pipefy_exports

        kept = read_kept_reports(state_path, self.config) if state_path else None
        return build_pipefy_exports(with_kept_reports(self.config, kept))


def config_of(
    model: pydantic.BaseModel, context: dg.ResolutionContext, root: Path, environ: Mapping[str, str]
) -> PipefyExportsConfig:
    """Make a configuration of the `attributes` of a YAML, and of the variables that say what it leaves open.

    Args:
        model: The attributes, with templates.
        context: Where they stand.
        root: Where relative paths start.
        environ: Where the variables are.

    Raises:
        ConfigurationError: A value cannot be used.
    """
    given = model.model_dump(exclude_unset=True, warnings=False)
    secrets = {field.name: given.pop(field.name) for field in SECRETS if field.name in given}
    values = _rendered(given, context)
    said = dict(values)
    values.setdefault("data_dir", "data")
    for name in PATHS:
        if values.get(name) is not None:
            values[name] = root / Path(str(values[name])).expanduser()
    config = with_environments_connection(checked(values, context).build(), said, environ)
    return replace(config, **_with_names_of_secrets(secrets, context))


def _with_names_of_secrets(given: dict[str, list[str]], context: dg.ResolutionContext) -> dict[str, Any]:
    """Return the fields that name secrets: a template that is one variable becomes its name, others are rendered.

    Raises:
        ConfigurationError: A template renders to neither a name nor an address; the message does not quote it.
    """
    values = {}
    for name, entries in given.items():
        inside = context.at_path(name)
        rendered = [
            ONE_VARIABLE.sub(r"\g<name>", entry)
            if ONE_VARIABLE.fullmatch(entry)
            else _rendered(entry, inside)
            for entry in entries
        ]
        try:
            values[name] = named_or_hidden(rendered)
        except ConfigurationError as error:
            raise ConfigurationError(f"{_place(inside.path, context)}: {error}") from None
    return values


def checked(values: Any, context: dg.ResolutionContext) -> Section:
    """Check the `attributes` of a YAML.

    Raises:
        ConfigurationError: They do not fit; each line of the message names file, line and path in the file.
    """
    try:
        return section_of(PipefyExportsConfig).model_validate(values)
    except pydantic.ValidationError as error:
        raise ConfigurationError("\n".join(_located(error, context))) from None


def _rendered(value: Any, context: dg.ResolutionContext) -> Any:
    """Render templates, and them only: Dagster's own would turn the text '007' or 'None' into something else."""
    if isinstance(value, dict):
        return {key: _rendered(part, context.at_path(key)) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(part, context.at_path(position)) for position, part in enumerate(value)]
    return context.resolve_value(value) if is_template(value) else value


def _located(error: pydantic.ValidationError, context: dg.ResolutionContext) -> list[str]:
    """Return each problem in one line, with its file, line, and path in the file."""
    lines = []
    for problem in error.errors():
        place = _place([*context.path, *problem["loc"]], context)
        said = problem["msg"].removeprefix("Value error, ")
        lines.append(
            f"{place}: {said}" + ("" if problem["type"] == "value_error" else f", not {problem['input']!r}")
        )
    return lines


def _place(path: Sequence[str | int], context: dg.ResolutionContext) -> str:
    place = ".".join(str(part) for part in path)
    if tree := context.source_position_tree:
        place += f" at {tree.lookup_closest_and_path(path, None)[0]}"
    return place
