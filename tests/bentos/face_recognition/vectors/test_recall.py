"""How often the nearest face is found, against exact search."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np

from bentos.common.settings import Settings
from bentos.face_recognition.vectors import MilvusIndex, Vector

FACES = 10_000
DIMENSION = 128
PROBES = 200
COSINE = 0.75
"""Of two photographs of one person."""


def unit(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_the_nearest_of_ten_thousand(folder: Path) -> None:
    """Half of them in one gallery, half in fifty small ones, with the settings that a service has."""
    random = np.random.default_rng(3)
    faces = unit(random.normal(size=(FACES, DIMENSION)))
    tenant, galleries = uuid.uuid4().hex, [uuid.uuid4().hex for _ in range(51)]
    belongs = np.where(np.arange(FACES) < FACES // 2, 0, 1 + np.arange(FACES) % 50)
    ids = [uuid.uuid4().hex for _ in range(FACES)]
    settings = Settings(milvus_uri=str(folder)).vectors
    index = MilvusIndex(settings, "ab" * 32, DIMENSION)
    named = zip(ids, belongs, faces, strict=True)
    index.upsert([Vector(one, tenant, galleries[place], values) for one, place, values in named])
    index.flush()

    def found(probe: np.ndarray, gallery: int) -> bool:
        own = np.flatnonzero(belongs == gallery)
        nearest = own[np.argmax(faces[own] @ probe)]
        hits = index.search(tenant, galleries[gallery], probe, 5)
        assert len(hits) == 5
        return hits[0].id == ids[nearest]

    seen = random.integers(0, FACES, PROBES)
    again = unit(
        COSINE * faces[seen] + np.sqrt(1 - COSINE**2) * unit(random.normal(size=(PROBES, DIMENSION)))
    )
    strangers = unit(random.normal(size=(PROBES, DIMENSION)))
    try:
        assert np.mean([found(probe, belongs[face]) for probe, face in zip(again, seen, strict=True)]) >= 0.99
        assert np.mean([found(probe, one % 51) for one, probe in enumerate(strangers)]) >= 0.95
    finally:
        index.close()
