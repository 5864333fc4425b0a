"""Tables that people hand in, as rows of text: CSV in any usual encoding, and XLSX; and the templates to fill in.

    COLUMNS = (Column("full_name", _l("Full name"), required=True, example="AITBAEVA Aigul"), Column("email", _l("E-mail address")))

    table = open_table(content, COLUMNS)      # raises Unreadable, a Refused whose sentence says what to do
    for line in table.lines:                  # one by one: memory stays flat; raises Unreadable where the file breaks off
        line.number                           # the row as the spreadsheet counts it, for "line 7"
        line.cells["email"]                   # text, trimmed, without control characters; "" for an empty or absent column
        line.flaws                            # what is wrong with single cells, with their columns: do not use such a line
    table.unknown, table.notices              # heads that nobody asked for; what else the person should know

    csv_template(COLUMNS), xlsx_template(COLUMNS, _("People"))

Heads are found in any order and case, by the column's key, its label in every language, and the words in `also`. What
cells mean (countries, languages, sex, years, addresses) is read by `values`. Nothing in a file is ever run: of a
formula the stored result is read, and a text such as `=cmd|...` stays a text. Limits: `MAX_ROWS`, `MAX_COLUMNS`, `MAX_CELL`.
"""

from __future__ import annotations

from dostyk.core.sheets.columns import Column, Line, Table, open_table
from dostyk.core.sheets.rows import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Flaw, Unreadable, column_letter
from dostyk.core.sheets.templates import csv_template, xlsx_template

__all__ = [
    "MAX_CELL",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "Column",
    "Flaw",
    "Line",
    "Table",
    "Unreadable",
    "column_letter",
    "csv_template",
    "open_table",
    "xlsx_template",
]
