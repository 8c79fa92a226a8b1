"""What is found out about files in a process of its own, and what is refused there."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import av
import pytest
from videos import (
    claiming,
    damaged,
    number_in,
    numbered,
    reference_movie,
    truncated,
    with_extra_data,
    without_duration,
    without_frames,
    write_audio,
    write_cover,
    write_video,
)

from bentos.common.errors import InvalidVideo
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.facts import VideoFacts
from bentos.deepfake_detection.video.limits import ProbeLimits
from bentos.deepfake_detection.video.probing import probe, probe_within

LIMITS = ProbeLimits(max_pixels=40_000_000, max_duration_s=7200)
FAST = {"movflags": "faststart"}
NO_VIDEO = "no video that is read here"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    """4 s, the header in front."""
    return write_video(folder / "clip.mp4", numbered(100), container_options=FAST)


@pytest.fixture(scope="module")
def webm(folder: Path) -> Path:
    return write_video(folder / "clip.webm", numbered(100), codec="libvpx-vp9")


@pytest.mark.parametrize(
    ("name", "encoder", "codec"),
    [
        ("a.mp4", "libx264", "h264"),
        ("a.mov", "libx264", "h264"),
        ("a.avi", "mpeg4", "mpeg4"),
        ("a.webm", "libvpx-vp9", "vp9"),
        ("a.mkv", "libx264", "h264"),
        ("b.mp4", "libsvtav1", "av1"),
    ],
)
def test_facts(tmp_path: Path, name: str, encoder: str, codec: str) -> None:
    path = write_video(tmp_path / name, numbered(50), codec=encoder)
    path = path.rename(tmp_path / "concat:x|y.txt")  # a name says nothing
    facts = probe(path, VideoSettings())
    assert facts == VideoFacts(name.split(".")[1], codec, 160, 96, pytest.approx(2.0), pytest.approx(25.0))
    assert VideoFacts.from_json(facts.to_json()) == facts


def test_rotation(tmp_path: Path) -> None:
    facts = probe(write_video(tmp_path / "a.mp4", numbered(3), clockwise=270), VideoSettings())
    assert (facts.width, facts.height, facts.rotation) == (96, 160, 270)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_ten_audio_tracks(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, numbered(50), audio_tracks=10, audio_s=6)
    assert probe(path, VideoSettings()).duration_s == pytest.approx(2.0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "Dear Sir or Madam, " * 100,
        "ffconcat version 1.0\nfile clip.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nclip.mp4\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:9/clip.mp4\n#EXT-X-ENDLIST\n",
        '<?xml version="1.0"?><MPD><BaseURL>clip.mp4</BaseURL></MPD>',
        "data:video/mp4;base64,AAAAIGZ0eXBpc29tAAACAGlzb20=",
        "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ],
)
def test_texts_are_no_videos(clip: Path, content: str) -> None:
    path = clip.with_name("upload.mp4")
    path.write_text(content)
    _refused(path, NO_VIDEO)


@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypisom", b"RIFF\0\0\0\x18AVI LIST", b"\x1a\x45\xdf\xa3"])
def test_noise_behind_a_good_beginning(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head + os.urandom(100_000))
    _refused(path, r"header of this video|no video stream|No frame")


@pytest.mark.parametrize("kind", ["png", "mpegts", "flv", "gif"])
def test_other_formats_of_ffmpeg_are_not_read(tmp_path: Path, kind: str) -> None:
    if kind == "png":
        (tmp_path / "a").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    else:
        codec, pixels = ("gif", "rgb8") if kind == "gif" else ("libx264", "yuv420p")
        write_video(tmp_path / "a", numbered(5), format=kind, codec=codec, pixel_format=pixels)
    _refused(tmp_path / "a", NO_VIDEO)


def test_a_movie_that_names_another_file_does_not_open_it(folder: Path) -> None:
    other = write_video(folder / "other.mov", numbered(10, first=500))
    path = reference_movie(other, folder / "reference.mov", str(other))
    with av.open(str(path), options={"enable_drefs": "1", "use_absolute_path": "1"}) as video:
        frames = [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]
    assert number_in(frames[0]) == 500  # it would be read, if that were allowed
    _refused(path, "No frame")


def test_no_pictures(tmp_path: Path) -> None:
    _refused(write_audio(tmp_path / "a.mp4"), "no video stream")
    _refused(write_cover(tmp_path / "b.mp4", next(numbered(1))), "no video stream")
    _refused(without_frames(tmp_path / "c.mp4"), r"No frame|no video stream")


@pytest.mark.parametrize("share", [0.0005, 0.05, 0.3, 0.6])
def test_cut_off(tmp_path: Path, clip: Path, webm: Path, share: float) -> None:
    behind = write_video(tmp_path / "behind.mp4", numbered(100))
    for path in (clip, webm, behind):
        _refused(truncated(path, share, tmp_path / "cut"), r"breaks off|damaged or missing|No frame|no video")


def test_what_is_cut_off_is_said(tmp_path: Path, clip: Path) -> None:
    _refused(truncated(clip, 0.6, tmp_path / "cut"), r"breaks off after [12]\.\d s of 4\.0 s\.")


def test_a_cut_that_leaves_most(tmp_path: Path, clip: Path) -> None:
    assert 3.2 <= probe(truncated(clip, 0.95, tmp_path / "cut"), VideoSettings()).duration_s < 4


def test_size(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(InvalidVideo, match="160 x 96 pixels; at most 15359"):
        probe_within(clip, replace(LIMITS, max_pixels=160 * 96 - 1))
    assert probe_within(clip, replace(LIMITS, max_pixels=160 * 96)).width == 160


def test_8k_is_refused_and_read(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(1, 7680, 4320), options={"preset": "ultrafast"})
    assert probe(path, VideoSettings()).width == 7680
    with pytest.raises(InvalidVideo, match="7680 x 4320 pixels"):
        probe(path, VideoSettings(max_pixels=8_000_000))


def test_memory(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(1, 7680, 4320), options={"preset": "ultrafast"})
    assert probe_within(path, LIMITS).width == 7680
    with pytest.raises(
        InvalidVideo, match=r"memory|No frame|makes decoding it fail"
    ):  # what decoders say of it differs
        probe_within(path, replace(LIMITS, memory_bytes=600_000_000))


def test_length(tmp_path: Path, clip: Path, webm: Path) -> None:
    hours = 12 * 3600
    _refused(claiming(webm, hours, tmp_path / "a.webm"), "43200 s long; at most 7200 s")
    _refused(claiming(clip, hours, tmp_path / "a.mp4", frames=True), "43200 s long; at most 7200 s")
    with pytest.raises(InvalidVideo, match="4 s long; at most 2 s"):
        probe(claiming(webm, 1, tmp_path / "short.webm"), VideoSettings(max_duration_s=2))


def test_clocks_that_lie_are_not_believed(tmp_path: Path, clip: Path, webm: Path) -> None:
    for seconds in (1000, 12 * 3600):
        facts = probe(claiming(clip, seconds, tmp_path / "a.mp4"), VideoSettings())
        assert facts.duration_s == pytest.approx(4.0)
    for seconds in (1, 4.5):
        facts = probe(claiming(webm, seconds, tmp_path / "a.webm"), VideoSettings())
        assert facts.duration_s == pytest.approx(4.0)
    _refused(claiming(webm, 1000, tmp_path / "a.webm"), "breaks off after 4.0 s of 1000.0 s")


def test_a_live_recording_has_its_length_from_its_frames(tmp_path: Path, webm: Path) -> None:
    assert probe(without_duration(webm, tmp_path / "a"), VideoSettings()).duration_s == pytest.approx(4.0)


def test_a_damaged_part(tmp_path: Path, clip: Path) -> None:
    assert probe(damaged(clip, 0.4, 0.6, tmp_path / "a"), VideoSettings()).duration_s == pytest.approx(4.0)


def test_huge_extra_data(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(50))
    facts = probe(with_extra_data(path, tmp_path / "b", 50_000_000), VideoSettings())
    assert facts.duration_s == pytest.approx(2.0)


def test_extra_data_that_claims_to_be_huge(tmp_path: Path, clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    place = data.index(b"avcC") - 4
    data[place : place + 4] = b"\x7f\xff\xff\xff"
    (tmp_path / "a").write_bytes(data)
    assert probe(tmp_path / "a", VideoSettings()).duration_s == pytest.approx(4.0)


def test_a_file_that_never_answers(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(InvalidVideo, match="takes too long"):
        probe_within(tmp_path / "a", replace(LIMITS, wall_s=2))


def test_processor_time(tmp_path: Path) -> None:
    endless = "import sys\nfrom bentos.deepfake_detection.video import probe\n"
    endless += "def spin(*_):\n    while True: pass\n"
    endless += "probe.facts_of = spin\nprobe.main(sys.argv[1:])"
    with pytest.raises(InvalidVideo, match="takes too long"):
        probe_within(tmp_path, replace(LIMITS, cpu_s=1), (sys.executable, "-c", endless))


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGFPE"])
def test_a_decoder_that_crashes(tmp_path: Path, name: str) -> None:
    crash = "import os, resource, signal\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
    crash += f"os.kill(os.getpid(), signal.{name})"
    with pytest.raises(InvalidVideo, match="makes decoding it fail"):
        probe_within(tmp_path, LIMITS, (sys.executable, "-c", crash))


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemError('x' * 10_000)",
        "print('{}')",
        "print('nonsense')",
        "import os; os.kill(os.getpid(), 9)",
    ],
)
def test_faults_of_the_process_are_not_the_videos(tmp_path: Path, code: str) -> None:
    with pytest.raises(RuntimeError, match="probing a video") as caught:
        probe_within(tmp_path, LIMITS, (sys.executable, "-c", code))
    assert len(str(caught.value)) < 700


def _refused(path: Path, match: str) -> None:
    with pytest.raises(InvalidVideo, match=match) as caught:
        probe(path, VideoSettings())
    assert str(path) not in caught.value.message
