"""The inputs put into the functions of vectors: what an index of so many faces takes, and which one is wanted."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.scaling import inputs, vectors

LARGEST_HNSW = 1e8
"""Faces up to which HNSW's memory is the smaller trouble (200 GB with its copies); a choice, as the document says."""


def hnsw(dimension: int = inputs.DIMENSION) -> float:
    """Memory of a vector in HNSW with this project's settings, in bytes."""
    return vectors.hnsw_bytes(dimension, int(inputs.M.value), int(inputs.BESIDE.value))


def index_bytes(faces: float, dimension: int) -> Mapping[str, tuple[float, float]]:
    """Memory and disk of a vector in each index that comes into question, in bytes.

    Codes grow with the dimension, so that a byte stands for as many dimensions in all.
    """
    beside, scale = int(inputs.BESIDE.value), dimension // inputs.DIMENSION
    parts, code = int(inputs.PQ_PARTS.value) * scale, int(inputs.ANN_CODE.value) * scale
    pq = vectors.ivf_pq_bytes(faces, dimension, parts, int(inputs.PQ_LISTS.value), beside)
    memory = vectors.diskann_memory_bytes(code, beside)
    disk = vectors.diskann_disk_bytes(dimension, int(inputs.ANN_DEGREE.value))
    return {"HNSW": (hnsw(dimension), 0.0), "IVF_PQ": (pq, 0.0), "DiskANN": (memory, disk)}


def search(faces: float) -> tuple[int, float]:
    """Segments of one gallery, and the CPU seconds of a search through all of them with HNSW."""
    parts = vectors.segments(faces, inputs.DIMENSION, inputs.SEGMENT.value)
    return parts, vectors.search_cpu_s(faces, parts, inputs.GRAPH_S.value, inputs.GRAPH_FACES.value)


def choice(faces: float) -> str:
    """Which index is wanted."""
    return "HNSW" if faces <= LARGEST_HNSW else "DiskANN"
