"""The state folder: its secret, its record, its tokens."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import jwt
import psutil
import pytest

from bentos.common.auth import Role, TokenVerifier
from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.run import with_secret
from deploy.local.state import StateFolder
from deploy.local.tokens import make_token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.make()
    secret = state.secret.read_text()
    assert len(bytes.fromhex(secret)) == 32
    assert (mode(state.path), mode(state.secret)) == (0o700, 0o600)
    state.make()
    assert state.secret.read_text() == secret
    other = StateFolder(tmp_path / "other")
    other.make()
    assert other.secret.read_text() != secret


def test_a_folder_that_a_service_made_for_its_models_is_shut(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    (state.path / "models").mkdir(parents=True)
    state.path.chmod(0o755)
    state.make()
    assert mode(state.path) == 0o700


def test_a_folder_that_holds_more_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear all")
    tmp_path.chmod(0o755)
    StateFolder(tmp_path).make()
    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / "jwt-secret") == 0o600


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="FACESOCIAL_STATE_DIR"):
        StateFolder(tmp_path / "file" / "state").make()


def test_the_workbench_token_is_replaced_and_stays_private(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    for token in ("first", "second"):
        state.write_token(token)
        assert state.token.read_text() == token
        assert mode(state.token) == 0o600


def test_a_record_of_this_process_runs(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    assert state.running() is None
    state.write_record({"face-detection-service": "http://127.0.0.1:1"}, None)
    record = state.running()
    assert record is not None
    assert record.pid == os.getpid()


def test_a_record_without_a_gateway_is_read(tmp_path: Path) -> None:
    """As versions before the gateway wrote it."""
    state = StateFolder(tmp_path)
    own = psutil.Process()
    state.record.write_text(
        json.dumps({"pid": own.pid, "started": own.create_time(), "services": {"a": "b"}, "workbench": None})
    )
    record = state.running()
    assert record is not None
    assert (record.services, record.gateway) == ({"a": "b"}, None)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pid": 1}'])
def test_a_broken_record_is_no_stack(tmp_path: Path, text: str) -> None:
    state = StateFolder(tmp_path)
    state.record.write_text(text)
    assert state.running() is None


def test_a_reused_process_number_is_not_taken_for_the_stack(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.write_token("left behind")
    own = psutil.Process()
    stale = {"pid": own.pid, "started": own.create_time() - 60, "services": {}, "workbench": None}
    state.record.write_text(json.dumps(stale))
    assert state.running() is None
    assert not state.record.exists()
    assert not state.token.exists()


def test_a_token_is_what_the_services_accept(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.make()
    settings = Settings(jwt_secret_file=state.secret, jwt_audience="faces", jwt_issuer="here")
    token = make_token(settings, Role.ADMIN, "acme", ttl_s=60)
    caller = TokenVerifier(settings.auth).verify(f"Bearer {token}")
    assert (caller.subject, caller.role, caller.tenant) == ("local", Role.ADMIN, "acme")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert 0 < claims["exp"] - time.time() <= 60


def test_no_token_without_a_secret_or_for_keys_that_are_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no default"):
        make_token(Settings())
    keys = tmp_path / "jwks.json"
    with pytest.raises(ConfigurationError, match="elsewhere"):
        make_token(Settings(jwt_algorithm="RS256", jwt_jwks=str(keys)))
    with pytest.raises(ConfigurationError, match="elsewhere"):
        make_token(with_secret(Settings(jwt_jwks=str(keys)), StateFolder(tmp_path)))
