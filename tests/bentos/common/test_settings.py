"""Settings as they are read: from the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from bentos.common.errors import ConfigurationError
from bentos.common.settings import MIN_SECRET_BYTES, PREFIX, Settings

SECRET = "x" * MIN_SECRET_BYTES


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX) or name in ("LOG_LEVEL", "MODEL_PATH", "PROMETHEUS_MULTIPROC_DIR"):
            monkeypatch.delenv(name)


def test_everything_but_the_secret_has_a_default() -> None:
    settings = Settings()
    assert settings.log_level == "INFO"
    assert settings.store.cache.is_absolute()
    assert settings.store.cache.parts[-2:] == (".facesocial", "models")
    assert settings.batch.mode == "process"


@pytest.mark.parametrize(
    ("alias", "field", "value", "read"),
    [
        ("LOG_LEVEL", "log_level", "DEBUG", "DEBUG"),
        ("MODEL_PATH", "model_dir", "/weights", Path("/weights")),
        ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir", "/metrics", Path("/metrics")),
    ],
)
def test_names_that_others_use_are_understood_and_yield_to_our_own(
    monkeypatch: pytest.MonkeyPatch, alias: str, field: str, value: str, read: object
) -> None:
    monkeypatch.setenv(alias, value)
    assert getattr(Settings(), field) == read
    own = "ERROR" if field == "log_level" else "/own"
    monkeypatch.setenv(PREFIX + field.upper(), own)
    assert str(getattr(Settings(), field)) == own


def test_the_store_is_where_model_path_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_PATH", "/weights")
    monkeypatch.setenv("FACESOCIAL_MODEL_MIRROR", "https://mirror.example/models")
    monkeypatch.setenv("FACESOCIAL_MODEL_OFFLINE", "1")
    store = Settings().store
    assert (store.cache, store.mirror, store.offline) == (
        Path("/weights"),
        "https://mirror.example/models",
        True,
    )


def test_the_state_folder_is_absolute_and_knows_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", "~/state")
    assert Settings().state_dir == tmp_path / "state"
    assert Settings().store.cache == tmp_path / "state" / "models"


def test_the_state_folder_lies_in_the_checkout_from_wherever_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    checkout = Path(__file__).parents[3]
    assert Settings().state_dir == checkout / ".facesocial"
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", ".facesocial")
    assert Settings().state_dir == tmp_path / ".facesocial"


def test_without_a_checkout_the_state_folder_lies_in_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bentos.common.settings.ROOT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert Settings().state_dir == tmp_path / ".facesocial"


def test_there_is_no_default_secret() -> None:
    with pytest.raises(ConfigurationError, match="FACESOCIAL_JWT_SECRET_FILE"):
        _ = Settings().auth


@pytest.mark.parametrize("secret", ["", "hush", "x" * (MIN_SECRET_BYTES - 1)])
def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET", secret)
    with pytest.raises(ConfigurationError, match="shorter than 32 bytes") as refused:
        _ = Settings().auth
    assert not secret or secret not in refused.value.message


def test_the_length_of_a_secret_is_counted_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET", "ß" * (MIN_SECRET_BYTES // 2))
    assert Settings().auth.secret is not None


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET", SECRET)
    settings = Settings()
    assert SECRET not in f"{settings!r} {settings} {settings.auth!r} {settings.model_dump_json()}"


def test_a_secret_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET_FILE", str(tmp_path / "secret"))
    secret = Settings().auth.secret
    assert secret is not None
    assert secret.get_secret_value() == SECRET


@pytest.mark.parametrize("content", ["", "\n", " " * MIN_SECRET_BYTES, "short\n"])
def test_a_file_without_a_sound_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    (tmp_path / "secret").write_text(content)
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match="shorter than 32 bytes"):
        _ = Settings().auth


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET_FILE", str(path))
    with pytest.raises(ConfigurationError) as refused:
        _ = Settings().auth
    assert str(path) in refused.value.message
    assert "No such file" in refused.value.message


def test_a_secret_file_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(range(128, 192)))
    monkeypatch.setenv("FACESOCIAL_JWT_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match="FACESOCIAL_JWT_SECRET_FILE"):
        _ = Settings().auth


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_public_key_algorithms_need_keys_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_ALGORITHM", algorithm)
    with pytest.raises(ConfigurationError, match="FACESOCIAL_JWT_JWKS"):
        _ = Settings().auth
    monkeypatch.setenv("FACESOCIAL_JWT_JWKS", "https://keys.example/jwks.json")
    assert Settings().auth.secret is None


def test_a_token_without_signature_cannot_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_JWT_ALGORITHM", "none")
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("text", "providers"),
    [
        ("CPUExecutionProvider", ("CPUExecutionProvider",)),
        (" A, B ,C", ("A", "B", "C")),
        ("A,,B,", ("A", "B")),
    ],
)
def test_providers_are_a_list_with_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, providers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FACESOCIAL_PROVIDERS", text)
    assert Settings().session.providers == providers


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port_base = 1
    with pytest.raises(ValidationError):
        settings.batch.max_size = 1
    with pytest.raises(ValidationError):
        settings.limits.max_image_bytes = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT_BASE", "0"),
        ("PORT_BASE", "65001"),
        ("LOG_LEVEL", "LOUD"),
        ("SESSION_THREADS", "-1"),
        ("BATCH_MODE", "magic"),
        ("BATCH_MAX_SIZE", "0"),
        ("BATCH_MAX_SIZE", "257"),
        ("BATCH_MAX_AGE_MS", "0"),
        ("BATCH_MAX_QUEUE", "0"),
        ("BATCH_WORKERS", "-1"),
        ("MAX_PIXELS_IN_MEMORY", "0"),
        ("MAX_IMAGE_BYTES", "0"),
        ("MAX_IMAGE_BYTES", "twenty"),
        ("MAX_IN_FLIGHT", "0"),
        ("JWT_LEEWAY_S", "301"),
        ("JWT_LEEWAY_S", "-1"),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ValidationError, match=f"(?i){name}"):
        Settings()


def test_a_mounted_secret_is_read_by_its_setting_s_name_and_the_environment_goes_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "FACESOCIAL_DATABASE_URL").write_text("postgresql://of-the-file\n")
    (tmp_path / "FACESOCIAL_REDIS_URL").write_text("redis://of-the-file\n")
    monkeypatch.setenv("FACESOCIAL_REDIS_URL", "redis://of-the-environment")
    monkeypatch.delenv("FACESOCIAL_DATABASE_URL", raising=False)
    settings = Settings(_secrets_dir=tmp_path)
    assert settings.database_url is not None
    assert settings.redis_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://of-the-file"
    assert settings.redis_url.get_secret_value() == "redis://of-the-environment"
