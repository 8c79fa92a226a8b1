"""Puts the use cases of galleries together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from bentos.common.audit.checks import ChainChecks
from bentos.common.cache import ResultCache
from bentos.common.cursors import Cursors, shared_key
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.face_analysis import FaceAnalysis
from bentos.common.settings import Settings
from bentos.common.tombstones import Tombstones
from bentos.face_recognition.gallery.collections import Collections
from bentos.face_recognition.gallery.enrolment import Enrolment
from bentos.face_recognition.gallery.erasure import Erasure
from bentos.face_recognition.gallery.following import Following
from bentos.face_recognition.gallery.identification import Identification
from bentos.face_recognition.gallery.pictures import KeptPictures
from bentos.face_recognition.gallery.reindexing import Reindexing
from bentos.face_recognition.gallery.settlement import Settlement
from bentos.face_recognition.gallery.stores import Indexes, Stores
from bentos.face_recognition.gallery.transfer import Transfer
from bentos.face_recognition.gallery.upkeep import Upkeep
from bentos.face_recognition.gallery.verification import Verification
from bentos.face_recognition.vectors.milvus import MilvusIndex
from models.catalogue.card import ModelCard


def open_stores(settings: Settings, running: Callable[[], ModelCard], cache: ResultCache) -> Stores:
    """The stores of galleries; nothing is connected yet.

    Args:
        settings: Where they are.
        running: Says which embedder runs.
        cache: Remembered answers, which an erasure forgets.

    Raises:
        ConfigurationError: A setting names no store that can be used.
    """
    vectors, gallery = settings.vectors, settings.gallery
    return Stores(
        database=Database(settings.database),
        indexes=Indexes(lambda digest, dimension: MilvusIndex(vectors, digest, dimension)),
        pictures=KeptPictures(gallery.images),
        tombstones=Tombstones(gallery.tombstones),
        cache=cache,
        settings=gallery,
        running=running,
    )


@dataclass(frozen=True)
class Keeping:
    """What needs no model: it can run beside a service and without one."""

    stores: Stores
    collections: Collections
    transfer: Transfer
    settlement: Settlement
    following: Following
    erasure: Erasure
    verification: Verification
    upkeep: Upkeep

    @classmethod
    def of(cls, stores: Stores) -> Keeping:
        """All of it around one set of stores."""
        settlement = Settlement(stores)
        erasure = Erasure(stores, settlement)
        following = Following(stores, settlement)
        verification = Verification(stores, settlement, following)
        checks = ChainChecks(stores.database, stores.settings.audit_interval_s)
        upkeep = Upkeep(stores, settlement, following, erasure, verification, checks)
        return cls(
            stores=stores,
            collections=Collections(stores),
            transfer=Transfer(stores, settlement),
            settlement=settlement,
            following=following,
            erasure=erasure,
            verification=verification,
            upkeep=upkeep,
        )

    @cached_property
    def cursors(self) -> Cursors:
        """Signs where pages of listings begin, with a key that all replicas share.

        Raises:
            DependencyUnavailable: The database, which holds the key, does not answer.
        """
        return Cursors(shared_key(self.stores.database, "cursors"))

    def start(self) -> None:
        """Bring database and index up; may be called again where it failed.

        Raises:
            DependencyUnavailable: A store does not answer.
            ConfigurationError: The database is newer than this program, or another process holds the index.
        """
        self.prepare()
        self.upkeep.start()

    def prepare(self) -> None:
        """Bring the database's tables up to date."""
        upgrade(self.stores.database)

    def ping_index(self) -> None:
        """Raise DependencyUnavailable unless the vector index answers."""
        self.stores.index.ping()

    def close(self) -> None:
        """Let go of everything."""
        self.upkeep.close()
        self.stores.indexes.close()
        self.stores.database.close()


@dataclass(frozen=True, slots=True)
class Gallery:
    """All use cases of galleries, with one generation of models."""

    keeping: Keeping
    identification: Identification
    enrolment: Enrolment
    reindexing: Reindexing

    @classmethod
    def of(cls, stores: Stores, analysis: FaceAnalysis) -> Gallery:
        """All of them around one set of stores and one model."""
        return cls.around(Keeping.of(stores), analysis)

    @classmethod
    def around(cls, keeping: Keeping, analysis: FaceAnalysis) -> Gallery:
        """All of them with other models around what needs none."""
        stores = keeping.stores
        identification = Identification(stores, analysis, keeping.following)
        return cls(
            keeping=keeping,
            identification=identification,
            enrolment=Enrolment(stores, analysis, keeping.settlement, identification),
            reindexing=Reindexing(stores, analysis, keeping.settlement),
        )

    @property
    def collections(self) -> Collections:
        """What needs no model."""
        return self.keeping.collections

    @property
    def transfer(self) -> Transfer:
        """What needs no model."""
        return self.keeping.transfer

    @property
    def cursors(self) -> Cursors:
        """Signs where pages of listings begin."""
        return self.keeping.cursors
