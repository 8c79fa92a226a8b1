"""Labels by the names of folders, where there is no manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from workbench.evaluating.truth import SetUnreadable, Truth

LIVE, SPOOF = "live", frozenset({"spoof", "attack", "attacks", "print", "replay"})
FAKE, REAL = frozenset({"fake", "forged"}), frozenset({"real", "genuine", "original"})
WANTED = (
    "Put a manifest.csv into it, or a folder for each class: "
    "live/ and spoof/, real/ and fake/, or one folder a person."
)


def read_folders(names: Sequence[str]) -> tuple[str, list[Truth]]:
    """Kind of the set and a case a picture, by its folder; a folder around all of them does not count.

    Args:
        names: Of the pictures, with slashes.

    Raises:
        SetUnreadable: The folders say nothing.
    """
    parts = {name: PurePosixPath(name).parts for name in names}
    depth = _depth(list(parts.values()))
    inside = {name: part[depth:-1] for name, part in parts.items() if len(part) > depth + 1}
    classes = {folders[0] for folders in inside.values()}
    lower = {name.lower() for name in classes}
    if LIVE in lower and lower - {LIVE} and lower - {LIVE} <= SPOOF:
        return "liveness", [_presentation(name, folders) for name, folders in inside.items()]
    if lower & FAKE and lower & REAL and lower <= FAKE | REAL:
        return "deepfake", [_forgery(name, folders) for name, folders in inside.items()]
    if len(classes) > 1 and not lower & (SPOOF | FAKE | REAL | {LIVE}):
        return "person", [Truth((name,), person=folders[0]) for name, folders in inside.items()]
    raise SetUnreadable(WANTED)


def _depth(parts: Sequence[tuple[str, ...]]) -> int:
    """How many folders lie around all pictures."""
    depth = 0
    while (
        parts and all(len(part) > depth + 2 for part in parts) and len({part[depth] for part in parts}) == 1
    ):
        depth += 1
    return depth


def _presentation(name: str, folders: tuple[str, ...]) -> Truth:
    live = folders[0].lower() == LIVE
    kind = "" if live or folders[-1].lower() in ("spoof", "attack", "attacks") else folders[-1].lower()
    return Truth((name,), positive=live, detail=kind)


def _forgery(name: str, folders: tuple[str, ...]) -> Truth:
    forged = folders[0].lower() in FAKE
    return Truth((name,), positive=forged, detail=folders[-1] if forged and len(folders) > 1 else "")
