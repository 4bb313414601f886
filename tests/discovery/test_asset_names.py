"""Names of assets of reports that are found: whatever people call their reports."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.config.naming import NAME, check_names_differ
from pipefy_exports_dagster.discovery.asset_names import LONGEST, RESERVED, AssetNames


@pytest.mark.parametrize(
    ("report", "name"),
    [
        ("Compras em aberto", "compras_em_aberto"),
        ("Reembolsos acima de R$ 1.000", "reembolsos_acima_de_r_1_000"),
        ("Relatório — Ação/2026", "relatorio_acao_2026"),
        ("2026", "c_2026"),
        ("Отчёт", "report_7"),
        ("日本語", "report_7"),
        ("", "report_7"),
        (" _ ", "report_7"),
        ("Automation Jobs Export", "automation_jobs_export_7"),
        ("Automation Jobs", "automation_jobs_7"),
        ("import", "import_7"),
        ("Input", "input_7"),
        ("pipefy", "pipefy_7"),
        ("Pipefy exports", "pipefy_exports_7"),
        ("pipefyish", "pipefyish"),
        ("Vendas", "vendas_7"),
        ("Vendas export", "vendas_export_7"),
        ("Vendas history", "vendas_history_7"),
        ("x" * 300, "x" * LONGEST),
    ],
)
def test_a_name_is_the_report_s_or_gets_its_id(report: str, name: str) -> None:
    assert AssetNames(["vendas"]).name(report, "7", kind="report") == name


@given(st.lists(st.text(), max_size=20))
def test_no_two_reports_share_a_name_or_a_history(reports: list[str]) -> None:
    names = AssetNames(["automation_jobs_export"])
    found = [names.name(report, str(number), kind="report") for number, report in enumerate(reports)]
    check_names_differ(["automation_jobs_export", *found])
    assert all(NAME.fullmatch(name) and name.isascii() for name in found)
    assert not RESERVED & set(found)
    assert not [name for name in found if re.fullmatch(r"_.*|pipefy", name)]
