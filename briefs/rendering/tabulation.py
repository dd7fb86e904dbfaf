"""Tables in plain text: columns where they fit, one record after another where not."""

from __future__ import annotations

from dataclasses import dataclass, field

from .wrapping import display_width, wrap

_GAP = "  "


@dataclass
class _Cell:
    align: str
    words: str = ""


@dataclass
class Table:
    """The rows of one table as they are read."""

    rows: list[list[_Cell]] = field(default_factory=list)
    has_head: bool = False

    def start_row(self) -> None:
        """Begin a row."""
        self.rows.append([])

    def start_cell(self, *, head: bool, align: str) -> None:
        """Begin a cell of the current row."""
        if not self.rows:
            self.start_row()
        self.has_head = self.has_head or (head and len(self.rows) == 1)
        self.rows[-1].append(_Cell(align))

    def end_cell(self, words: str) -> None:
        """Fill in the cell that was begun last."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1].words = words

    def lines(self, width: int) -> list[str]:
        """Return the table in lines of at most *width* where its words allow it."""
        rows = [row for row in self.rows if any(cell.words for cell in row)]
        if not rows:
            return []
        columns = max(map(len, rows))
        widths = [
            max(display_width(row[index].words) if index < len(row) else 0 for row in rows)
            for index in range(columns)
        ]
        if sum(widths) + len(_GAP) * (columns - 1) <= width:
            return self._columns(rows, widths)
        return self._records(rows, width)

    def _columns(self, rows: list[list[_Cell]], widths: list[int]) -> list[str]:
        lines = [
            _GAP.join(_padded(cell, size) for cell, size in zip(row, widths, strict=False)).rstrip()
            for row in rows
        ]
        if self.has_head:
            lines.insert(1, _GAP.join("-" * size for size in widths))
        return lines

    def _records(self, rows: list[list[_Cell]], width: int) -> list[str]:
        names = [cell.words for cell in rows[0]] if self.has_head and len(rows) > 1 else []
        lines: list[str] = []
        for row in rows[1:] if names else rows:
            if lines:
                lines.append("")
            for index, cell in enumerate(row):
                name = f"{names[index]}: " if index < len(names) and names[index] else ""
                if cell.words:
                    lines += wrap(name + cell.words, rest=_GAP, width=width)
        return lines


def _padded(cell: _Cell, size: int) -> str:
    space = size - display_width(cell.words)
    if cell.align == "right":
        return " " * space + cell.words
    if cell.align == "center":
        return " " * (space // 2) + cell.words + " " * (space - space // 2)
    return cell.words + " " * space
