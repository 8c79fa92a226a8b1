"""Which frame is shown when, and in which size: real videos of every container, numbered frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from av.video.frame import VideoFrame
from videos import claiming, damaged, number_in, numbered, truncated, write_video

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.video.containers import OpenVideo
from bentos.deepfake_detection.video.decoding import Frame, sampled_frames
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.limits import ProbeLimits
from bentos.deepfake_detection.video.probe import facts_of

LIMITS = ProbeLimits(max_pixels=40_000_000, max_duration_s=7200)
FAST = {"movflags": "faststart"}

KINDS: Mapping[str, Mapping[str, Any]] = {
    "h264.mp4": {"options": {"bf": "3"}},
    "open-gop.mp4": {"options": {"x264-params": "open-gop=1:bframes=3"}},
    "no-keyframes.mp4": {"options": {"x264-params": "intra-refresh=1"}},
    "fragments.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "hevc.mkv": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "vp9.webm": {"codec": "libvpx-vp9"},
    "vp8.webm": {"codec": "libvpx"},
    "mpeg4.avi": {"codec": "mpeg4"},
    "mpeg4-b.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "h264.avi": {"options": {"bf": "3"}},
    "mjpeg.mov": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
}


def shown(path: Path, *, fps: float = 5, **options: Any) -> list[int]:
    """Numbers of the frames that are given."""
    return [number_in(frame.pixels) for frame in frames_of(path, fps=fps, **options)]


def frames_of(path: Path, *, fps: float = 5, **options: Any) -> list[Frame]:
    return list(sampled_frames(path, facts_of(path, LIMITS), sample_fps=fps, **options))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """4 s of H.264 at 25 frames a second, the header in front."""
    return write_video(tmp_path / "clip.mp4", numbered(100), container_options=FAST)


@pytest.mark.parametrize("name", KINDS)
def test_frames_are_those_of_their_times_wherever_one_starts(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, numbered(100), **KINDS[name])
    whole = frames_of(path)
    assert [number_in(frame.pixels) for frame in whole] == list(range(0, 100, 5))
    assert [frame.index for frame in whole] == list(range(20))
    assert [frame.time_s for frame in whole] == pytest.approx([k / 5 for k in range(20)])
    for start, stop in ((1, 2), (7, 9), (13, 20), (19, None), (20, None), (50, 60)):
        part = frames_of(path, start=start, stop=stop)
        assert [frame.index for frame in part] == list(range(20))[start:stop]
        assert all(np.array_equal(frame.pixels, whole[frame.index].pixels) for frame in part)


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "mpeg4.avi", "mjpeg.mov", "hevc.mkv"])
def test_sparse_samples_are_the_same_as_dense_ones(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, numbered(100), **KINDS[name])
    dense, sparse = frames_of(path, fps=5), frames_of(path, fps=1)
    assert [frame.index for frame in sparse] == [0, 1, 2, 3]
    assert all(np.array_equal(one.pixels, dense[5 * one.index].pixels) for one in sparse)


@pytest.mark.parametrize(
    ("name", "start", "fps"),
    [
        ("h264.mp4", 55, 5),
        ("vp9.webm", 55, 5),
        ("mpeg4.avi", 55, 5),
        ("h264.mp4", 0, 0.5),
        ("vp9.webm", 0, 0.5),
        ("mjpeg.mov", 0, 0.5),
    ],
)
def test_what_is_not_wanted_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, start: int, fps: float
) -> None:
    path = write_video(tmp_path / name, numbered(300), **KINDS[name])
    facts = facts_of(path, LIMITS)
    counted = _counting(monkeypatch)
    assert len(list(sampled_frames(path, facts, sample_fps=fps, start=start))) == (5 if start else 6)
    assert 6 <= len(counted) <= 150


def test_a_video_without_clean_keyframes_is_decoded_once_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(300), **KINDS["no-keyframes.mp4"])
    facts = facts_of(path, LIMITS)
    counted = _counting(monkeypatch)
    assert len(list(sampled_frames(path, facts, sample_fps=0.5))) == 6
    assert 300 <= len(counted) <= 400


def test_frames_of_a_variable_rate_are_taken_by_their_times(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(5), times_s=[0, 0.1, 0.5, 2.0, 2.4])
    assert shown(path)[:13] == [0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 4]
    assert facts_of(path, LIMITS).duration_s > 2.4


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_times_count_from_the_first_frame(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, numbered(50), times_s=[2 + k / 25 for k in range(50)])
    assert shown(path) == list(range(0, 50, 5))
    assert facts_of(path, LIMITS).duration_s == pytest.approx(2, abs=0.05)


def test_a_rate_that_no_binary_fraction_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(93), fps=3)
    assert shown(path, fps=0.1) == [0, 30, 60, 90]
    assert shown(path, fps=1 / 3) == list(range(0, 93, 9))


def test_a_frame_that_stays_comes_for_each_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(2), fps=1)
    frames = frames_of(path, fps=4)
    assert [number_in(frame.pixels) for frame in frames] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert frames[1].pixels is frames[0].pixels


def test_a_single_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(1))
    assert shown(path) == [0]


@pytest.mark.parametrize("clockwise", [90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_stand_upright(tmp_path: Path, clockwise: int, mirrored: bool) -> None:
    upright = next(numbered(1, width=192, height=96))
    marked = upright.copy()
    marked[:20, :20] = (0, 0, 255)
    stored = marked[:, ::-1] if mirrored else marked
    stored = np.ascontiguousarray(np.rot90(stored, clockwise // 90))  # a player turns it back
    path = write_video(tmp_path / "a.mp4", [stored] * 3, clockwise=clockwise, mirrored=mirrored)
    facts = facts_of(path, LIMITS)
    assert (facts.width, facts.height) == (192, 96)
    assert mirrored or facts.rotation == clockwise
    [frame] = sampled_frames(path, facts, sample_fps=5)
    assert (frame.width, frame.height, frame.pixels.shape) == (192, 96, (96, 192, 3))
    assert np.abs(frame.pixels.astype(int) - marked).mean() < 12
    assert frame.pixels.flags.c_contiguous


def test_channels_are_blue_green_red(tmp_path: Path) -> None:
    picture = np.full((96, 160, 3), (200, 40, 90), np.uint8)
    [frame] = frames_of(write_video(tmp_path / "a.mp4", [picture] * 3))
    assert np.abs(frame.pixels.reshape(-1, 3).mean(axis=0) - (200, 40, 90)).max() < 5


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(2), (320, 96)), (Fraction(1, 2), (160, 192)), (Fraction(100), (160, 96))]
)
def test_pixels_become_square(tmp_path: Path, aspect: Fraction, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(3), aspect=aspect)
    facts = facts_of(path, LIMITS)
    [frame] = sampled_frames(path, facts, sample_fps=5)
    assert (facts.width, facts.height) == size == (frame.width, frame.height)
    assert frame.pixels.shape == (size[1], size[0], 3)
    assert number_in(frame.pixels) == 0


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(3, width=640, height=320))
    [frame] = frames_of(path, max_side=160)
    assert frame.pixels.shape == (80, 160, 3)
    assert (frame.scale, frame.width, frame.height) == (0.25, 640, 320)
    assert number_in(frame.pixels) == 0
    [frame] = frames_of(path)
    assert (frame.scale, frame.pixels.shape) == (1, (320, 640, 3))


def test_a_size_that_changes_on_the_way(tmp_path: Path) -> None:
    path = joined(
        write_video(tmp_path / "a.webm", numbered(25), codec="libvpx"),
        write_video(tmp_path / "b.webm", numbered(25, 320, 240, first=25), codec="libvpx"),
        tmp_path / "c.webm",
    )
    frames = frames_of(path)
    assert [number_in(frame.pixels) for frame in frames] == list(range(0, 50, 5))
    assert [(frame.width, frame.height) for frame in frames] == [(160, 96)] * 5 + [(320, 240)] * 5
    assert frames[-1].pixels.shape == (240, 320, 3)


def test_8k(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mov", numbered(1, 7680, 4320), codec="mjpeg", pixel_format="yuvj420p", fps=1
    )
    [frame] = frames_of(path, fps=1)
    assert (frame.pixels.shape, frame.scale, frame.width) == ((1080, 1920, 3), 0.25, 7680)
    assert number_in(frame.pixels) == 0


def test_interlaced_frames_come_as_they_are(tmp_path: Path) -> None:
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1"}
    path = write_video(tmp_path / "a.mp4", numbered(50), options=options)
    assert shown(path) == list(range(0, 50, 5))


@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mkv"])
def test_it_goes_on_behind_a_damaged_part(tmp_path: Path, name: str) -> None:
    settings = {**KINDS[name], "container_options": FAST if name.endswith("mp4") else None}
    path = write_video(tmp_path / name, numbered(100), **settings)
    numbers = shown(damaged(path, 0.45, 0.55, tmp_path / "damaged"))
    assert len(numbers) == 20
    assert numbers[:4] == [0, 5, 10, 15]
    assert numbers[-4:] == [80, 85, 90, 95]


def test_a_file_that_was_cut_after_probing_breaks_off(tmp_path: Path, clip: Path) -> None:
    facts = facts_of(clip, LIMITS)
    seen: list[int] = []
    frames = sampled_frames(truncated(clip, 0.6, tmp_path / "cut"), facts, sample_fps=5)
    with pytest.raises(InvalidVideo, match=r"breaks off after [12]\.\d s of 4\.0 s"):
        seen.extend(number_in(frame.pixels) for frame in frames)
    assert seen == list(range(0, 5 * len(seen), 5))
    assert 5 <= len(seen) <= 13


def test_breaking_off_is_said_where_one_resumes_too(tmp_path: Path, clip: Path) -> None:
    facts, cut = facts_of(clip, LIMITS), truncated(clip, 0.6, tmp_path / "cut")
    with pytest.raises(InvalidVideo, match="breaks off"):
        list(sampled_frames(cut, facts, sample_fps=5, start=19))
    assert len(list(sampled_frames(cut, facts, sample_fps=5, start=1, stop=4))) == 3


def test_a_file_of_which_little_is_missing_is_judged_so_far(tmp_path: Path, clip: Path) -> None:
    facts = facts_of(clip, LIMITS)
    frames = list(sampled_frames(truncated(clip, 0.95, tmp_path / "cut"), facts, sample_fps=5))
    assert 16 <= len(frames) < 20


def test_nothing_that_decodes(tmp_path: Path, clip: Path) -> None:
    facts, data = facts_of(clip, LIMITS), clip.read_bytes()
    noise = damaged(clip, (data.index(b"mdat") + 4) / len(data), 1, tmp_path / "noise")
    with pytest.raises(InvalidVideo, match="No frame"):
        list(sampled_frames(noise, facts, sample_fps=5))


def test_frames_behind_the_length_that_was_probed_are_not_given(clip: Path) -> None:
    facts = VideoFacts("mp4", "h264", 160, 96, 1.0, 25.0)
    assert len(list(sampled_frames(clip, facts, sample_fps=5))) == 5


def test_slow_frames_are_bounded_by_the_length(tmp_path: Path, clip: Path) -> None:
    slow = claiming(clip, 400, tmp_path / "slow.mp4", frames=True)
    frames = frames_of(slow, fps=1)
    assert len(frames) == 400
    assert number_in(frames[-1].pixels) >= 98


def test_memory_is_flat(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(400, 960, 540), options={"preset": "ultrafast"})
    facts, process, used = facts_of(path, LIMITS), psutil.Process(), []
    for _ in sampled_frames(path, facts, sample_fps=10):
        used.append(process.memory_info().rss)  # noqa: PERF401
    assert len(used) == 160
    assert max(used[40:]) - min(used[40:]) < 25_000_000  # 1.5 MB a frame


def joined(first: Path, second: Path, to: Path) -> Path:
    """The packets of a WebM and then those of another, in a stream of the first one's size."""
    with av.open(str(first)) as one, av.open(str(second)) as other, av.open(str(to), "w") as out:
        stream = out.add_stream_from_template(one.streams.video[0])
        shift = 0
        for video in (one, other):
            for packet in video.demux(video=0):
                if packet.pts is not None and packet.dts is not None:
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    out.mux(packet)
            shift += 1000
    return to


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[VideoFrame]:
    """Times of the frames that are decoded from now on."""
    counted: list[Any] = []
    original: Callable[..., list[VideoFrame]] = OpenVideo.frames

    def frames(self: OpenVideo, packet: Any) -> list[VideoFrame]:
        found = original(self, packet)
        counted.extend(frame.pts for frame in found)
        return found

    monkeypatch.setattr(OpenVideo, "frames", frames)
    return counted
