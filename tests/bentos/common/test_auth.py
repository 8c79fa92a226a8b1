"""Tokens: what holds, and what does not."""

from __future__ import annotations

import base64
import gc
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.auth import KNOWN_TOKENS, Principal, Role, TokenVerifier
from bentos.common.errors import (
    AuthError,
    ConfigurationError,
    Forbidden,
    InvalidToken,
    InvalidTokenFormat,
    MissingToken,
)
from bentos.common.settings import Settings

SECRET = "0123456789abcdef" * 4
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def shared(**settings: Any) -> TokenVerifier:
    return TokenVerifier(Settings(jwt_secret=SECRET, **settings).auth)


def claims(**changes: Any) -> dict[str, Any]:
    body = {"sub": "ann", "role": "operator", "tenant": "acme", "exp": time.time() + 60, **changes}
    return {name: value for name, value in body.items() if value is not None}


def bearer(secret: str = SECRET, **changes: Any) -> str:
    return f"Bearer {jwt.encode(claims(**changes), secret, 'HS256')}"


def jwks(path: Path, **keys: rsa.RSAPrivateKey) -> Path:
    found = []
    for kid, key in keys.items():
        found.append(
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "alg": "RS256"}
        )
    path.write_text(json.dumps({"keys": found}))
    return path


def with_keys(path: Path) -> TokenVerifier:
    return TokenVerifier(Settings(jwt_algorithm="RS256", jwt_jwks=str(path)).auth)


def signed(key: rsa.RSAPrivateKey, kid: str | None) -> str:
    headers = {"kid": kid} if kid else None
    return f"Bearer {jwt.encode(claims(), key, 'RS256', headers=headers)}"


