"""What of a sidecar may be told where values are not shown."""

from dataclasses import asdict, dataclass, fields

from raw_files.kept import sidecar_of

from pipefy_exports_dagster.raw_files.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class LaterSidecar(Sidecar):
    """One with a field that a later release adds and says nothing of."""

    approved_by: str | None = None
    watchers: str = ""


def test_a_new_field_is_hidden_with_the_values_until_it_says_that_it_names_nobody() -> None:
    kept = asdict(sidecar_of("e1", report="Todos os cards", requested_by="Ana Souza"))
    later = LaterSidecar(**kept, approved_by="Ana Lima", watchers="Eva Reis")
    assert later.shown(show_values=True) == later
    hidden = later.shown(show_values=False)
    changed = {each.name for each in fields(later) if getattr(later, each.name) != getattr(hidden, each.name)}
    assert changed == {"requested_by", "approved_by", "watchers"}
