"""Cells of a table: kept from running as formulas on the way out, restored on the way in."""

import re

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); the
# apostrophes are those that stand there already, so that every prefix can be told from them.
_DANGEROUS = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_NEUTRALISED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")


def neutralise(cell: str) -> str:
    """Return *cell* so that no spreadsheet runs it; restore() takes it back exactly."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def restore(cell: str) -> str:
    """Return *cell* as it was before neutralise(), by us or by others that do the same."""
    return cell[1:] if cell[:1] == "'" and _NEUTRALISED.match(cell) else cell
