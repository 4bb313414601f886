"""Workbooks in the forms of six writers, made of one table by formatting texts.

Each form was laid beside a workbook of the real library: which parts there are and in which order, how attributes,
blanks, numbers, days, truth, empty cells, entities and line breaks are written. The bench makes large ones of them,
the reader's tests small ones of awkward values. Only openpyxl runs here; the others are Ruby's, and Excel's own.
"""

from collections.abc import Callable
from pathlib import Path

from pipefy_exports_dagster.sandbox.caxlsx import CaxlsxForm
from pipefy_exports_dagster.sandbox.tables import Table

from .excel import write_excel_form
from .openpyxl_form import write_openpyxl_form
from .rubyxl import write_rubyxl_form
from .write_xlsx import write_write_xlsx_form
from .xlsxtream import write_xlsxtream_form

Form = Callable[[Table, Path], None]

FORMS: dict[str, Form] = {
    "openpyxl": write_openpyxl_form,
    "excel": write_excel_form,
    "caxlsx": CaxlsxForm().write,
    "xlsxtream": write_xlsxtream_form,
    "write_xlsx": write_write_xlsx_form,
    "rubyxl": write_rubyxl_form,
}
