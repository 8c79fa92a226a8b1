"""Opens video files, and nothing else that FFmpeg could open."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.video.faults import too_large

_DEMUXERS = {"mp4": "mov", "mov": "mov", "avi": "avi", "webm": "matroska", "mkv": "matroska"}
_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm",
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # a MOV may name other files as the place of its pictures
    "max_streams": "100",
}
_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp")
"""What a MOV or MP4 may begin with, after four bytes of length."""
_HEAD_BYTES = 64
_NO_VIDEO = (
    Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent
)
_GUESS_TIMES = 1
"""AVFMT_FLAG_GENPTS, which PyAV sets: it gives the frames of an AVI times that are wrong."""
_MOST_FAULTS = 1000
"""Damaged places of a file that are passed over."""
_ODD_PIXELS = 4
"""Pixels that claim to be longer than that in one direction are taken for square: nobody makes such a video."""


class OpenVideo:
    """A video file that is open, and the stream of it that counts; to be closed.

    Which demuxer reads it is decided by its first bytes, among three. So no playlist is ever followed, whatever it
    is called, and FFmpeg opens no other file and no address.

    Args:
        path: The file; its name says nothing.
        max_pixels: Decoders refuse frames with more.

    Raises:
        InvalidVideo: No video, or its header is damaged.
    """

    def __init__(self, path: Path, max_pixels: int) -> None:
        with path.open("rb") as file:
            self.kind = _kind(file.read(_HEAD_BYTES))
        limit = {"max_pixels": str(max_pixels)}
        try:
            self.container: InputContainer = av.open(
                f"file:{path.absolute()}",
                format=_DEMUXERS[self.kind],
                options=_OPTIONS | limit,
                metadata_errors="replace",
            )
        except MemoryError as error:
            raise too_large() from error
        except (av.FFmpegError, ValueError) as error:
            raise InvalidVideo(
                "The header of this video is damaged or missing; the file may be cut off."
            ) from error
        try:
            self.stream = _video_stream(self.container)
        except InvalidVideo:
            self.close()
            raise
        self.stream.codec_context.options = limit
        self.container.flags &= ~_GUESS_TIMES

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()

    @property
    def time_base(self) -> Fraction:
        """Seconds of a tick."""
        return self.stream.time_base or Fraction(1, 1000)

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of a stored picture with square pixels: one side grows, none shrinks."""
        aspect = self.stream.sample_aspect_ratio
        if not aspect or not Fraction(1, _ODD_PIXELS) <= aspect <= _ODD_PIXELS:
            return width, height
        return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))

    def packets(self, *, of_all: bool = False) -> Iterator[Packet[Stream]]:
        """Packets in the order of the file, of all streams or of the video; an empty one ends each stream.

        Damaged places are passed over.
        """
        wanted: list[Stream] = list(self.container.streams) if of_all else [self.stream]
        for _ in range(_MOST_FAULTS):
            try:
                yield from self.container.demux(wanted)
            except MemoryError as error:
                raise too_large() from error
            except av.FFmpegError:
                continue
            return

    def frames(self, packet: Packet[Stream]) -> list[VideoFrame]:
        """What a packet of the video completes; nothing where it is damaged.

        Raises:
            InvalidVideo: It needs more memory than there is.
        """
        try:
            return self.stream.decode(packet)
        except MemoryError as error:
            raise too_large() from error
        except av.FFmpegError:
            return []


def _kind(head: bytes) -> str:
    if head[4:8] in _ATOMS:
        return "mov" if head[4:8] != b"ftyp" or head[8:12] == b"qt  " else "mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head else "mkv"
    raise InvalidVideo("This is no video that is read here; send MP4, MOV, AVI, WebM or MKV.")


def _video_stream(container: InputContainer) -> VideoStream:
    """The first one that is to be shown; pictures of a cover are none."""
    streams = [one for one in container.streams.video if not one.disposition & _NO_VIDEO]
    if not streams:
        raise InvalidVideo("The file has no video stream.")
    streams = [one for one in streams if one.codec_context is not None]
    if not streams:
        raise InvalidVideo("The codec of this video is not known here.")
    return next((one for one in streams if one.disposition & Disposition.default), streams[0])
