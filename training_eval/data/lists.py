"""Lists of files and labels, a line at a time. Whatever is wrong names its file and line."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator
from pathlib import Path

from training_eval.errors import DataMissing

LONGEST_LINE = 1 << 20
"""Bytes: a longer line is no line of a list, and is not read to its end."""
_BOM = b"\xef\xbb\xbf"

Row = dict[str, str]


def malformed(path: Path, line: int, what: str, unit: str = "line") -> DataMissing:
    """The error for a line, or another counted unit of a file, that cannot be read."""
    return DataMissing(f"{path}, {unit} {line}: {what}.")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers, from 1, and texts of all lines without their ends; empty lines too.

    Raises:
        DataMissing: The file cannot be read, or a line is not UTF-8 or longer than ``LONGEST_LINE``.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                yield number, _text(path, number, raw)
    except OSError as error:
        raise DataMissing(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path, number: int, raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise malformed(path, number, "the line has no end")
    try:
        return raw.removeprefix(_BOM if number == 1 else b"").decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise malformed(path, number, "this is not UTF-8") from error


def filled(path: Path) -> Iterator[tuple[int, str]]:
    """As ``lines``, without those that hold nothing."""
    return ((number, text) for number, text in lines(path) if text.strip())


def columns(path: Path) -> tuple[str, ...]:
    """The names in the first line of a CSV file.

    Raises:
        DataMissing: As ``lines``; there is no line; a name comes twice.
    """
    first = next(iter(lines(path)), None)
    if first is None:
        raise malformed(path, 1, "the names of the columns are missing")
    names = tuple(name.strip() for name in next(csv.reader([first[1]]), []))
    if len(set(names)) != len(names):
        raise malformed(path, 1, "a column comes twice")
    return names


def rows(path: Path, needed: Collection[str]) -> Iterator[tuple[int, Row]]:
    """Line numbers and rows of a CSV file, values without outer blanks; a row has as many values as there are columns.

    Raises:
        DataMissing: As ``columns``; a column of ``needed`` is missing; a row has another number of values.
    """
    names = columns(path)
    if absent := [name for name in needed if name not in names]:
        raise malformed(path, 1, f"the column {absent[0]!r} is missing")
    reader = csv.reader((text for _, text in lines(path)), strict=True)
    try:
        next(reader)
        for values in reader:
            if values:
                yield reader.line_num, _row(path, reader.line_num, names, values)
    except csv.Error as error:
        raise malformed(path, reader.line_num, str(error)) from error


def _row(path: Path, line: int, names: tuple[str, ...], values: list[str]) -> Row:
    if len(values) != len(names):
        raise malformed(path, line, f"{len(values)} values for {len(names)} columns")
    return dict(zip(names, (value.strip() for value in values), strict=True))


def whole(path: Path, line: int, text: str, least: int = 0) -> int:
    """A whole number in plain digits.

    Raises:
        DataMissing: It is none, or smaller than ``least``.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10) or int(digits) < least:
        raise malformed(path, line, f"{text[:40]!r} is no whole number from {least}")
    return int(digits)


def numbers(path: Path, line: int, text: str, count: int) -> list[float]:
    """So many numbers with blanks between them.

    Raises:
        DataMissing: They are fewer or more, or one is none or not finite.
    """
    try:
        values = [float(part) for part in text.split()]
    except ValueError:
        values = []
    if len(values) != count or not all(math.isfinite(value) for value in values):
        raise malformed(path, line, f"{text[:60]!r} are not {count} numbers")
    return values


class Unrepeated:
    """Remembers what a list named already."""

    def __init__(self, path: Path, unit: str = "line") -> None:
        self._path = path
        self._unit = unit
        self._lines: dict[str, int] = {}

    def add(self, what: str, line: int) -> None:
        """Remember one more.

        Raises:
            DataMissing: It was named before; the message says where.
        """
        if (before := self._lines.setdefault(what, line)) != line:
            raise malformed(self._path, line, f"{what} stands in {self._unit} {before} already", self._unit)
