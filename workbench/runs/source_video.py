"""Pictures of a video, taken out by a child process (``workbench.runs.frames``)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.frames import NO_DECODER

MOST_FRAMES = 20_000
LIMIT_S = 3600
INSTALL = "Videos need PyAV: `pip install 'facesocial-ai[video]'`, or send single pictures."


def video_entries(path: Path, title: str, fps: float, folder: Path) -> Iterator[Entry]:
    """The picture on the screen at each multiple of 1 / fps seconds; a file's end may be damaged.

    Args:
        path: The video.
        title: What people call it.
        fps: Pictures a second.
        folder: Empty, or not there; holds the pictures meanwhile.

    Raises:
        SourceUnreadable: No picture can be taken out of it, or the decoder is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "workbench.runs.frames",
        str(path),
        str(folder),
        str(fps),
        str(MOST_FRAMES),
    ]
    try:
        child = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise SourceUnreadable(f"Taking pictures out of {title} took longer than an hour.") from error
    if child.returncode == NO_DECODER:
        raise SourceUnreadable(INSTALL)
    files = sorted(folder.glob("*.jpg"))
    if not files:
        raise SourceUnreadable(f"No picture can be taken out of {title}: it is no video, or a damaged one.")
    for file in files:
        yield Entry(f"{title} at {int(file.stem) / fps:.2f} s", file.read_bytes())
    if child.returncode:
        yield Entry(f"{title}, the rest", reason="The video is damaged from here on")
