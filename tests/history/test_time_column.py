"""How the column is found that says to which month a row belongs."""

import pytest

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.history.time_column import BEGINNING, DateColumn, choose_time_column

ROWS = 10


def column(name: str, *, inside: int = ROWS, filled: int = ROWS, header: str | None = None) -> DateColumn:
    return DateColumn(0, name, header or name, "TIMESTAMP", filled, inside, "2026-10-01", "2026-10-31")


def choose(*columns: DateColumn, configured: str | None = None) -> tuple[str, str]:
    chosen = choose_time_column(columns, rows=ROWS, configured=configured, what="export 'a'")
    return chosen.column.name, chosen.how


def test_a_configured_column_is_taken_by_name_or_header() -> None:
    columns = column("data_de_inicio", header="Data de Início", inside=0), column("fim")
    assert choose(*columns, configured="data_de_inicio") == ("data_de_inicio", "configured")
    assert choose(*columns, configured="Data de Início")[0] == "data_de_inicio"


@pytest.mark.parametrize("configured", ["createdAt", "created_at", "CREATEDAT"])
def test_a_configured_column_is_found_when_its_header_is_spelt_otherwise(configured: str) -> None:
    columns = column("x"), column("createdat", header="CREATEDAT ", inside=0)
    assert choose(*columns, configured=configured) == ("createdat", "configured")


def test_an_exact_header_comes_before_the_name_that_it_would_get() -> None:
    columns = column("data", header="Data"), column("data_2", header="DATA")
    assert choose(*columns, configured="DATA")[0] == "data_2"


def test_the_only_column_within_the_export_s_time_is_found() -> None:
    name, how = choose(column("prazo", inside=3), column("quando"))
    assert name == "quando"
    assert "only column" in how


def test_a_column_with_blanks_does_not_say_when_something_began() -> None:
    name, how = choose(column("encerrado_em", filled=8, inside=8), column("quando"))
    assert name == "quando"
    assert "blank" in how


@pytest.mark.parametrize("name", ["started_at", "created_at", "iniciado_em", "criado_em", "data_de_inicio"])
def test_a_name_decides_between_columns_that_do_the_same(name: str) -> None:
    assert choose(column("finished_at"), column(name), column("atualizado_em"))[0] == name
    assert "name" in choose(column("finished_at"), column(name))[1]


@pytest.mark.parametrize(
    "name", ["finished_at", "updated_at", "restart", "recreated", "iniciais", "due_date"]
)
def test_other_names_do_not(name: str) -> None:
    assert BEGINNING.search(name) is None


@pytest.mark.parametrize(
    "columns",
    [
        (),
        (column("due_date", inside=4),),
        (column("a"), column("b")),
        (column("created_at"), column("started_at")),
    ],
)
def test_what_is_not_clear_fails_and_lists_the_candidates(columns: tuple[DateColumn, ...]) -> None:
    with pytest.raises(ConfigurationError) as error:
        choose(*columns)
    message = str(error.value)
    assert message.startswith("export 'a' has ")
    assert "`time_column`" in message
    for candidate in columns:
        assert repr(candidate.name) in message
    if not columns:
        assert "no column holds dates" in message


def test_a_configured_column_that_is_not_there_fails_and_lists_the_candidates() -> None:
    with pytest.raises(ConfigurationError, match=r"named 'when'.*'created_at'"):
        choose(column("created_at"), configured="when")


def test_a_name_decides_alone_where_a_few_values_lie_outside() -> None:
    name, how = choose(column("started_at", inside=9), column("finished_at", inside=9))
    assert name == "started_at"
    assert "not all its values" in how
