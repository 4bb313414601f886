"""Which sheets of a workbook belong to the export, and how their rows become one table."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipefy_exports_dagster.config.reading import ALL_SHEETS
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.reading.description import SheetRows
from pipefy_exports_dagster.reading.refusals import unreadable
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS, too_wide

from .cells import MAX_COLUMNS
from .columns import Piece
from .package import Package, Sheet
from .sheets import ScannedSheet

# Positions without a header or cell are not columns. Each of thousands of sheets may add some.
_MOST_PLACES = 4 * MAX_COLUMNS


@dataclass(slots=True)
class JoinedSheets:
    """The sheets of one table.

    Args:
        header: The table's headers: those of the leading sheet, then additional ones of the sheets that join it.
        pieces: Pieces of data rows, each with a map from its columns to those of the table.
        loaded: The sheets of these rows.
        skipped: The other sheets.
        scanned: The loaded sheets, with their counts.
    """

    header: list[str]
    pieces: list[tuple[Piece, list[int]]] = field(default_factory=list)
    loaded: list[SheetRows] = field(default_factory=list)
    skipped: list[SheetRows] = field(default_factory=list)
    scanned: list[ScannedSheet] = field(default_factory=list)

    def add(self, sheet: ScannedSheet, pieces: list[Piece], places: list[int]) -> None:
        """Add the data rows of a sheet.

        Raises:
            UnreadableFileError: The table would have more columns than allowed.
        """
        if len(self.header) > _MOST_PLACES:
            raise too_wide(MAX_TABLE_COLUMNS, exact=False)
        self.pieces += [(piece, places) for piece in pieces]
        self.loaded.append(SheetRows(sheet.name, sum(piece.rows for piece in pieces)))
        self.scanned.append(sheet)

    def places_by_name(self, header: Sequence[str]) -> list[int]:
        """Find the table's column of each header, the n-th of a name for the n-th; others become new columns."""
        left: dict[str, list[int]] = {}
        for place, name in enumerate(self.header):
            left.setdefault(name.strip(), []).append(place)
        places = []
        for name in header:
            if known := left.get(name.strip()):
                places.append(known.pop(0))
            else:
                places.append(len(self.header))
                self.header.append(name)
        return places

    def places_by_position(self, width: int, known: Sequence[int]) -> list[int]:
        """Find the table's column of each position, as in the sheet before; further positions become new columns."""
        places = list(known[:width])
        for _ in range(width - len(places)):
            places.append(len(self.header))
            self.header.append("")
        return places

    def has_all_of(self, header: Sequence[str], wanted: Sequence[str]) -> bool:
        """Whether a header has all wanted names, in any order, each at least as often."""
        names = Counter(name.strip() for name in header)
        asked = Counter(name.strip() for name in wanted if name.strip())
        return bool(asked) and asked <= names


@dataclass(slots=True)
class SheetChoice:
    """Chooses among the sheets of a workbook.

    Args:
        package: The workbook.
        sheets: The configured names of sheets, or `all`, or none.
        scan: Scans a sheet, and settles its rows.
        header_of: Returns the first row of a scanned sheet.
    """

    package: Package
    sheets: str | Sequence[str]
    scan: Callable[[Sheet], ScannedSheet]
    header_of: Callable[[ScannedSheet], list[str]]
    _scanned: dict[int, ScannedSheet] = field(default_factory=dict)

    def join(self) -> JoinedSheets:
        """Join the sheets that belong to the export, in the order of the workbook.

        Raises:
            ConfigurationError: A sheet is named that the workbook does not have.
            UnreadableFileError: No sheet has a cell.
        """
        chosen = self._chosen()
        lead = self._lead(chosen)
        joined = JoinedSheets(self.header_of(self._sheet(lead)))
        wanted = list(joined.header)
        before: tuple[ScannedSheet, list[int]] | None = None  # the previous sheet, if it was loaded
        for nth, sheet in enumerate(self.package.sheets):
            if nth not in chosen:
                joined.skipped.append(
                    SheetRows(sheet.name, self._rows_if_shown(nth), hidden=not sheet.visible)
                )
                before = before if sheet.part is None or not sheet.visible else None
                continue
            scanned = self._sheet(nth)
            del self._scanned[nth]
            if not scanned.rows:
                joined.skipped.append(SheetRows(sheet.name, 0, hidden=not sheet.visible))
                continue
            before = self._add(joined, scanned, wanted, before)
            if before is None:
                joined.skipped.append(SheetRows(sheet.name, scanned.rows, hidden=not sheet.visible))
        return joined

    def _add(
        self,
        joined: JoinedSheets,
        scanned: ScannedSheet,
        wanted: Sequence[str],
        before: tuple[ScannedSheet, list[int]] | None,
    ) -> tuple[ScannedSheet, list[int]] | None:
        header = self.header_of(scanned)
        is_named = bool(self.sheets)
        shares = bool({name.strip() for name in header} & {name.strip() for name in wanted} - {""})
        if joined.has_all_of(header, wanted) or header == list(wanted) or (is_named and shares):
            places, pieces = joined.places_by_name(header), scanned.without_first_row()
        elif before and before[0].is_full:
            places, pieces = joined.places_by_position(len(header), before[1]), scanned.pieces
        elif is_named:
            places, pieces = joined.places_by_position(len(header), range(len(wanted))), scanned.pieces
        else:
            return None
        joined.add(scanned, pieces, places)
        return scanned, places

    def _chosen(self) -> list[int]:
        """Return the sheets that may be loaded, by their positions in the workbook."""
        listed = self.package.sheets
        if not self.sheets or self.sheets == ALL_SHEETS:
            return [nth for nth, sheet in enumerate(listed) if sheet.visible and sheet.part]
        names = [sheet.name for sheet in listed if sheet.part]
        missing = [name for name in self.sheets if name not in names]
        if missing:
            raise ConfigurationError(
                f"`reading.sheets` names {missing[0]!r}, and the workbook has no such sheet; it has "
                f"{', '.join(map(repr, names[:30])) or 'none'}. Change it, and the same file loads"
            )
        return [nth for nth, sheet in enumerate(listed) if sheet.part and sheet.name in self.sheets]

    def _lead(self, chosen: list[int]) -> int:
        """Choose the sheet whose header becomes the table's: the first named, the active one, or the longest."""
        if self.sheets and self.sheets != ALL_SHEETS:
            by_name = {self.package.sheets[nth].name: nth for nth in reversed(chosen)}
            first = [by_name[name] for name in self.sheets]
        else:
            first = [nth for nth in chosen if nth == self.package.active]
        for nth in first:
            if self._sheet(nth).rows:
                return nth
        longest = max(chosen, key=lambda nth: self._sheet(nth).rows, default=None)
        if longest is None or not self._sheet(longest).rows:
            raise unreadable(
                "a workbook without a visible cell", "Pipefy wrote nothing into it; export again"
            )
        return longest

    def _sheet(self, nth: int) -> ScannedSheet:
        if nth not in self._scanned:
            self._scanned[nth] = self.scan(self.package.sheets[nth])
        return self._scanned[nth]

    def _rows_if_shown(self, nth: int) -> int | None:
        """Count the rows of a sheet that was not chosen; a hidden sheet is not scanned."""
        sheet = self.package.sheets[nth]
        if not sheet.visible:
            return None
        return self.scan(sheet).rows if sheet.part else 0
