"""Graph and card are written together, and what the command is asked for is what it makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("sklearn", reason="needs the extra `train`")

from models.catalogue.card import Task  # noqa: E402
from models.catalogue.own import read_cards  # noqa: E402
from models.networks.compact_detector import CompactDetector, Widths  # noqa: E402
from training_eval.errors import TrainingFailed  # noqa: E402
from training_eval.own import detector  # noqa: E402
from training_eval.own.__main__ import MODULES, main  # noqa: E402
from training_eval.own.detector_card import CARD  # noqa: E402
from training_eval.own.made import Made  # noqa: E402

SMALL = Widths(stem=(4, 4), grids=(4, 4, 4), head=4)


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """The command sets torch's threads for its process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def made(content: bytes) -> Made:
    return Made(replace(CARD, sha256=hashlib.sha256(content).hexdigest()), content)


def test_graph_and_card_lie_together_and_older_ones_go(tmp_path: Path) -> None:
    other = tmp_path / "facesocial-embedder-1.0.0-0123456789ab.onnx"
    other.write_bytes(b"of another model")
    first = made(b"first").write(tmp_path)
    second = made(b"second").write(tmp_path)
    assert not first.exists()
    assert second.read_bytes() == b"second"
    assert read_cards(tmp_path) == (made(b"second").card,)
    assert {path.name for path in tmp_path.iterdir()} == {
        second.name,
        "facesocial-detector.json",
        other.name,
    }


def test_every_task_has_a_module() -> None:
    assert set(MODULES) == set(Task)
    root = Path(detector.__file__).parent
    assert [name for name in MODULES.values() if not (root / f"{name}.py").is_file()] == []


def test_a_graph_is_exported_only_where_it_is_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = CompactDetector(SMALL).eval()
    assert detector.exported(network) == detector.exported(network)
    monkeypatch.setattr(detector, "parity", lambda network, graph, images: 0.01)
    with pytest.raises(TrainingFailed, match="differs"):
        detector.exported(network)


def test_without_material_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PHOTOS", "TEST_PHOTOS", "FACES", "TEST_FACES", "MODEL_MIRROR"):
        monkeypatch.delenv(f"FACESOCIAL_{name}", raising=False)
    assert main(["face-detection", "--out", str(tmp_path)]) == 1
    assert "FACESOCIAL_PHOTOS" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["face-painting"])
    assert "face-painting" in capsys.readouterr().err


@pytest.mark.published
@pytest.mark.photos
def test_a_detector_is_trained_exported_and_described(
    mirror: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two steps make a poor detector, and all that belongs to it; the second call measures what lies there."""
    few = tmp_path / "photos"
    for name in ("groups/5.jpg", "groups/3.jpg", "people/kate_siegel.jpg", "people/obama-240p.jpg"):
        (few / name).parent.mkdir(parents=True, exist_ok=True)
        (few / name).symlink_to(photos / name)
    for name in ("short_hamilton_clip.mp4", "video.mp4"):
        cut(photos / "video" / name, few / "video" / name)
    grey(few / "att")
    monkeypatch.setenv("FACESOCIAL_PHOTOS", str(few))
    monkeypatch.setenv("FACESOCIAL_FACES", str(few))
    monkeypatch.setenv("FACESOCIAL_MODEL_MIRROR", str(mirror))
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", str(tmp_path / "state"))
    out = tmp_path / "weights"
    assert main(["face-detection", "--steps", "2", "--out", str(out)]) == 0
    (card,) = read_cards(out)
    assert hashlib.sha256((out / card.file_name).read_bytes()).hexdigest() == card.sha256
    assert 0.3 <= card.thresholds["min_score"] <= 0.9
    assert len(card.measured) >= 5
    assert all(figure.value >= 0 for figure in card.measured)
    assert main(["face-detection", "--measure", "--out", str(out)]) == 0


def cut(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    capture = cv2.VideoCapture(str(source))
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 180))
    for _ in range(6):
        writer.write(cv2.resize(capture.read()[1], (320, 180)))
    writer.release()


def grey(folder: Path) -> None:
    for person in ("s1", "s31"):
        (folder / person).mkdir(parents=True)
        noise = np.random.default_rng(0).integers(0, 256, (112, 92), np.uint8)
        cv2.imwrite(str(folder / person / "1.pgm"), noise)
