"""Uploads on a real disk: who may read them, what stays, what a full disk says."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from bentos.common.errors import DependencyUnavailable, Overloaded, PayloadTooLarge
from bentos.deepfake_detection.video.records import new_job_id
from bentos.deepfake_detection.video.uploads import PartFile, Uploads

FULL = Path("/dev/full")
LIMIT_S = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "uploads"


@pytest.fixture
def uploads(folder: Path) -> Uploads:
    return Uploads(folder)


def begun(uploads: Uploads, job_id: str | None = None, max_bytes: int = 1000) -> PartFile:
    return uploads.begin(job_id or new_job_id(), max_bytes=max_bytes, min_free_bytes=0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_upload_grows_and_is_kept(uploads: Uploads, folder: Path) -> None:
    job_id = new_job_id()
    part = begun(uploads, job_id)
    part.write(memoryview(b"abc"))
    part.write(memoryview(b""))
    part.write(memoryview(b"defg"))
    assert names(folder) == [f"{job_id}.part"]
    assert (part.size, part.sha256) == (7, hashlib.sha256(b"abcdefg").hexdigest())
    assert part.path.read_bytes() == b"abcdefg"
    part.keep()
    assert names(folder) == [job_id]
    assert uploads.path(job_id).read_bytes() == b"abcdefg"
    uploads.remove(job_id)
    uploads.remove(job_id)
    assert names(folder) == []


def test_nobody_else_may_read_it(uploads: Uploads, folder: Path) -> None:
    earlier = os.umask(0)
    try:
        part = begun(uploads)
    finally:
        os.umask(earlier)
    assert part.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_never_writes_through_what_lies_there(uploads: Uploads, folder: Path, tmp_path: Path) -> None:
    job_id = new_job_id()
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder.mkdir(parents=True)
    (folder / f"{job_id}.part").symlink_to(victim)
    with pytest.raises(DependencyUnavailable):
        begun(uploads, job_id)
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize(
    "job_id", ["", "..", "../" + "a" * 29, "A" * 32, "a" * 31, "a" * 32 + "\n", "a" * 33]
)
def test_only_ids_are_names(uploads: Uploads, job_id: str) -> None:
    for use in (uploads.path, uploads.remove, partial(uploads.begin, max_bytes=1, min_free_bytes=0)):
        with pytest.raises(ValueError, match="no id"):
            use(job_id)


def test_a_video_may_be_as_large_as_allowed_and_no_byte_larger(uploads: Uploads) -> None:
    part = begun(uploads, max_bytes=10)
    part.write(memoryview(b"1234567890"))
    with pytest.raises(PayloadTooLarge) as caught:
        part.write(memoryview(b"1"))
    assert caught.value.details["limit_bytes"] == 10
    assert part.path.stat().st_size == 10


def test_it_has_to_leave_room_on_the_disk(uploads: Uploads) -> None:
    uploads.require_space(1, 0)
    with pytest.raises(Overloaded) as caught:
        uploads.require_space(1 << 60, 0)
    assert caught.value.retry_after_s >= 1
    with pytest.raises(Overloaded):
        uploads.require_space(0, 1 << 60)
    part = uploads.begin(new_job_id(), max_bytes=10, min_free_bytes=1 << 60)
    with pytest.raises(Overloaded):
        part.write(memoryview(b"1"))
    part.remove()


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_a_disk_that_is_full_after_all_is_overloaded(uploads: Uploads) -> None:
    part = begun(uploads)
    handle = os.open(FULL, os.O_WRONLY)
    os.dup2(handle, part._handle)
    os.close(handle)
    with pytest.raises(Overloaded):
        part.write(memoryview(b"1"))
    part.remove()


def test_a_folder_that_cannot_be_made_is_a_dependency(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    uploads = Uploads(tmp_path / "file" / "uploads")
    for use in (lambda: begun(uploads), lambda: uploads.require_space(0, 0)):
        with pytest.raises(DependencyUnavailable) as caught:
            use()
        assert caught.value.details["dependency"] == "uploads"


@pytest.mark.parametrize("kept", [False, True])
def test_one_that_is_removed_leaves_nothing_and_takes_nothing_more(
    uploads: Uploads, folder: Path, kept: bool
) -> None:
    part = begun(uploads)
    part.write(memoryview(b"abc"))
    if kept:
        part.keep()
    part.remove()
    part.remove()
    assert names(folder) == []
    with pytest.raises(DependencyUnavailable):
        part.write(memoryview(b"d"))
    assert names(folder) == []


def test_removing_waits_for_a_thread_that_writes(uploads: Uploads, folder: Path) -> None:
    """A handle that is closed under a writer may be another file's by then."""
    part = begun(uploads, max_bytes=1 << 40)
    reading, writing = os.pipe()  # stands for a slow disk
    os.dup2(writing, part._handle)
    os.close(writing)
    writer = threading.Thread(target=part.write, args=[memoryview(bytes(1_000_000))])
    remover = threading.Thread(target=part.remove)
    writer.start()
    received = len(os.read(reading, 1000))
    remover.start()
    remover.join(0.5)
    assert remover.is_alive()
    while piece := os.read(reading, 1_000_000):
        received += len(piece)
    writer.join(LIMIT_S)
    remover.join(LIMIT_S)
    os.close(reading)
    assert received == 1_000_000
    assert names(folder) == []


def test_orphans_are_old_and_nobodys(uploads: Uploads, folder: Path) -> None:
    old, old_part, used, fresh = (new_job_id() for _ in range(4))
    for job_id in (old, old_part, used, fresh):
        part = begun(uploads, job_id)
        part.write(memoryview(b"x"))
        if job_id != old_part:
            part.keep()
    (folder / "README").write_text("not ours")
    past = time.time() - 100
    for name in (old, f"{old_part}.part", used, "README"):
        os.utime(folder / name, (past, past))
    assert uploads.orphans({used}, 50) == sorted([old, old_part])
    for job_id in uploads.orphans({used}, 50):
        uploads.remove(job_id)
    assert names(folder) == sorted([used, fresh, "README"])


def test_the_age_of_a_kept_upload_counts_from_its_keeping(uploads: Uploads) -> None:
    part = begun(uploads)
    past = time.time() - 100
    os.utime(part.path, (past, past))
    part.keep()
    assert uploads.orphans(set(), 50) == []


def test_a_folder_that_is_not_there_has_no_orphans(uploads: Uploads) -> None:
    assert uploads.orphans(set(), 0) == []
