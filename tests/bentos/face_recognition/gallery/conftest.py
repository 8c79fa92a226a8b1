"""Galleries on two sets of stores: what is embedded, and servers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from drawn_faces import CARD, DrawnAnalysis
from enrolling import NAME
from postgres import PostgresServer
from pydantic import SecretStr

from bentos.common.audit.caller import Caller
from bentos.common.cache import ResultCache
from bentos.common.keyvalue import open_key_value
from bentos.common.settings import Settings
from bentos.face_recognition.gallery.assembly import Gallery, Keeping, open_stores
from models.catalogue.card import ModelCard

Backend = Literal["embedded", "servers"]


@dataclass
class World:
    """A deployment: settings, and replicas made from them.

    Attributes:
        card: Of the embedder that its replicas run.
    """

    settings: Settings
    card: ModelCard = CARD

    def __post_init__(self) -> None:
        self._open: list[Keeping] = []

    def replica(self, card: ModelCard | None = None, **changes: object) -> Gallery:
        """A process's view of the deployment, brought in order; the thread for upkeep is left out."""
        chosen = card or self.card
        settings = self.settings.model_copy(update=changes)
        cache = ResultCache(open_key_value(settings.key_value), settings.cache)
        gallery = Gallery.of(open_stores(settings, lambda: chosen, cache), DrawnAnalysis(chosen))  # type: ignore[arg-type]
        gallery.keeping.prepare()
        gallery.keeping.upkeep.bring_in_order()
        self._open.append(gallery.keeping)
        return gallery

    def close(self) -> None:
        """End all replicas."""
        while self._open:
            self._open.pop().close()


@pytest.fixture(params=["embedded", "servers"])
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def world(backend: Backend, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """An empty deployment of each kind."""
    state = tmp_path / "state"
    if backend == "embedded":
        settings = Settings(state_dir=state, keep_images=True, model_cache_size=64)
        world = World(settings)
        yield world
        world.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("upgraded"))
    world = World(
        Settings(
            state_dir=state,
            keep_images=True,
            model_cache_size=64,
            database_url=SecretStr(server.url(name)),
            redis_url=SecretStr(f"{request.getfixturevalue('redis_url')}/2"),
            milvus_uri=request.getfixturevalue("milvus_server_uri"),
        ),
        card=_own_card(name),
    )
    yield world
    world.close()
    server.drop(name)


@pytest.fixture
def gallery(world: World) -> Gallery:
    """One replica."""
    return world.replica()


@pytest.fixture
def caller() -> Caller:
    return Caller("acme", "ada", "operator", "request-1")


@pytest.fixture
def staff(gallery: Gallery, caller: Caller) -> Gallery:
    """One replica with an empty collection."""
    gallery.collections.create(caller, NAME)
    return gallery


@pytest.fixture
def newer() -> Callable[[ModelCard], ModelCard]:
    """The card of another model: other embeddings, of another dimension."""
    return lambda card: replace(
        card,
        version="2.0.0",
        sha256=hashlib.sha256(card.sha256.encode()).hexdigest(),
        decoding={**card.decoding, "dimension": 64},
    )


def _own_card(name: str) -> ModelCard:
    """The Milvus server is shared by all tests: a digest of its own gives each test collections of its own."""
    return replace(CARD, sha256=hashlib.sha256(name.encode()).hexdigest())
