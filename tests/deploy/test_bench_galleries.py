"""Galleries in the bench: what counts as found, what is written down, and one small collection for real."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from service_process import free_port

from bentos.contracts import CollectionInfo, Match
from bentos.face_recognition.gallery.lines import parse
from deploy.bench.__main__ import main
from deploy.bench.bare_index import BareInsert, measure_bare
from deploy.bench.galleries import GalleryBench, gallery_service
from deploy.bench.gallery_faces import BLOCK, Faces, subject_of
from deploy.bench.gallery_report import GalleryLoad, GalleryRow, Timing
from deploy.bench.load import BenchFailed, Sample
from deploy.bench.pictures import picture
from deploy.bench.report import markdown, write
from deploy.bench.state import own_state, size_of
from models.catalogue import CATALOGUE, DEFAULTS
from models.catalogue.card import Task
from models.processing.similarity import Vectors, unit

DIMENSION = 64


def directions(count: int, seed: int = 7) -> Vectors:
    rng = np.random.default_rng(seed)
    return unit(rng.standard_normal((count, DIMENSION)).astype(np.float32))


def match(row: int) -> list[Match]:
    return [Match(subject_id=subject_of(row), face_id=f"f{row}", similarity=0.5, metadata={})]


def nearest(faces: Faces, probes: Vectors, gone: Sequence[int] = ()) -> list[int]:
    """Worked out in another way than the bench's."""
    return [
        max(set(range(len(faces.vectors))) - set(gone), key=lambda row: float(faces.vectors[row] @ probe))
        for probe in probes
    ]


def test_each_face_that_is_looked_for_has_a_second_photograph() -> None:
    probes = directions(20)
    faces = Faces(1_000, probes)
    assert np.allclose(np.linalg.norm(faces.vectors, axis=1), 1, atol=1e-6)
    assert np.allclose((faces.vectors[faces.planted] * probes).sum(1), 0.75, atol=1e-5)
    assert len(set(faces.planted)) == 20
    assert (min(faces.planted), max(faces.planted)) == (0, 950)
    assert nearest(faces, probes) == faces.planted


def test_the_best_is_exact_over_several_blocks_with_and_without_what_is_gone() -> None:
    probes = directions(5)
    faces = Faces(BLOCK + 50, probes)
    every = faces.vectors.astype(np.float64) @ probes.astype(np.float64).T
    assert np.allclose(faces.best(probes), every.max(0), atol=1e-12)
    left = np.delete(every, faces.planted, axis=0)
    assert np.allclose(faces.best(probes, faces.planted), left.max(0), atol=1e-12)
    assert (faces.best(probes, faces.planted) < 0.7).all()


def test_only_the_nearest_is_right() -> None:
    (probe,) = probes = directions(1)
    faces = Faces(500, probes)
    best = float(faces.best(probes)[0])
    wrong = next(row for row in range(500) if row not in faces.planted)
    assert faces.is_right(probe, best, match(faces.planted[0]), 0.2)
    assert not faces.is_right(probe, best, match(wrong), 0.2)
    faces.vectors[wrong] = faces.vectors[faces.planted[0]]
    assert faces.is_right(probe, best, match(wrong), 0.2)  # just as near


def test_a_face_that_was_erased_is_never_right() -> None:
    (probe,) = probes = directions(1)
    faces = Faces(500, probes)
    best = float(faces.best(probes, faces.planted)[0])
    (there,) = nearest(faces, probes, faces.planted)
    assert faces.is_right(probe, best, match(there), 0.2)
    assert not faces.is_right(probe, best, match(faces.planted[0]), 0.2)


def test_nobody_is_right_below_the_threshold_alone() -> None:
    (probe,) = probes = directions(1)
    faces = Faces(500, probes)
    assert faces.is_right(probe, 0.4, [], 0.5)
    assert not faces.is_right(probe, 0.4, [], 0.3)


