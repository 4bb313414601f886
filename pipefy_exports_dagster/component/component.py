"""`PipefyExportsComponent`: the configuration from YAML, in anybody's Dagster project."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

import dagster as dg
import pydantic

from pipefy_exports_dagster.component.scaffolder import PipefyExportsScaffolder
from pipefy_exports_dagster.component.sections import Section, is_template, section_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError

PATHS = [
    name for name, hint in get_type_hints(PipefyExportsConfig).items() if Path in {hint, *get_args(hint)}
]


@dg.scaffold_with(PipefyExportsScaffolder)
@dataclass
class PipefyExportsComponent(dg.Component, dg.Resolvable):
    """Exports of an organization from Pipefy into DuckDB: automation jobs, organization reports, reports of pipes.

    An asset and a table for each export, partitioned by period filter; a history of each by calendar month; a
    job, schedules and sensors. The keys of its YAML are the fields of `PipefyExportsConfig`.
    """

    config: PipefyExportsConfig = field(default_factory=PipefyExportsConfig)

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
        return super().load(attributes or cls.model()(), context)

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: pydantic.BaseModel) -> Self:
        """Render what is templated, check everything once more, and make the configuration of it.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        values = _rendered(model.model_dump(exclude_unset=True, warnings=False), context)
        root = Path(context.scope["context"].project_root) if "context" in context.scope else Path.cwd()
        values.setdefault("data_dir", "data")
        for name in PATHS:
            if values.get(name) is not None:
                values[name] = root / Path(str(values[name])).expanduser()
        return cls(checked(values, context).build())

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002 - Dagster's signature
        """Return the definitions of the configuration."""
        from pipefy_exports_dagster.orchestration.build import build_pipefy_exports

        return build_pipefy_exports(self.config)


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
        path = [*context.path, *problem["loc"]]
        place = ".".join(str(part) for part in path)
        if tree := context.source_position_tree:
            place += f" at {tree.lookup_closest_and_path(path, None)[0]}"
        said = problem["msg"].removeprefix("Value error, ")
        lines.append(
            f"{place}: {said}" + ("" if problem["type"] == "value_error" else f", not {problem['input']!r}")
        )
    return lines
