"""``manifest.csv`` of a set of one's own, in the format that ``training_eval.data.manifest`` describes and reads.

The workbench may not import training, and reads it out of a ZIP as well: so it reads the columns that its figures need.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from workbench.evaluating.truth import Ages, SetUnreadable, Truth

FILE = "manifest.csv"
GROUP = "group:"
TELLING: Mapping[str, tuple[str, ...]] = {
    "person": ("person",),
    "pairs": ("first", "second", "same"),
    "liveness": ("live",),
    "deepfake": ("forged",),
    "demographics": ("age", "gender"),
}
BOXES = "Boxes of faces are measured by `python -m training_eval`, not here: choose a set of another task."
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
_AGE = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3})|(\+))?")
_OPEN = 1e9
"""Years: the end of a range that has none."""


def read_manifest(data: bytes, folder: str) -> tuple[str, list[Truth]]:
    """Kind of the set, a key of ``TELLING``, and its rows.

    Args:
        data: The file.
        folder: Where it lies in its source; names in it are relative to that. Empty, or with a slash at its end.

    Raises:
        SetUnreadable: It is no such file; the message names the line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SetUnreadable(f"{FILE} is not UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        kind = _kind(names)
        return kind, [_truth(kind, row, line, folder) for line, row in _rows(reader, names)]
    except csv.Error as error:
        raise SetUnreadable(f"{FILE}, line {reader.line_num}: {error}.") from None


def _kind(names: Sequence[str]) -> str:
    if "boxes" in names:
        raise SetUnreadable(BOXES)
    kinds = [kind for kind, telling in TELLING.items() if set(telling) & set(names)]
    if len(kinds) != 1:
        raise SetUnreadable(
            f"The columns of {FILE} have to be those of one task; here are {', '.join(names) or 'none'}."
        )
    needed = {"first", "second", "same"} if kinds[0] == "pairs" else {"path"}
    if absent := needed - set(names):
        raise SetUnreadable(f"{FILE} has no column {min(absent)!r}.")
    return kinds[0]


def _rows(reader: Iterator[list[str]], names: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for line, values in enumerate(reader, 2):
        if not values:
            continue
        if len(values) != len(names):
            raise SetUnreadable(f"{FILE}, row {line}: {len(values)} values for {len(names)} columns.")
        yield line, dict(zip(names, (value.strip() for value in values), strict=True))


def _truth(kind: str, row: Mapping[str, str], line: int, folder: str) -> Truth:
    groups = {name.removeprefix(GROUP): row[name] for name in row if name.startswith(GROUP) and row[name]}
    if kind == "pairs":
        both = (f"{folder}{row['first']}", f"{folder}{row['second']}")
        return Truth(both, positive=_flag(row, "same", line), groups=groups)
    names = (f"{folder}{row['path']}",)
    if kind == "person":
        if not row["person"]:
            raise SetUnreadable(f"{FILE}, row {line}: the person is missing.")
        return Truth(names, person=row["person"], groups=groups)
    if kind == "liveness":
        return Truth(names, positive=_flag(row, "live", line), detail=row.get("attack", ""), groups=groups)
    if kind == "deepfake":
        return Truth(names, positive=_flag(row, "forged", line), detail=row.get("method", ""), groups=groups)
    return _person(names, row, line, groups)


def _person(names: tuple[str, ...], row: Mapping[str, str], line: int, groups: dict[str, str]) -> Truth:
    gender, age = row.get("gender", ""), row.get("age", "")
    if gender not in ("", "female", "male"):
        raise SetUnreadable(f"{FILE}, row {line}: gender is neither female nor male.")
    if not (gender or age):
        raise SetUnreadable(f"{FILE}, row {line}: age and gender are missing.")
    positive = None if not gender else gender == "female"
    return Truth(names, positive=positive, ages=_ages(age, line), groups=groups)


def _ages(text: str, line: int) -> Ages | None:
    if not text:
        return None
    try:
        years = float(text)
    except ValueError:
        years = -1.0
    if 0 <= years <= 150:
        return (years, years)
    found = _AGE.fullmatch(text)
    if found is None:
        raise SetUnreadable(f"{FILE}, row {line}: {text[:40]!r} is no age.")
    low = float(found[1])
    return (low, _OPEN if found[3] else float(found[2] or low))


def _flag(row: Mapping[str, str], column: str, line: int) -> bool:
    value = row[column].lower()
    if value not in _YES | _NO:
        raise SetUnreadable(f"{FILE}, row {line}: {column} is {value[:40]!r}, neither yes nor no.")
    return value in _YES