def test_files_are_what_an_import_takes() -> None:
    card = CATALOGUE[DEFAULTS[Task.FACE_RECOGNITION][0]]
    info = CollectionInfo.model_validate(
        {
            **{"name": "bench", "created_at": "2026-01-01T00:00:00Z", "subjects": 0, "faces": 0},
            **{"model": card.name, "model_version": card.version, "model_digest": card.sha256},
            **{"dimension": DIMENSION, "current": True},
        }
    )
    faces = Faces(BLOCK + 3, directions(2))
    first, last = faces.files(info)
    assert (first[1], last[1]) == (BLOCK, 3)
    found = parse(last[0].splitlines())
    assert list(found.subjects) == [subject_of(row) for row in range(BLOCK, BLOCK + 3)]
    stored = np.frombuffer(b"".join(vector for _, vector in found.faces), "<f4").reshape(-1, DIMENSION)
    assert np.array_equal(stored, faces.vectors[BLOCK:])


def row(faces: int) -> GalleryRow:
    quick = Timing.of(Sample(2.0, [10.0, 20.0], 0, 0, answered=4), cpu_s=0.2)
    load = GalleryLoad(8, Timing(30.0, 250.0, 300.0, None, 66.0), quick, 0.85, 1, 2)
    speed = (1500.0, 3000.0, 0.5, 4.0, 5.0, 1.25, 0.75)
    return GalleryRow(faces, 128, *speed, 201, 1.0, 0.985, 0.9, 21.0, 620.0, 51.0, [load])


def test_rows_stand_in_all_outputs(tmp_path: Path) -> None:
    write([], tmp_path, [row(10_000), row(100_000)])
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["tasks"] == []
    assert [one["recall_random"] for one in found["galleries"]] == [0.985, 0.985]
    embed = found["galleries"][1]["loads"][0]["embed"]
    assert (embed["p50"], embed["cpu_ms"]) == (15.0, 50.0)
    text = (tmp_path / "bench.md").read_text()
    assert (
        "| 10,000 | 1,500 | 3,000 | 0.50 | 4.0 | 5.0 | 1.25 | 0.75 | 1.000 | 0.985 | 0.90 | 21 | 620 | 51 |"
        in text
    )
    assert "| 100,000 | 8 at once | 30.0 | 1.0 | 0.85 | 250.0 | 300.0 | - | 66.0 | 15.0 |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {15, 16}
    assert "Galleries" not in markdown([])


def test_a_collection_too_small_for_the_planted_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--galleries", "999"])
    assert "at least 1,000 faces" in capsys.readouterr().err


def test_stores_are_the_benchs_own_and_gone_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "left-over").write_bytes(b"x")
    with own_state(folder) as settings:
        assert not list(folder.iterdir())
        (folder / "file").write_bytes(b"x" * 10_000)
        assert 10_000 <= size_of(folder) < 20_000
        named = [value for name, value in settings.items() if value and name != "FACESOCIAL_MODEL_DIR"]
        assert all(str(folder) in value for value in named)
    assert not folder.exists()


def test_the_same_vectors_go_into_a_bare_index(tmp_path: Path) -> None:
    bare = measure_bare(directions(300), tmp_path)
    assert min(bare.seconds, bare.settle_s, bare.cpu_s) > 0
    assert BareInsert.mean([bare, replace(bare, seconds=0.0)]).seconds == bare.seconds / 2
    assert not list(tmp_path.iterdir())


def test_a_failure_of_the_bare_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="bare index"):
        measure_bare(np.full((3, DIMENSION), np.nan, np.float32), tmp_path)


def test_a_small_collection_is_filled_and_asked(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESOCIAL_MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("FACESOCIAL_MODEL_MIRROR", str(mirror))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/somebody")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("MODEL_CACHE_SIZE", "100")
    with gallery_service(tmp_path / "bench", free_port()) as service:
        bench = GalleryBench(service, picture("portrait"), faces=300, probes=12)
        assert bench.probes >= 12
        assert bench.fill().seconds > 0
        assert service.server.resident() > 50_000_000
        assert size_of(service.state) > 300 * 128 * 4
        assert bench.recall() == 1.0
        assert bench.recall(bench.faces.planted) == 0.0  # they are still there
        assert bench.erase_planted() > 0
        assert bench.recall(bench.faces.planted) == 1.0
        assert bench.recall() == 0.0  # what is nearest is gone
        with pytest.raises(BenchFailed, match="400"):
            service.client.bring_in(b"no lines", 1)
    assert not service.state.exists()
