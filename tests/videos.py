"""Small videos, made frame by frame, and the files that hostile or careless people send in their place."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BITS = 12
"""Of the number that ``numbered`` writes into a picture."""
SAMPLES = 1024


def numbered(count: int, width: int = 160, height: int = 96, first: int = 0) -> Iterator[Pixels]:
    """BGR pictures that differ: each has its number in its upper half, and moving stripes in the lower one."""
    ramp = np.arange(width) * 2
    for number in range(first, first + count):
        picture = np.zeros((height, width, 3), np.uint8)
        for bit in range(BITS):
            left, right = bit * width // BITS, (bit + 1) * width // BITS
            picture[: height // 2, left:right] = 255 * (number >> bit & 1)
        picture[height // 2 :] = ((ramp + 9 * number) % 256)[None, :, None]
        picture[height // 2 :, :, 2] = 255 - picture[height // 2 :, :, 1]
        yield picture


def number_in(pixels: Pixels) -> int:
    """The number in a picture of ``numbered``, upright, of any size and after any codec."""
    height, width = pixels.shape[:2]
    row = pixels[height // 4].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[(2 * bit + 1) * width // (2 * BITS)] > 127)


def write_video(
    path: Path,
    pictures: Iterable[Pixels],
    *,
    fps: float = 25,
    codec: str = "libx264",
    format: str | None = None,
    pixel_format: str = "yuv420p",
    times_s: Sequence[float] | None = None,
    keyframes_every: int = 12,
    clockwise: int = 0,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    audio_tracks: int = 0,
    audio_s: float = 1.0,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """Encode BGR uint8 [h, w, 3] pictures.

    Args:
        path: Its ending says the container, unless ``format`` does (FFmpeg's name of a muxer).
        pictures: All of the same size.
        fps: Pictures a second.
        codec: FFmpeg's name of an encoder.
        format: As ``mp4``, ``mov``, ``avi``, ``webm``, ``matroska``.
        pixel_format: What is stored.
        times_s: When each picture is shown, in place of ``fps``.
        keyframes_every: Pictures of a group.
        clockwise: Degrees that a player has to turn it.
        mirrored: A player has to mirror it, after turning.
        aspect: Width of a pixel by its height.
        audio_tracks: How many, of silence.
        audio_s: Seconds of each.
        options: Of the encoder.
        container_options: Of the muxer.
    """
    rate = Fraction(fps).limit_denominator(1001)
    with (
        _ordinary_scheduling(),
        av.open(str(path), "w", format=format, container_options=dict(container_options or {})) as out,
    ):
        rows = iter(pictures)
        first = next(rows)
        stream = out.add_stream(codec, rate, options=dict(options or {}))
        stream.width, stream.height = first.shape[1], first.shape[0]
        stream.pix_fmt = pixel_format
        stream.codec_context.gop_size = keyframes_every
        stream.codec_context.time_base = Fraction(1, 1000) if times_s is not None else 1 / rate
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if clockwise or mirrored:
            stream.set_display_rotation(-clockwise, hflip=mirrored)
        tracks = [out.add_stream(_audio_codec(codec), 48_000) for _ in range(audio_tracks)]
        for index, picture in enumerate(_chained(first, rows)):
            frame = VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts = index if times_s is None else round(times_s[index] * 1000)
            frame.time_base = stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        for track in tracks:
            _silence(out, track, audio_s)
    return path


@contextmanager
def _ordinary_scheduling() -> Iterator[None]:
    """SVT-AV1 gives whoever encodes with it as root real-time priority, which all later children would inherit."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def write_audio(path: Path, *, seconds: float = 1.0, codec: str = "aac") -> Path:
    """A file without pictures."""
    with av.open(str(path), "w") as out:
        _silence(out, out.add_stream(codec, 48_000), seconds)
    return path


def write_cover(path: Path, picture: Pixels, *, seconds: float = 1.0) -> Path:
    """An audio file with a picture of its cover."""
    jpeg = av.CodecContext.create("mjpeg", "w")
    jpeg.width, jpeg.height, jpeg.pix_fmt = picture.shape[1], picture.shape[0], "yuvj420p"
    jpeg.time_base = Fraction(1, 25)
    [packet] = [*jpeg.encode(VideoFrame.from_ndarray(picture, "bgr24")), *jpeg.encode(None)]
    with av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream("aac", 48_000)
        cover = out.add_stream("mjpeg", 25)
        cover.width, cover.height, cover.pix_fmt = jpeg.width, jpeg.height, jpeg.pix_fmt
        cover.disposition = av.stream.Disposition.attached_pic
        packet.stream = cover
        packet.pts = packet.dts = 0
        out.mux(packet)
        _silence(out, track, seconds)
    return path


def truncated(path: Path, share: float, to: Path) -> Path:
    """The first part of a file."""
    data = path.read_bytes()
    to.write_bytes(data[: round(len(data) * share)])
    return to


def damaged(path: Path, begin: float, end: float, to: Path) -> Path:
    """A file with noise in the place of a part, given by shares of its length."""
    data = bytearray(path.read_bytes())
    left, right = round(len(data) * begin), round(len(data) * end)
    data[left:right] = random.Random(1).randbytes(right - left)
    to.write_bytes(data)
    return to


def claiming(path: Path, seconds: float, to: Path, *, frames: bool = False) -> Path:
    """A video whose header claims another length.

    Args:
        path: An MP4 or MOV (with atoms of version 0), whose clocks claim it; or a WebM or MKV, whose segment does.
        seconds: The claim.
        to: The file that claims it.
        frames: Of an MP4: each frame claims its share too, so that nothing in it contradicts.
    """
    data = bytearray(path.read_bytes())
    if data[:4] == b"\x1a\x45\xdf\xa3":
        place = data.index(b"\x44\x89\x88") + 3
        data[place : place + 8] = struct.pack(">d", seconds * 1000)
    else:
        _claim_clocks(data, seconds)
        if frames:
            _claim_frames(data, seconds)
    to.write_bytes(data)
    return to


def without_duration(path: Path, to: Path) -> Path:
    """A WebM or MKV as it comes out of a live recording: its header says no length."""
    data = bytearray(path.read_bytes())
    place = data.index(b"\x44\x89\x88")
    data[place : place + 11] = b"\xec\x89" + bytes(9)  # a void in its place
    to.write_bytes(data)
    return to


def without_frames(path: Path) -> Path:
    """An MP4 with a video stream in which there is nothing."""
    with av.open(str(path), "w", format="mp4", container_options={"movflags": "empty_moov"}) as out:
        stream = out.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        out.start_encoding()
    return path


def reference_movie(path: Path, to: Path, target: str) -> Path:
    """A MOV that says that its frames lie in another file (QuickTime's alias records), and has none itself.

    Args:
        path: A MOV, its header at the end.
        to: The file that is made of it.
        target: The other file.
    """
    data = bytearray(path.read_bytes())
    place = data.index(b"dref") - 4
    [old] = struct.unpack_from(">I", data, place)
    entry = _alias(target.encode())
    dref = struct.pack(">I", 16 + len(entry)) + b"dref" + struct.pack(">II", 0, 1) + entry
    frames = data.index(b"mdat") + 4
    moov = data.rindex(b"moov") - 4
    data[frames:moov] = bytes(moov - frames)
    data[place : place + old] = dref
    _lengthen(data, place, len(dref) - old, (b"dinf", b"minf", b"mdia", b"trak", b"moov"))
    to.write_bytes(data)
    return to


def with_extra_data(path: Path, to: Path, more: int) -> Path:
    """An H.264 MP4, its header at the end, whose extra data (parameter sets) has so many bytes more."""
    data = bytearray(path.read_bytes())
    place = data.index(b"avcC") - 4
    [size] = struct.unpack_from(">I", data, place)
    data[place + size : place + size] = bytes(more)
    around = (b"avcC", b"avc1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov")
    _lengthen(data, place + 8, more, around)
    to.write_bytes(data)
    return to


def _lengthen(data: bytearray, place: int, more: int, atoms: Sequence[bytes]) -> None:
    """Give atoms that begin before a place so many bytes more."""
    for atom in atoms:
        at = data.rindex(atom, 0, place + 4) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + more)


