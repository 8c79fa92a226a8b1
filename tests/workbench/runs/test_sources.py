"""What folders, archives, uploads and videos bring: every entry is a picture, or has a reason why it is none."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
from small_pictures import picture_folder, small_picture, zip_of
from videos import number_in, numbered, write_video

from workbench.runs.entry import SourceUnreadable
from workbench.runs.pictures import MOST_BYTES, refusal_of
from workbench.runs.source_folder import folder_entries, readable_folder
from workbench.runs.source_video import video_entries
from workbench.runs.source_zip import zip_entries


def reasons(path: Path, **limits: int) -> dict[str, str]:
    return {entry.name: entry.reason for entry in zip_entries(path, **limits)}


def archive(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "archive.zip"
    path.write_bytes(data)
    return path


def test_pictures_of_a_zip_come_in_its_order(tmp_path: Path) -> None:
    path = archive(tmp_path, zip_of({"b.png": small_picture(1), "sub/a.png": small_picture(2)}))
    assert [(entry.name, entry.data) for entry in zip_entries(path)] == [
        ("b.png", small_picture(1)),
        ("sub/a.png", small_picture(2)),
    ]


@pytest.mark.parametrize(
    "name", ["../out.png", "/etc/passwd", "C:/out.png", "a/../../out.png", "..\\out.png"]
)
def test_a_path_that_leads_out_of_the_archive_is_not_followed(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path, zip_of({name: small_picture(1)}))
    assert list(reasons(path).values()) == ["Its path leads out of the archive"]
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path, zip_of({"bomb": bytes(MOST_BYTES + 1), "a.png": small_picture(1)}))
    assert reasons(path) == {"bomb": "Larger than 20 MB", "a.png": ""}


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    data = zip_of({"bomb": bytes(MOST_BYTES + 1)})
    lie = data.replace(struct.pack("<L", MOST_BYTES + 1), struct.pack("<L", 100))
    assert lie != data
    assert reasons(archive(tmp_path, lie))["bomb"] != ""


def test_the_sum_of_an_archive_is_limited(tmp_path: Path) -> None:
    path = archive(tmp_path, zip_of({f"{number}": bytes(1000) for number in range(5)}))
    assert list(reasons(path, most_unpacked=2500).values()) == [
        "", "", *["The archive unpacks to more than a run takes"] * 3,
    ]  # fmt: skip


def test_an_archive_in_the_archive_is_not_opened(tmp_path: Path) -> None:
    path = archive(tmp_path, zip_of({"inner.zip": zip_of({"a.png": small_picture(1)})}))
    assert reasons(path) == {"inner.zip": "An archive in the archive is not opened"}


def test_an_encrypted_entry_is_named(tmp_path: Path) -> None:
    data = bytearray(zip_of({"a.png": small_picture(1)}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert reasons(archive(tmp_path, bytes(data))) == {"a.png": "Encrypted"}


def test_a_damaged_entry_does_not_keep_the_others(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(
        stream, "w"
    ) as made:  # stored, so that the bytes of the picture stand in the archive
        made.writestr("a.png", small_picture(1))
        made.writestr("b.png", small_picture(2))
    data = stream.getvalue().replace(small_picture(1), small_picture(1)[:-1] + b"\0")
    assert reasons(archive(tmp_path, data)) == {
        "a.png": "Damaged, or packed in a way that is not known",
        "b.png": "",
    }


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no more", b"GIF89a"])
def test_what_is_no_archive_is_said_so(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        list(zip_entries(archive(tmp_path, data)))


def test_a_folder_with_everything_in_it(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "drawn", 2)
    (folder / "sub").mkdir()
    (folder / "sub" / "c.png").write_bytes(small_picture(9))
    (tmp_path / "secret.png").write_bytes(small_picture(8))
    (folder / "leads out.png").symlink_to(tmp_path / "secret.png")
    (folder / "leads in.png").symlink_to(folder / "00000.png")
    (folder / "broken.png").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.png")
    (folder / "large.png").write_bytes(b"")
    os.truncate(folder / "large.png", MOST_BYTES + 1)
    found = {entry.name: entry.reason for entry in folder_entries(folder)}
    assert found.pop("broken.png").startswith("Cannot be read")
    assert found == {
        "00000.png": "", "00001.png": "", "sub/c.png": "", "leads in.png": "",
        "leads out.png": "A link that leads out of the folder", "pipe.png": "No plain file",
        "large.png": "Larger than 20 MB",
    }  # fmt: skip


def test_only_folders_below_the_roots_may_be_read(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "a").mkdir(parents=True)
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    assert readable_folder(str(inside / "a"), [inside]) == inside / "a"
    for text in (
        str(outside),
        str(inside / "link"),
        str(inside / "a" / ".." / ".." / "out"),
        "nowhere",
        "\0",
    ):
        with pytest.raises(SourceUnreadable):
            readable_folder(text, [inside])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "An empty file"),
        (b"Dear Sir or Madam", "No JPEG, PNG, WebP or BMP"),
        (small_picture(1, "GIF"), "No JPEG, PNG, WebP or BMP"),
        (b"\xff\xd8\xff", "No JPEG, PNG, WebP or BMP"),
        (small_picture(1, "JPEG"), ""),
        (small_picture(1, "WEBP"), ""),
        (small_picture(1, "BMP"), ""),
    ],
)
def test_what_is_worth_sending(data: bytes, reason: str) -> None:
    assert refusal_of(data) == reason


def test_frames_of_a_video_are_those_on_the_screen(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", numbered(50), fps=25)
    entries = list(video_entries(tmp_path / "clip.mp4", "clip.mp4", 5, tmp_path / "frames"))
    assert [entry.name for entry in entries] == [f"clip.mp4 at {at / 5:.2f} s" for at in range(10)]
    assert [shown(entry.data) for entry in entries] == list(range(0, 50, 5))


def test_a_video_with_uneven_times_is_taken_by_its_times(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", numbered(4), times_s=[0.0, 0.1, 1.0, 1.9])
    entries = list(video_entries(tmp_path / "clip.mp4", "clip", 2, tmp_path / "frames"))
    assert [shown(entry.data) for entry in entries][:4] == [0, 1, 2, 2]


def shown(data: bytes | None) -> int:
    import numpy as np
    from PIL import Image

    return number_in(np.asarray(Image.open(io.BytesIO(data or b"")).convert("RGB"))[..., ::-1])


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\nfile:///etc/passwd", b"\0\0\0\x18ftypmp42 and no more"])
def test_what_is_no_video_is_said_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(data)
    with pytest.raises(SourceUnreadable, match="No picture can be taken out of clip"):
        list(video_entries(tmp_path / "clip.mp4", "clip", 2, tmp_path / "frames"))


def test_without_the_decoder_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "av.py").write_text("raise ImportError('none here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceUnreadable, match=r"facesocial-ai\[video\]"):
        list(video_entries(tmp_path / "clip.mp4", "clip", 2, tmp_path / "frames"))
