"""Where weights come from: the cache, a mirror, the authors' addresses, always checked against the card."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Protocol

from models.catalogue.card import ModelCard, WeightFile
from models.errors import DigestMismatch, WeightsMissing
from models.export import RECIPES

BUNDLED = Path(__file__).parents[1] / "weights"
"""Graphs that come with the package: in a bento its models, in the project the default weights."""

OWN_RECIPE = "own"
"""Of a card whose graph no recipe builds: training here made it, and it comes with the package."""

CHUNK = 1 << 16
TIMEOUT_S = 30
Recipe = Callable[[Mapping[str, Path]], bytes]


class Progress(Protocol):
    """Hears how a pull goes on; a terminal draws a bar of it."""

    def start(self, name: str, total: int) -> None:
        """A file of ``total`` bytes begins to arrive."""

    def advance(self, count: int) -> None:
        """So many more bytes are here."""

    def finish(self) -> None:
        """The file is complete and checked."""


class Silent:
    """Progress that nobody looks at."""

    def start(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, count: int) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""


class WeightStore:
    """Resolves a card to an ONNX file whose digest is the card's.

    Args:
        cache: Folder of this machine; made when first written to.
        mirror: A folder or an http(s) address that holds weight files by their own names.
        offline: Whether to leave the authors' addresses alone.
        progress: Hears about every file that is fetched.
        recipes: What makes the graph of a card; the project's own unless a test brings others.
        bundled: Folder of graphs that come with the package; it is looked into first and never written.
    """

    def __init__(
        self,
        cache: Path,
        *,
        mirror: str | None = None,
        offline: bool = False,
        progress: Progress | None = None,
        recipes: Mapping[str, Recipe] = RECIPES,
        bundled: Path = BUNDLED,
    ) -> None:
        self._cache = cache
        self._mirror = mirror
        self._offline = offline
        self._progress: Progress = progress or Silent()
        self._recipes = recipes
        self._bundled = bundled

    def find(self, card: ModelCard) -> Path | None:
        """The card's graph, unchanged, where it lies on this machine already."""
        return _graph_in(self._bundled, card) or _graph_in(self._cache, card)

    def bundles(self, card: ModelCard) -> bool:
        """Whether the package itself brings the card's graph."""
        return _graph_in(self._bundled, card) is not None

    def resolve(self, card: ModelCard) -> Path:
        """Path of the card's ONNX graph; fetched and built when the cache has none.

        Raises:
            WeightsMissing: A weight file is in none of the places; the message names the remedy.
            DigestMismatch: A file or the built graph is not what the card names.
        """
        if found := self.find(card):
            return found
        if card.recipe == OWN_RECIPE:
            raise WeightsMissing(
                _incomplete(card, self._bundled), {"model": card.name, "file": card.file_name}
            )
        path = self._cache / card.file_name
        files = {weight.name: self._fetch(card, weight) for weight in card.weights}
        graph = self._recipes[card.recipe](files)
        built = hashlib.sha256(graph).hexdigest()
        if built != card.sha256:
            raise DigestMismatch(
                f"The graph built for {card.name} has digest {built[:12]}, its card says {card.sha256[:12]}: "
                "install the pinned versions (`make test` does) and pull again with `make models`.",
                {"model": card.name, "expected": card.sha256, "found": built},
            )
        with _written_atomically(path) as file:
            file.write(graph)
        return path

    def _fetch(self, card: ModelCard, weight: WeightFile) -> Path:
        cached = self._cache / "weights" / weight.name
        if cached.is_file() and digest(cached) == weight.sha256:
            return cached
        refusals: list[str] = []
        for source in self._sources(weight):
            try:
                self._copy(source, weight, cached)
            except (OSError, ValueError, HTTPException) as error:
                refusals.append(f"{source}: {_reason(error)}")
            else:
                return cached
        raise WeightsMissing(_missing(card, weight, refusals), {"model": card.name, "file": weight.name})

    def _sources(self, weight: WeightFile) -> Iterator[str]:
        if self._mirror:
            if _is_address(self._mirror):
                yield f"{self._mirror.rstrip('/')}/{weight.name}"
            else:
                yield str(Path(self._mirror).expanduser() / weight.name)
        if not self._offline:
            yield weight.url

    def _copy(self, source: str, weight: WeightFile, target: Path) -> None:
        self._progress.start(weight.name, weight.size)
        with _opened(source) as reader, _written_atomically(target) as writer:
            found = self._pump(reader, writer, weight)
            if found != weight.sha256:
                raise DigestMismatch(
                    f"{source} is not the {weight.name} that its card names (digest {found[:12]} instead of "
                    f"{weight.sha256[:12]}); nothing was kept. Check the mirror, or unset it to pull from the author.",
                    {"file": weight.name, "expected": weight.sha256, "found": found},
                )
        self._progress.finish()

    def _pump(self, reader: BinaryIO, writer: BinaryIO, weight: WeightFile) -> str:
        """Copy at most one byte more than the card says: a mirror cannot fill the disk."""
        sha, left = hashlib.sha256(), weight.size + 1
        while left > 0 and (chunk := reader.read(min(CHUNK, left))):
            sha.update(chunk)
            writer.write(chunk)
            left -= len(chunk)
            self._progress.advance(len(chunk))
        return sha.hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _graph_in(folder: Path, card: ModelCard) -> Path | None:
    path = folder / card.file_name
    return path if path.is_file() and digest(path) == card.sha256 else None


def _is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if _is_address(source):
        with urllib.request.urlopen(source, timeout=TIMEOUT_S) as response:  # noqa: S310
            yield response
    else:
        with Path(source).open("rb") as file:
            yield file


@contextmanager
def _written_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all, whoever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _missing(card: ModelCard, weight: WeightFile, refusals: list[str]) -> str:
    tried = "; ".join(refusals) or "no mirror is set and pulling from the author is switched off"
    return (
        f"The weights of {card.name} are missing: {weight.name} could not be had ({tried}). "
        "Run `make models` with an internet connection, or set FACESOCIAL_MODEL_MIRROR to a folder that holds it."
    )


def _incomplete(card: ModelCard, folder: Path) -> str:
    return (
        f"This package is incomplete: {card.file_name}, the graph of {card.name}, is missing or changed in "
        f"{folder}. Install it anew, make it with `make train`, or set FACESOCIAL_MODEL_SOURCE=published."
    )
