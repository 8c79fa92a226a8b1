"""Who is trained on and who is held back: one division for all five tasks, by person and by photograph."""

from __future__ import annotations

from pathlib import Path

HELD_BACK_GROUPS = frozenset({"3.jpg", "9.jpg", "20.jpg", "multiface.jpg"})
"""Photographs of groups that no training sees. All of their faces are frontal: the one photograph of profiles
(``24.jpg``) is trained on, because a network that was shown none finds none."""
HELD_BACK_PEOPLE = ("obama", "biden", "two_people")
"""Beginnings of the names of photographs of people that no training sees."""
HELD_BACK_ATT = frozenset(f"s{number}" for number in range(31, 41))
"""People of the AT&T Database of Faces that no training sees."""
HELD_BACK_VIDEOS = frozenset({"video.mp4"})
HELD_BACK_FOLDERS = frozenset({"liveness", "df", "real"})
"""Samples of the teachers' authors: a handful, kept for measuring."""


def held_back(path: Path) -> bool:
    """Whether a file of the photographs or of the AT&T set belongs to the held-back part.

    Args:
        path: With at least the name of the file's folder.
    """
    folder, name = path.parent.name, path.name
    if folder == "groups":
        return name in HELD_BACK_GROUPS
    if folder == "people":
        return name.startswith(HELD_BACK_PEOPLE)
    if folder == "video":
        return name in HELD_BACK_VIDEOS
    return folder in HELD_BACK_FOLDERS or folder in HELD_BACK_ATT
