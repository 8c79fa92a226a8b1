"""The one place that reads the environment; everything else is handed small frozen objects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bentos.common.setting_groups import (
    SECRETS_DIR,
    AuthSettings,
    BatchSettings,
    CacheSettings,
    DatabaseSettings,
    GallerySettings,
    KeyValueSettings,
    LimitSettings,
    ModelSource,
    RegistrySettings,
    SessionSettings,
    StoreSettings,
    VectorSettings,
)

__all__ = [
    "MIN_SECRET_BYTES",
    "PREFIX",
    "SECRETS_DIR",
    "AuthSettings",
    "BatchSettings",
    "CacheSettings",
    "DatabaseSettings",
    "GallerySettings",
    "KeyValueSettings",
    "LimitSettings",
    "ModelSource",
    "RegistrySettings",
    "SessionSettings",
    "Settings",
    "StoreSettings",
    "VectorSettings",
    "is_address",
]

PREFIX = "FACESOCIAL_"
ROOT = Path(__file__).parents[2]
MIN_SECRET_BYTES = 32


def _alias(name: str, *others: str) -> AliasChoices:
    return AliasChoices(f"{PREFIX}{name.upper()}", *others)


def _state_dir() -> Path:
    """The folder in the checkout, from wherever a command is called; an installed package has none."""
    return (ROOT if (ROOT / "pyproject.toml").is_file() else Path()) / ".facesocial"


def is_address(jwks: str) -> bool:
    """Whether the keys come from the network and not from a file."""
    return jwks.lower().startswith(("http://", "https://"))


class Settings(BaseSettings):
    """Every setting of the services. Names: ``FACESOCIAL_`` and the field's name; see the README."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, secrets_dir=SECRETS_DIR, extra="ignore", frozen=True, populate_by_name=True
    )

    state_dir: Path = Field(default_factory=_state_dir)
    port_base: Annotated[int, Field(ge=1, le=65_000)] = 8000
    workbench_port: Annotated[int, Field(ge=1, le=65_535)] = 8501
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(validation_alias=_alias("log_level", "LOG_LEVEL"))
    ] = "INFO"

    model_source: Annotated[ModelSource, Field(validation_alias=_alias("model_source", "MODEL_SOURCE"))] = (
        "auto"
    )
    mlflow_uri: Annotated[str | None, Field(validation_alias=_alias("mlflow_uri", "MLFLOW_TRACKING_URI"))] = (
        None
    )
    mlflow_token: SecretStr | None = None
    model_refresh_s: Annotated[float, Field(ge=0.1)] = 10.0
    shadow_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    model_dir: Annotated[Path | None, Field(validation_alias=_alias("model_dir", "MODEL_PATH"))] = None
    model_mirror: str | None = None
    model_offline: bool = False
    providers: Annotated[tuple[str, ...], NoDecode] = (
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "CPUExecutionProvider",
    )
    session_threads: Annotated[int, Field(ge=0)] = 0
    gpu_device: Annotated[int, Field(ge=0)] = 0
    gpu_precision: Literal["fp32", "fp16"] = "fp32"
    gpu_memory_mb: Annotated[int | None, Field(ge=64)] = None

    worker_threads: Annotated[int, Field(ge=0)] = 0
    max_pixels_in_memory: Annotated[int, Field(gt=0)] = 50_000_000

    batch_mode: Literal["process", "service"] = "process"
    batch_workers: Annotated[int, Field(ge=0)] = 0
    batch_max_size: Annotated[int, Field(ge=1, le=256)] = 16
    batch_max_age_ms: Annotated[float, Field(ge=100, le=60_000)] = 10_000.0
    batch_max_queue: Annotated[int, Field(ge=1)] = 256

    prometheus_multiproc_dir: Annotated[
        Path | None, Field(validation_alias=_alias("prometheus_multiproc_dir", "PROMETHEUS_MULTIPROC_DIR"))
    ] = None

    jwt_algorithm: Literal["HS256", "RS256", "ES256"] = "HS256"
    jwt_secret: SecretStr | None = None
    jwt_secret_file: Path | None = None
    jwt_jwks: str | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_leeway_s: Annotated[int, Field(ge=0, le=300)] = 10

    database_url: Annotated[
        SecretStr | None, Field(validation_alias=_alias("database_url", "DATABASE_URL"))
    ] = None
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = 8
    database_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    redis_url: Annotated[SecretStr | None, Field(validation_alias=_alias("redis_url", "REDIS_URL"))] = None
    redis_timeout_s: Annotated[float, Field(gt=0)] = 2.0
    milvus_uri: str | None = None
    milvus_host: Annotated[str | None, Field(validation_alias=_alias("milvus_host", "MILVUS_HOST"))] = None
    milvus_port: Annotated[
        int, Field(ge=1, le=65_535, validation_alias=_alias("milvus_port", "MILVUS_PORT"))
    ] = 19530
    milvus_token: SecretStr | None = None
    milvus_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    hnsw_m: Annotated[int, Field(ge=4, le=128)] = 32
    hnsw_ef_construction: Annotated[int, Field(ge=8, le=1024)] = 200
    hnsw_ef: Annotated[int, Field(ge=8, le=32_768)] = 1024

    model_cache_size: Annotated[
        int, Field(ge=0, validation_alias=_alias("model_cache_size", "MODEL_CACHE_SIZE"))
    ] = 0
    model_cache_ttl_s: Annotated[int, Field(ge=1)] = 300
    idempotency_ttl_s: Annotated[int, Field(ge=1)] = 24 * 3600
    verify_per_minute: Annotated[int, Field(ge=0)] = 0

    enrol_min_quality: Annotated[float, Field(ge=0, le=1)] = 0.1
    enrol_min_size: Annotated[float, Field(ge=0)] = 40.0
    keep_images: bool = False
    images_dir: Path | None = None
    tombstones_file: Path | None = None
    repair_interval_s: Annotated[float, Field(gt=0)] = 30.0
    retention_interval_s: Annotated[float, Field(gt=0)] = 3600.0
    audit_interval_s: Annotated[float, Field(gt=0)] = 3600.0

    max_image_bytes: Annotated[int, Field(gt=0)] = 20_000_000
    max_image_pixels: Annotated[int, Field(gt=0)] = 50_000_000
    max_batch_images: Annotated[int, Field(ge=1)] = 64
    max_body_bytes: Annotated[int, Field(gt=0)] = 200_000_000
    max_in_flight: Annotated[int, Field(ge=1)] = 256

    @model_validator(mode="before")
    @classmethod
    def _split_providers(cls, values: object) -> object:
        key = f"{PREFIX}PROVIDERS"
        if isinstance(values, dict):
            for name in (key, key.lower(), "providers"):
                if isinstance(values.get(name), str):
                    values[name] = tuple(part.strip() for part in values[name].split(",") if part.strip())
        return values

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        object.__setattr__(self, "state_dir", self.state_dir.expanduser().absolute())
        return self

    @property
    def store(self) -> StoreSettings:
        cache = (self.model_dir or self.state_dir / "models").expanduser().absolute()
        return StoreSettings(cache=cache, mirror=self.model_mirror, offline=self.model_offline)

    @property
    def registry(self) -> RegistrySettings:
        """The registry that ``model_source`` = ``mlflow`` follows.

        Raises:
            ConfigurationError: It has no address.
        """
        from bentos.common.errors import ConfigurationError

        if not is_address(self.mlflow_uri or ""):
            raise ConfigurationError(
                f"{PREFIX}MODEL_SOURCE=mlflow needs {PREFIX}MLFLOW_URI: the http address of an MLflow server."
            )
        assert self.mlflow_uri is not None
        return RegistrySettings(
            uri=self.mlflow_uri,
            token=self.mlflow_token,
            refresh_s=self.model_refresh_s,
            shadow_share=self.shadow_share,
            kept=self.champions,
        )

    @property
    def champions(self) -> Path:
        """Where what a registry wanted served is kept."""
        return self.store.cache / "champions"

    @property
    def session(self) -> SessionSettings:
        return SessionSettings(
            providers=self.providers,
            threads=self.session_threads,
            gpu_device=self.gpu_device,
            gpu_precision=self.gpu_precision,
            gpu_memory_mb=self.gpu_memory_mb,
            gpu_engines=self.store.cache / "engines",
        )

    @property
    def batch(self) -> BatchSettings:
        return BatchSettings(
            mode=self.batch_mode,
            max_size=self.batch_max_size,
            max_age_ms=self.batch_max_age_ms,
            max_queue=self.batch_max_queue,
            workers=self.batch_workers,
        )

    @property
    def database(self) -> DatabaseSettings:
        url = self.database_url or SecretStr(f"sqlite:///{self.state_dir / 'facesocial.sqlite'}")
        return DatabaseSettings(url=url, pool_size=self.database_pool_size, timeout_s=self.database_timeout_s)

    @property
    def vectors(self) -> VectorSettings:
        served = f"http://{self.milvus_host}:{self.milvus_port}" if self.milvus_host else None
        return VectorSettings(
            uri=self.milvus_uri or served or str(self.state_dir / "milvus.db"),
            token=self.milvus_token,
            timeout_s=self.milvus_timeout_s,
            m=self.hnsw_m,
            ef_construction=self.hnsw_ef_construction,
            ef=self.hnsw_ef,
        )

    @property
    def key_value(self) -> KeyValueSettings:
        return KeyValueSettings(redis_url=self.redis_url, timeout_s=self.redis_timeout_s)

    @property
    def cache(self) -> CacheSettings:
        return CacheSettings(size=self.model_cache_size, ttl_s=self.model_cache_ttl_s)

    @property
    def gallery(self) -> GallerySettings:
        return GallerySettings(
            min_quality=self.enrol_min_quality,
            min_size=self.enrol_min_size,
            keep_images=self.keep_images,
            images=(self.images_dir or self.state_dir / "images").expanduser().absolute(),
            tombstones=(self.tombstones_file or self.state_dir / "tombstones.ndjson").expanduser().absolute(),
            repair_interval_s=self.repair_interval_s,
            retention_interval_s=self.retention_interval_s,
            audit_interval_s=self.audit_interval_s,
        )

    @property
    def limits(self) -> LimitSettings:
        return LimitSettings(
            max_image_bytes=self.max_image_bytes,
            max_image_pixels=self.max_image_pixels,
            max_batch_images=self.max_batch_images,
            max_body_bytes=self.max_body_bytes,
            max_in_flight=self.max_in_flight,
        )

    @property
    def auth(self) -> AuthSettings:
        """How tokens are checked.

        Raises:
            ConfigurationError: No key for the algorithm or two kinds of them, or a secret that is too short.
        """
        from bentos.common.errors import ConfigurationError

        secret = self._secret()
        if self.jwt_algorithm == "HS256":
            self._check_shared(secret)
        elif self.jwt_jwks is None:
            raise ConfigurationError(
                f"{PREFIX}JWT_ALGORITHM={self.jwt_algorithm} needs {PREFIX}JWT_JWKS: a file or an https address."
            )
        return AuthSettings(
            algorithm=self.jwt_algorithm,
            secret=secret,
            jwks=self.jwt_jwks,
            audience=self.jwt_audience,
            issuer=self.jwt_issuer,
            leeway_s=self.jwt_leeway_s,
        )

    def _check_shared(self, secret: SecretStr | None) -> None:
        from bentos.common.errors import ConfigurationError

        if secret is None and self.jwt_jwks is None:
            raise ConfigurationError(
                f"No token secret: set {PREFIX}JWT_SECRET_FILE (or {PREFIX}JWT_SECRET) to at least "
                f"{MIN_SECRET_BYTES} random bytes; there is no default. `facesocial up` makes one for this machine."
            )
        if secret is not None and self.jwt_jwks is not None:
            raise ConfigurationError(
                f"Both a token secret and {PREFIX}JWT_JWKS are set: for HS256 unset one of them; to rotate secrets, "
                f"keep {PREFIX}JWT_JWKS and put the secret into its file as a key of the type `oct`."
            )
        if self.jwt_jwks is not None and is_address(self.jwt_jwks):
            raise ConfigurationError(
                f"{PREFIX}JWT_JWKS is an address, and secrets are never fetched from one: HS256 needs a file."
            )

    def _secret(self) -> SecretStr | None:
        from bentos.common.errors import ConfigurationError

        secret = self.jwt_secret
        if secret is None and self.jwt_secret_file is not None:
            try:
                secret = SecretStr(self.jwt_secret_file.read_text(encoding="utf-8").strip())
            except OSError as error:
                raise ConfigurationError(
                    f"{PREFIX}JWT_SECRET_FILE={self.jwt_secret_file} cannot be read: {error.strerror}."
                ) from error
            except UnicodeError:
                raise ConfigurationError(
                    f"{PREFIX}JWT_SECRET_FILE={self.jwt_secret_file} is not text; write the secret as hex or base64."
                ) from None
        if secret is not None and len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ConfigurationError(
                f"The token secret is shorter than {MIN_SECRET_BYTES} bytes; `openssl rand -hex 32` makes a good one."
            )
        return secret