def hs256_by_hand(secret: bytes) -> str:
    """What a library refuses to make: a public key's text as the secret."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "one"}).encode())
    text = f"{head}.{part(json.dumps(claims(role='admin')).encode())}"
    return f"Bearer {text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def test_a_sound_token_names_the_caller() -> None:
    caller = shared().verify(bearer())
    assert (caller.subject, caller.role, caller.tenant) == ("ann", Role.OPERATOR, "acme")
    caller = shared().verify(bearer(sub=None, user_id="bob", role=None, tenant=None))
    assert (caller.subject, caller.role, caller.tenant) == ("bob", Role.VIEWER, "default")
    assert shared().verify(bearer(sub=None, user_id=42)).subject == "42"
    with pytest.raises(InvalidToken):
        shared().verify(bearer(sub=None, user_id=True))


@pytest.mark.parametrize("header", [None, ""])
def test_no_token(header: str | None) -> None:
    with pytest.raises(MissingToken):
        shared().verify(header)


@pytest.mark.parametrize(
    "header", ["abc", "Bearer", "Bearer ", "Bearer a.b", "Basic a.b.c", "Bearer a.b.c d", "a.b.c"]
)
def test_a_malformed_header(header: str) -> None:
    with pytest.raises(InvalidTokenFormat):
        shared().verify(header)


@pytest.mark.parametrize(
    "header",
    [
        bearer(exp=time.time() - 60),
        bearer(exp=None),
        bearer(exp="soon"),
        bearer(secret="f" * 64),
        bearer(sub=None),
        bearer(tenant=""),
        bearer(nbf=time.time() + 600),
        f"Bearer {jwt.encode(claims(), '', 'none')}",
        f"Bearer {jwt.encode(claims(), KEY, 'RS256')}",
        "Bearer a.b.c",
        "Bearer " + "A" * 100_000 + ".b.c",
    ],
)
def test_a_token_that_does_not_hold(header: str) -> None:
    with pytest.raises(InvalidToken):
        shared().verify(header)


def test_audience_and_issuer_are_checked_where_configured() -> None:
    verifier = shared(jwt_audience="faces", jwt_issuer="here")
    assert verifier.verify(bearer(aud="faces", iss="here")).subject == "ann"
    for wrong in ({}, {"aud": "faces"}, {"aud": "other", "iss": "here"}, {"aud": "faces", "iss": "there"}):
        with pytest.raises(InvalidToken):
            verifier.verify(bearer(**wrong))


def test_an_unknown_role_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        shared().verify(bearer(role="king"))


def test_roles_cover_those_before_them() -> None:
    caller = shared().verify(bearer())
    caller.require(Role.VIEWER)
    with pytest.raises(Forbidden):
        caller.require(Role.ADMIN)


def test_keys_by_id_and_their_rotation_without_a_restart(tmp_path: Path) -> None:
    path = jwks(tmp_path / "jwks.json", one=KEY)
    verifier = with_keys(path)
    assert verifier.verify(signed(KEY, "one")).subject == "ann"
    assert verifier.verify(signed(KEY, None)).subject == "ann"
    with pytest.raises(InvalidToken):
        verifier.verify(signed(OTHER, "two"))
    jwks(path, one=KEY, two=OTHER)
    os.utime(path, (1, 1))
    assert verifier.verify(signed(OTHER, "two")).subject == "ann"
    assert verifier.verify(signed(KEY, "one")).subject == "ann"
    path.write_text("{broken")
    os.utime(path, (2, 2))
    assert verifier.verify(signed(KEY, "one")).subject == "ann"
    jwks(path, two=OTHER)
    os.utime(path, (3, 3))
    with pytest.raises(InvalidToken):
        verifier.verify(signed(KEY, "one"))


def test_the_same_token_is_checked_once() -> None:
    verifier, header = shared(), bearer()
    assert verifier.verify(header) is verifier.verify(header)
    assert verifier.verify(header) == shared().verify(header)


def test_a_remembered_token_still_expires() -> None:
    verifier, expires = shared(jwt_leeway_s=0), int(time.time()) + 2
    header = bearer(exp=expires)
    assert verifier.verify(header) is verifier.verify(header)
    time.sleep(max(0.0, expires - time.time()) + 0.01)
    for _ in range(2):
        with pytest.raises(InvalidToken, match="expired"):
            verifier.verify(header)


def test_the_leeway_counts_for_a_remembered_token_too() -> None:
    header = bearer(exp=int(time.time()) - 2)
    verifier = shared(jwt_leeway_s=60)
    assert verifier.verify(header) is verifier.verify(header)
    with pytest.raises(InvalidToken, match="expired"):
        shared(jwt_leeway_s=1).verify(header)


def test_a_remembered_token_lends_nothing_to_a_forged_one() -> None:
    verifier, body = shared(), claims()
    sound = f"Bearer {jwt.encode(body, SECRET, 'HS256')}"
    forged = f"Bearer {jwt.encode(body, 'f' * 64, 'HS256')}"
    signature = sound.rpartition(".")[2]
    swollen = f"{bearer(role='admin').rpartition('.')[0]}.{signature}"
    assert verifier.verify(sound).subject == "ann"
    for header in (forged, swollen, sound[:-8], sound + "A"):
        with pytest.raises(InvalidToken):
            verifier.verify(header)


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"role": "king"}, Forbidden), ({"sub": None}, InvalidToken), ({"exp": 1}, InvalidToken)],
)
def test_what_does_not_hold_does_not_hold_the_second_time(
    changes: dict[str, Any], error: type[AuthError]
) -> None:
    verifier, header = shared(), bearer(**changes)
    for _ in range(2):
        with pytest.raises(error):
            verifier.verify(header)


def test_no_more_tokens_are_remembered_than_allowed() -> None:
    verifier, expires = shared(), time.time() + 600
    before = principals()
    for number in range(2 * KNOWN_TOKENS + KNOWN_TOKENS // 2):
        assert verifier.verify(bearer(sub=f"caller-{number}", exp=expires)).subject == f"caller-{number}"
        assert number % 256 or principals() - before <= KNOWN_TOKENS
    assert 0 < principals() - before <= KNOWN_TOKENS


def principals() -> int:
    """Callers that are in memory."""
    return sum(type(one) is Principal for one in gc.get_objects())


def test_a_removed_key_is_refused_at_once(tmp_path: Path) -> None:
    path = jwks(tmp_path / "jwks.json", one=KEY, two=OTHER)
    verifier, header = with_keys(path), signed(KEY, "one")
    for _ in range(3):
        assert verifier.verify(header).subject == "ann"
    jwks(path, two=OTHER)
    os.utime(path, (1, 1))
    for _ in range(2):
        with pytest.raises(InvalidToken, match="key"):
            verifier.verify(header)
    assert verifier.verify(signed(OTHER, "two")).subject == "ann"


def test_a_public_key_is_no_shared_secret(tmp_path: Path) -> None:
    verifier = with_keys(jwks(tmp_path / "jwks.json", one=KEY))
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (pem, (tmp_path / "jwks.json").read_bytes()):
        with pytest.raises(InvalidToken):
            verifier.verify(hs256_by_hand(secret))


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}'])
def test_a_broken_key_file_keeps_the_service_from_starting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        with_keys(path)


@given(st.text(max_size=300))
def test_no_header_does_more_than_fail(text: str) -> None:
    for header in (text, f"Bearer {text}", f"Bearer {text}.{text}.{text}"):
        with pytest.raises(AuthError):
            shared().verify(header or None)
