"""What is kept of a registry on disk."""

from __future__ import annotations

import logging
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from registered import a_bundle

from bentos.common.registry.kept import Held, Kept
from models.catalogue.card import Task
from models.errors import DigestMismatch, ModelUnavailable
from models.runtime.bundle import CARDS

TASK = Task.ANTISPOOFING


class Shop:
    """Bundles to be downloaded."""

    def __init__(self, folder: Path, kept: Kept) -> None:
        self._folder, self._kept = folder, kept
        self.downloads = 0

    def fill(self, number: str, graph: bytes = b"graph", task: Task = TASK) -> Held:
        """Keep a version of a task under ``TASK``."""
        made = a_bundle(self._folder / f"{number}-{task.value}", graph, task).folder

        def download(folder: Path) -> None:
            self.downloads += 1
            shutil.copytree(made, folder, dirs_exist_ok=True)

        return self._kept.fill(TASK, number, (made / CARDS).read_bytes(), download)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def kept(folder: Path) -> Kept:
    return Kept(folder)


@pytest.fixture
def shop(tmp_path: Path, kept: Kept) -> Shop:
    return Shop(tmp_path / "made", kept)


def _versions(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (folder / TASK.value).iterdir() if path.is_dir())


def test_what_was_filled_is_found(kept: Kept, shop: Shop, folder: Path) -> None:
    held = shop.fill("3")
    cards = (held.bundle.folder / CARDS).read_bytes()
    assert held.bundle.path(held.bundle.cards[0]).read_bytes() == b"graph"
    assert kept.find(TASK, "3", cards) == held
    assert kept.find(TASK, "4", cards) is None
    assert kept.find(TASK, "3", cards + b" ") is None
    assert held.bundle.folder.parent == folder / TASK.value


def test_the_last_champion_is_remembered(kept: Kept, shop: Shop, folder: Path) -> None:
    assert kept.champion(TASK) is None
    first, second = shop.fill("1", b"one"), shop.fill("2", b"two")
    kept.remember(TASK, first)
    kept.remember(TASK, second)
    remembered = Kept(folder).champion(TASK)
    assert remembered is not None
    assert remembered.held == second
    assert kept.champion(Task.FACE_DETECTION) is None


def test_that_there_was_no_champion_is_remembered(kept: Kept) -> None:
    kept.remember(TASK, None)
    remembered = kept.champion(TASK)
    assert remembered is not None
    assert remembered.held is None


@pytest.mark.parametrize("what", ["graph", "cards", "missing", "cut"])
def test_a_damaged_bundle_is_noticed_and_fetched_anew(
    what: str, kept: Kept, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    held = shop.fill("3")
    kept.remember(TASK, held)
    bundle, cards = held.bundle, (held.bundle.folder / CARDS).read_bytes()
    graph = bundle.path(bundle.cards[0])
    match what:
        case "graph":
            graph.write_bytes(b"other")
        case "cards":
            (bundle.folder / CARDS).write_bytes(cards.replace(b'"live": 0.', b'"live": 0.0'))
        case "missing":
            graph.unlink()
        case "cut":
            (bundle.folder / CARDS).write_bytes(cards[:-20])
    with caplog.at_level(logging.WARNING, "bentos"):
        assert kept.champion(TASK) is None
        assert kept.find(TASK, "3", cards) is None
    assert "damaged" in caplog.text
    again = shop.fill("3")
    assert kept.champion(TASK) is not None
    assert again.bundle.path(again.bundle.cards[0]).read_bytes() == b"graph"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "{}", '{"folder": 3}', '{"folder": "../x"}', '{"folder": ""}']
)
def test_a_damaged_note_is_no_note(text: str, kept: Kept, folder: Path) -> None:
    kept.remember(TASK, None)
    (folder / TASK.value / "champion.json").write_text(text)
    assert kept.champion(TASK) is None


def test_a_failed_download_leaves_nothing(kept: Kept, shop: Shop, folder: Path) -> None:
    def download(into: Path) -> None:
        (into / "half").write_bytes(b"x")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        kept.fill(TASK, "1", b"[]", download)
    assert not list((folder / TASK.value).iterdir())


def test_a_bundle_of_another_task_is_refused(shop: Shop, folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="face-detection"):
        shop.fill("1", task=Task.FACE_DETECTION)
    assert not _versions(folder)


def test_a_graph_that_is_not_its_cards_is_refused(tmp_path: Path, kept: Kept, folder: Path) -> None:
    made = a_bundle(tmp_path / "made", b"graph")
    cards = (made.folder / CARDS).read_bytes()

    def download(into: Path) -> None:
        shutil.copytree(made.folder, into, dirs_exist_ok=True)
        (into / made.cards[0].file_name).write_bytes(b"other")

    with pytest.raises(DigestMismatch):
        kept.fill(TASK, "1", cards, download)
    assert not _versions(folder)


def test_the_champion_and_two_others_stay(kept: Kept, shop: Shop, folder: Path) -> None:
    held = {number: shop.fill(number, number.encode()) for number in "12345"}
    now = time.time()
    for number, one in held.items():
        os.utime(one.bundle.folder, (now, now - 100 + int(number)))
    kept.remember(TASK, held["1"])
    assert _versions(folder) == ["1", "4", "5"]
    kept.remember(TASK, None)  # which serves something else, and 1 was used last
    assert _versions(folder) == ["1", "5"]


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "kept").write_text("a file where the folder would be")
    kept = Kept(tmp_path / "kept")
    kept.remember(TASK, None)
    assert "cannot be written" in caplog.text
    assert kept.champion(TASK) is None


def test_what_a_killed_process_left_goes(kept: Kept, shop: Shop, folder: Path) -> None:
    held = shop.fill("1")
    old, young = (folder / TASK.value / f".part-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.mkdir()
    os.utime(old, (0, 0))
    kept.remember(TASK, held)
    assert not old.exists()
    assert young.exists()


def test_several_services_fill_at_once(tmp_path: Path, folder: Path) -> None:
    def one(number: int) -> bytes:
        held = Shop(tmp_path / f"made{number}", Kept(folder)).fill("7")
        Kept(folder).remember(TASK, held)
        return held.bundle.path(held.bundle.cards[0]).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(24))) == {b"graph"}
    assert _versions(folder) == ["7"]
    assert [path.name for path in (folder / TASK.value).iterdir() if path.name.startswith(".")] == []
