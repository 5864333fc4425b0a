"""Template files: the heads in the language of the page, one example row, and in XLSX a sheet that explains the columns."""

from __future__ import annotations

import io
from collections.abc import Sequence

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from dostyk.core.sheets.columns import Column
from dostyk.core.tables import csv_lines


def csv_template(columns: Sequence[Column]) -> str:
    """A CSV file with the heads and the example."""
    return "".join(csv_lines([column.label for column in columns], [[column.example for column in columns]]))


def xlsx_template(columns: Sequence[Column], title: str) -> bytes:
    """A workbook with the same on its first sheet, and what goes into each column on the second."""
    book = Workbook()
    table, explained = book.worksheets[0], book.create_sheet(_("What goes where"))
    table.title = title[:31]
    table.append([str(column.label) for column in columns])
    table.append([column.example for column in columns])
    table.freeze_panes = "A2"
    explained.append([_("Column"), _("Needed"), _("What to write"), _("Example")])
    for place, column in enumerate(columns, 1):
        table.column_dimensions[get_column_letter(place)].width = max(14, len(column.example) + 2)
        explained.append([str(column.label), _("yes") if column.required else _("no"), str(column.help), column.example])
    for letter, width in zip("ABCD", (28, 10, 70, 34), strict=True):
        explained.column_dimensions[letter].width = width
    for sheet in book.worksheets:
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                cell.number_format, cell.data_type = "@", "s"  # typed values stay text: years and phones as written
                cell.alignment = Alignment(wrap_text=sheet is explained, vertical="top")
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