def _alias(target: bytes) -> bytes:
    """An entry of ``dref``, laid out as FFmpeg's ``mov_read_dref`` reads it; 2 marks an absolute path."""
    body = bytes(4) + bytes(10) + b"\x01v" + bytes(26) + bytes(12) + b"\x01f" + bytes(62) + bytes(16)
    body += struct.pack(">hh", 0, 1) + bytes(16)
    body += struct.pack(">hH", 2, len(target)) + target + bytes(len(target) % 2) + struct.pack(">hH", -1, 0)
    return struct.pack(">I", 8 + len(body)) + b"alis" + body


def _claim_clocks(data: bytearray, seconds: float) -> None:
    [movie] = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
    [media] = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)
    for atom, offset, scale in ((b"mvhd", 20, movie), (b"tkhd", 24, movie), (b"mdhd", 20, media)):
        struct.pack_into(">I", data, data.index(atom) + offset, round(seconds * scale))
    if b"elst" in data:
        struct.pack_into(">I", data, data.index(b"elst") + 12, round(seconds * movie))


def _claim_frames(data: bytearray, seconds: float) -> None:
    [media] = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)
    place = data.index(b"stts")
    [count] = struct.unpack_from(">I", data, place + 12)
    struct.pack_into(">I", data, place + 16, round(seconds * media / count))


def _chained(first: Pixels, rest: Iterator[Pixels]) -> Iterator[Pixels]:
    yield first
    yield from rest


def _audio_codec(codec: str) -> str:
    return "libopus" if "vp" in codec else "aac"


def _silence(out: OutputContainer, track: Any, seconds: float) -> None:
    for number in range(round(seconds * 48_000 / SAMPLES)):
        frame = AudioFrame.from_ndarray(np.zeros((2, SAMPLES), np.float32), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, number * SAMPLES, Fraction(1, 48_000)
        out.mux(track.encode(frame))
    out.mux(track.encode(None))
