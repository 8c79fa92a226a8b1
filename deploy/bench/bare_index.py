"""The reference: the same vectors put into the same index, without HTTP and database, in a process of its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from bentos.common.settings import Settings
from bentos.face_recognition.vectors import MilvusIndex, Vector
from deploy.bench.gallery_faces import blocks
from deploy.bench.load import BenchFailed
from deploy.local.stack import ROOT
from models.processing.similarity import Vectors

DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class BareInsert:
    """What it took.

    Attributes:
        seconds: Until everything was in the index.
        settle_s: From then until its graphs were built.
        cpu_s: CPU time of both.
    """

    seconds: float
    settle_s: float
    cpu_s: float

    @classmethod
    def mean(cls, some: Sequence[BareInsert]) -> BareInsert:
        """Of several."""
        return cls(*(statistics.fmean(values) for values in zip(*map(astuple, some), strict=True)))


def measure_bare(vectors: Vectors, folder: Path) -> BareInsert:
    """Put the vectors, float32 [N, D], into a new index in a folder of its own, below this one.

    Raises:
        BenchFailed: The process failed; the message ends with its output.
    """
    with tempfile.TemporaryDirectory(prefix="bare-", dir=folder) as own:
        path = Path(own).absolute() / "vectors.npy"
        np.save(path, vectors)
        command = [sys.executable, "-m", "deploy.bench.bare_index", str(path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BenchFailed(f"The bare index failed: {done.stderr.strip()[-600:]}")
    return BareInsert(**json.loads(done.stdout.splitlines()[-1]))


def _insert(vectors: Vectors, folder: Path) -> dict[str, float]:
    settings = Settings(milvus_uri=str(folder / "milvus.db")).vectors
    tenant, gallery = uuid.uuid4().hex, uuid.uuid4().hex
    index = MilvusIndex(settings, DIGEST, vectors.shape[1])
    index.open()
    seconds, used = 0.0, time.process_time()
    for rows in blocks(len(vectors)):
        some = [Vector(uuid.uuid4().hex, tenant, gallery, values) for values in vectors[rows]]
        started = time.perf_counter()
        index.upsert(some)
        index.flush()
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    index.close()  # waits for what goes on in the background
    settled = time.perf_counter() - started
    return {"seconds": seconds, "settle_s": settled, "cpu_s": time.process_time() - used}


if __name__ == "__main__":
    file = Path(sys.argv[1])
    print(json.dumps(_insert(np.load(file, mmap_mode="r"), file.parent)))
