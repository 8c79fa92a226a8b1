"""Takes pictures out of a video, as a program of its own: ``python -m workbench.runs.frames VIDEO FOLDER FPS MOST``.

Decoders crash and hang on what hostile people send; here that ends a child and not the workbench. Picture k is the one
on the screen at k / FPS seconds; its file is called by its number. Needs PyAV, of the extra ``video``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

QUALITY = 92
MOST_PIXELS = 50_000_000
NO_VIDEO, NO_DECODER = 3, 4
"""Exit codes."""
OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm",
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # a MOV may name other files as the place of its pictures
    "max_pixels": str(MOST_PIXELS),
}


def main(arguments: list[str]) -> int:
    """Write the pictures; returns the exit code."""
    video, folder, fps, most = arguments
    try:
        import av
    except ImportError:
        return NO_DECODER
    try:
        demuxer = _demuxer(Path(video))
        with av.open(f"file:{Path(video).absolute()}", format=demuxer, options=OPTIONS) as container:
            for number, picture in enumerate(_shown(container, float(fps), int(most))):
                picture.save(Path(folder) / f"{number:06d}.jpg", "JPEG", quality=QUALITY)
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        print(error, file=sys.stderr)
        return NO_VIDEO
    return 0


def _demuxer(path: Path) -> str:
    """By the first bytes, so that no playlist is followed, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"):
        return "mov"
    raise ValueError("The first bytes are those of no MP4, MOV, AVI, WebM or MKV.")


def _shown(container: Any, fps: float, most: int) -> Iterator[Image.Image]:
    """What is on the screen at 0, 1 / fps, 2 / fps … seconds."""
    stream = container.streams.video[0]
    start, number, last = None, 0, None
    for frame in container.decode(stream):
        if frame.time is None:
            continue
        start = frame.time if start is None else start
        while last is not None and number / fps < frame.time - start - 1e-6:
            yield _upright(last)
            number += 1
            if number >= most:
                return
        last = frame
    while last is not None and number < most and number / fps <= last.time - start + 1e-6:
        yield _upright(last)
        number += 1


def _upright(frame: Any) -> Image.Image:
    picture: Image.Image = frame.to_image()
    turned = int(getattr(frame, "rotation", 0)) % 360
    return picture.rotate(turned, expand=True) if turned else picture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
