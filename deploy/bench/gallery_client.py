"""Asks the recognition service about one collection, as any caller does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Self

import httpx
import numpy as np

from bentos.common.app import API
from bentos.contracts import CollectionInfo, IdentifyResult, Imported
from deploy.bench.load import BenchFailed
from deploy.bench.pictures import variants
from models.processing.similarity import Vectors

NAME = "bench"
LIMIT_S = 900.0
"""Of one request: an import answers when all of it is in the index."""
NEAREST = {"far": "1", "top_k": "1"}
"""Options of ``identify``: the one best match, however little alike."""


class GalleryClient:
    """A collection, which is made at once.

    Args:
        base: Address of the service.
        headers: With a token of an operator.

    Raises:
        BenchFailed: An answer is not the expected one; so does every method.
    """

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self.url, self.headers = base + API, headers
        self.path = f"/collections/{NAME}"
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=LIMIT_S, trust_env=False)
        self.info = CollectionInfo.model_validate(self._ask("POST", "/collections", json={"name": NAME}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def embed(self, image: bytes) -> Vectors:
        """Embeddings of the faces of a picture, best score first: float32 [F, D], F may be 0."""
        found = self._ask("POST", "/embed", files={"image": image})["faces"]
        return np.array([face["embedding"] for face in found], np.float32).reshape(-1, self.info.dimension)

    def identify(self, image: bytes) -> IdentifyResult:
        """The best match of each face of a picture."""
        answer = self._ask("POST", f"{self.path}/identify", files={"image": image}, data=NEAREST)
        return IdentifyResult.model_validate(answer)

    def bring_in(self, lines: bytes, faces: int) -> float:
        """Import a file of so many faces; how many seconds that took."""
        started = time.perf_counter()
        answer = self._ask("POST", f"{self.path}/import", content=lines)
        seconds = time.perf_counter() - started
        imported = Imported.model_validate(answer)
        if imported.faces != faces:
            raise BenchFailed(f"{imported.faces} of {faces} faces were imported.")
        return seconds

    def erase(self, subject: str) -> float:
        """Erase a subject; how many seconds that took."""
        started = time.perf_counter()
        self._ask("DELETE", f"{self.path}/subjects/{subject}")
        return time.perf_counter() - started

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        try:
            answer = self._client.request(method, path, **what)
        except httpx.HTTPError as error:
            raise BenchFailed(f"{method} {path}: {type(error).__name__} {error}") from error
        if not answer.is_success:
            raise BenchFailed(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()["data"]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A picture and the embeddings of its faces, float32 [F, D], as the service itself gives them."""

    image: bytes
    embeddings: Vectors


def probes_of(client: GalleryClient, first: bytes, faces: int) -> list[Probe]:
    """Pictures with at least so many faces in all, no two alike.

    Raises:
        BenchFailed: No face is found in the first one, or too few in all.
    """
    found: list[Probe] = []
    for image in chain([first], islice(variants(), 2 * faces)):
        embeddings = client.embed(image)
        if not len(embeddings) and not found:
            break
        if len(embeddings):
            found.append(Probe(image, embeddings))
        if sum(len(probe.embeddings) for probe in found) >= faces:
            return found
    raise BenchFailed("The service finds too few faces in the sample pictures.")
