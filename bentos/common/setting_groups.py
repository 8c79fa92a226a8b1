"""The small frozen objects that settings are handed around in: each part of a service gets its own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr

_MOUNTED = Path("/run/secrets")
SECRETS_DIR = _MOUNTED if _MOUNTED.is_dir() else None
"""Where Compose and Kubernetes put secrets: a file for each, named like the setting. The environment goes before."""

ModelSource = Literal["auto", "own", "published", "mlflow"]


class Frozen(BaseModel):
    """A small settings object, handed to the part that needs it."""

    model_config = ConfigDict(frozen=True)


class AuthSettings(Frozen):
    """How tokens are checked. ``algorithm`` comes from here, never from a token.

    ``jwks`` is a file or an address of keys; with HS256 there is either a secret or a file.
    """

    algorithm: Literal["HS256", "RS256", "ES256"]
    secret: SecretStr | None
    jwks: str | None
    audience: str | None
    issuer: str | None
    leeway_s: int


class StoreSettings(Frozen):
    """Where weights come from; ``offline`` keeps the store from the authors' addresses."""

    cache: Path
    mirror: str | None
    offline: bool


class RegistrySettings(Frozen):
    """The MLflow registry that says what is served.

    Attributes:
        uri: Address of the server.
        token: Sent as a bearer token, where there is one.
        refresh_s: Seconds between two looks.
        shadow_share: Of requests that a challenger answers too, unseen; from 0 to 1.
        kept: Folder of the champions that were served last.
    """

    uri: str
    token: SecretStr | None
    refresh_s: float
    shadow_share: float
    kept: Path


class SessionSettings(Frozen):
    """How models run: providers in order of preference, threads of one session (0: the library's choice).

    What begins with ``gpu`` counts on a GPU alone.
    """

    providers: tuple[str, ...]
    threads: int
    gpu_device: int
    gpu_precision: Literal["fp32", "fp16"]
    gpu_memory_mb: int | None
    gpu_engines: Path


class BatchSettings(Frozen):
    """Adaptive batching: where it happens, how large a batch and its queue grow, how old an item may get.

    ``workers`` batches run at once in mode ``process`` (0: one for each request in work on a CPU, one on a
    GPU); an inner service runs one at a time.
    """

    mode: Literal["process", "service"]
    max_size: int
    max_age_ms: float
    max_queue: int
    workers: int = 1


class LimitSettings(Frozen):
    """What one request may bring."""

    max_image_bytes: int
    max_image_pixels: int
    max_batch_images: int
    max_body_bytes: int
    max_in_flight: int


class DatabaseSettings(Frozen):
    """The relational store: PostgreSQL, or the embedded SQLite file."""

    url: SecretStr
    pool_size: int
    timeout_s: float


class VectorSettings(Frozen):
    """Milvus: a server, or the embedded Milvus Lite where ``uri`` is a path that ends in ``.db``.

    ``m`` and ``ef_construction`` shape the HNSW graph (Y. Malkov and D. Yashunin, TPAMI 42, 2020), ``ef`` is the
    breadth of a search; larger is more exact and slower.
    """

    uri: str
    token: SecretStr | None
    timeout_s: float
    m: int
    ef_construction: int
    ef: int


class KeyValueSettings(Frozen):
    """Short-lived state: Redis, or the own process where ``redis_url`` is None."""

    redis_url: SecretStr | None
    timeout_s: float


class CacheSettings(Frozen):
    """Remembered answers about a picture: at most ``size`` of them (0: none), each for ``ttl_s`` seconds."""

    size: int
    ttl_s: int


class GallerySettings(Frozen):
    """What is enrolled, what is kept of it and how the stores are held together.

    ``tombstones`` is the list of erased faces outside of the database: a restored backup is held against it. Every
    ``audit_interval_s`` one replica checks all audit chains.
    """

    min_quality: float
    min_size: float
    keep_images: bool
    images: Path
    tombstones: Path
    repair_interval_s: float
    retention_interval_s: float
    audit_interval_s: float
