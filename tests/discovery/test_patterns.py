"""Which reports `include` and `exclude` mean, and what is told of those that mean none."""

import pytest

from pipefy_exports_dagster.config.discovery import FoundReport, ReportDiscovery
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.discovery.kept_reports import problems_of

FOUND = (FoundReport("301", "Vendas [2026] *novo*", "a"), FoundReport("302", "Compras", "b"))


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("*", ["301", "302"]),
        ("vendas [2026] *novo*", ["301"]),
        ("VENDAS*", ["301"]),
        ("*[2026]*", ["301"]),
        ("v*2*6*o*", ["301"]),
        ("v*6*2*", []),
        ("[2026]", []),
        ("301", ["301"]),
        ("30*", ["301", "302"]),
        ("3?1", []),
        ("compra", []),
        ("compras*compras", []),
        ("", []),
        ("**s**", ["301", "302"]),
    ],
)
def test_a_pattern_is_a_name_or_an_id_with_stars_for_any_text(pattern: str, ids: list[str]) -> None:
    discovery = ReportDiscovery(include=(pattern,), found=FOUND)
    assert [report.id for report in discovery.chosen] == ids
    assert all(discovery.is_scheduled(report) for report in discovery.chosen)
    left = ReportDiscovery(exclude=(pattern,), found=FOUND)
    assert [report.id for report in left.chosen] == [each.id for each in FOUND if each.id not in ids]
    assert not any(left.is_scheduled(report) for report in left.chosen)
    assert discovery.unmatched == (() if ids else (pattern,))


def test_a_long_pattern_takes_no_time() -> None:
    report = FoundReport("1", "a" * 2_000, "a")
    assert ReportDiscovery(include=("*a" * 1_000 + "*b",), found=(report,)).chosen == ()


def test_what_no_report_is_named_is_told() -> None:
    [problem] = problems_of(
        PipefyExportsConfig(reports=ReportDiscovery(include=("Venda",), found=FOUND, is_kept=True))
    )
    assert problem == "'Venda' of `reports.include` is no report that was found"


def test_that_nothing_is_left_is_told() -> None:
    nothing = ReportDiscovery(exclude=("*", "Ninguem"), found=FOUND, is_kept=True)
    config = PipefyExportsConfig(pipe_reports=nothing)
    [problem] = problems_of(config)
    assert problem == "`include` and `exclude` of `pipe_reports` leave none of the 2 reports that were found"


def test_a_pipe_stands_for_all_of_its_reports() -> None:
    of_pipes = [FoundReport("1", "a", "a", "301", "Compras"), FoundReport("2", "b", "b", "302", "Vendas")]
    for pattern in ("301", "compras"):
        discovery = ReportDiscovery(include=(pattern,), found=of_pipes)
        assert [report.id for report in discovery.chosen] == ["1"]
