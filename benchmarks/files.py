"""The files that are measured, made once under data/bench."""

import csv
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipefy_exports_dagster.sandbox.caxlsx import CaxlsxForm
from pipefy_exports_dagster.sandbox.tables import Cell, Table
from tests.support.writers import FORMS
from tests.support.writers.openpyxl_form import write_openpyxl_rows

Row = tuple[Cell, ...]

HEADER = (
    "ID", "Automação", "Pipe", "Status", "Data de Início", "Duração (s)", "Tentativas", "Erro", "Responsável", "Cartão",
    "Sucesso", "Custo",
)  # fmt: skip
BASE_FORM = "openpyxl"
"""What the other forms are measured beside."""

# caxlsx spells truth in digits; the words, which XML Schema allows as well, are longer to read.
_FORMS = FORMS | {"caxlsx": CaxlsxForm(truth=("false", "true")).write}


def jobs(rows: int, *, as_people_write: bool = True) -> Iterator[Row]:
    """Automation jobs: identifiers with leading zeros, a tenth of a megabyte of repeated names, times, blanks.

    Args:
        as_people_write: With apostrophes, texts of two lines, and now and then one that begins with `=`.
    """
    chance = random.Random(7)  # noqa: S311
    started = datetime(2026, 10, 1)  # noqa: DTZ001  a workbook's times have no zone
    for n in range(rows):
        yield (
            100_000 + n,
            f"Automação {n % 300}" if n % 4 or not as_people_write else f"Caixa d'água {n % 300}",
            chance.choice(["Compras", "Onboarding", "Suporte", "Vendas"]),
            chance.choice(["done", "failed", "running"]),
            started + timedelta(seconds=13 * n),
            round(chance.random() * 100, 3),
            chance.randint(0, 5),
            None if n % 5 else _error(n, as_people_write=as_people_write),
            f"pessoa{n % 1000}@exemplo.com.br",
            f"{n:08d}",
            n % 3 == 0,
            chance.random(),
        )


def _error(n: int, *, as_people_write: bool) -> str:
    if as_people_write and n % 5_000 == 0:
        return "=== URGENTE ==="
    if as_people_write and n % 10 == 0:
        return f'Disse: "depois de {n} ms"\r\ne desligou'
    return f"Timeout after {n} ms <retry> & stop"


def wide(rows: int, columns: int = 200) -> Iterator[Row]:
    """A report with many of an organization's own fields, half of them blank."""
    chance = random.Random(8)  # noqa: S311
    for n in range(rows):
        yield tuple(
            None if (n + c) % 2 else (n * c if c % 3 else f"resposta {chance.randint(0, 999)}")
            for c in range(columns)
        )


def bench_files(folder: Path, wanted: Callable[[str], bool]) -> dict[str, Path]:
    """Make what is missing of the wanted files, and say where each is, by names such as `caxlsx 200k`.

    With a form, the one that it is measured beside comes too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forms = [form for form in _FORMS if wanted(f"{form} 200k")]
    named: dict[str, tuple[str, Callable[[Path], None]]] = {}
    if forms:
        table = Table(HEADER, [])
        for form in dict.fromkeys([BASE_FORM, *forms]):
            named[f"{form} 200k"] = (f"jobs-200k-{form}.xlsx", _in_form(form, table, 200_000))
    others: dict[str, tuple[str, Callable[[Path], None]]] = {
        "csv 200k": ("jobs-200k.csv", lambda path: write_jobs_csv(path, 200_000)),
        f"{BASE_FORM} 1M": (
            "jobs-1M-openpyxl.xlsx",
            lambda path: write_openpyxl_rows(HEADER, jobs(1_000_000), path),
        ),
        "csv 1M": ("jobs-1M.csv", lambda path: write_jobs_csv(path, 1_000_000)),
        f"{BASE_FORM} wide": (
            "wide.xlsx",
            lambda path: write_openpyxl_rows([f"Campo {n}" for n in range(200)], wide(20_000), path),
        ),
    }
    named |= {name: made for name, made in others.items() if wanted(name)}
    return {name: _made(folder / file, write) for name, (file, write) in named.items()}


def tiny_files(folder: Path) -> dict[str, Path]:
    """Make a file of one row of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    table = Table(HEADER, list(jobs(1)))
    return {
        "tiny xlsx": _made(folder / "tiny.xlsx", lambda path: FORMS[BASE_FORM](table, path)),
        "tiny csv": _made(folder / "tiny.csv", lambda path: write_jobs_csv(path, 1)),
    }


def small_file(folder: Path) -> Path:
    """Make a workbook of 2,000 rows in caxlsx's form: most exports are that small."""
    table = Table(HEADER, list(jobs(2_000)))
    return _made(folder / "jobs-2k-caxlsx.xlsx", lambda path: _FORMS["caxlsx"](table, path))


def _in_form(form: str, table: Table, rows: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        if not table.rows:  # the same rows for all forms, made once and only where a file is missing
            table.rows.extend(jobs(rows))
        _FORMS[form](table, path)

    return write


def _made(path: Path, write: Callable[[Path], None]) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".part")
        write(unfinished)
        unfinished.rename(path)
    return path


def write_jobs_csv(path: Path, rows: int) -> None:
    """Write a CSV file of automation jobs."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in jobs(rows, as_people_write=False):
            writer.writerow(
                [f"{value:%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else value for value in row]
            )
