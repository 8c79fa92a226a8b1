"""Keys in a file: several at once, one after another, and a rotation that went wrong."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from signing import CURVE, ONE, A, B, Entry, curved, part, public, put, shared, token, with_header

from bentos.common.auth import MAX_TOKEN_CHARACTERS, TokenVerifier
from bentos.common.errors import AuthError, ConfigurationError, InvalidToken
from bentos.common.settings import Settings


def of_file(path: Path, algorithm: str = "HS256") -> TokenVerifier:
    return TokenVerifier(Settings.model_validate({"jwt_algorithm": algorithm, "jwt_jwks": str(path)}).auth)


def accepts(verifier: TokenVerifier, text: str) -> bool:
    try:
        return verifier.verify(f"Bearer {text}").subject == "ann"
    except InvalidToken:
        return False


def test_two_secrets_hold_at_once_and_the_older_one_goes_without_a_restart(tmp_path: Path) -> None:
    path = put(tmp_path / "jwks.json", shared("a", A), shared("b", B))
    verifier, old, new = of_file(path), token("a", A), token("b", B)
    assert not verifier.blocking
    assert accepts(verifier, old)
    assert accepts(verifier, new)
    assert not accepts(verifier, token("a", B))
    put(path, shared("b", B))
    assert not accepts(verifier, old)
    assert accepts(verifier, new)


def test_a_file_of_the_same_time_and_size_is_seen_by_its_inode(tmp_path: Path) -> None:
    path = put(tmp_path / "jwks.json", shared("a", A))
    os.utime(path, ns=(5, 5))
    verifier = of_file(path)
    other = put(tmp_path / "other.json", shared("b", "b" * 32))
    os.utime(other, ns=(5, 5))
    assert other.stat().st_size == path.stat().st_size
    other.replace(path)
    assert not accepts(verifier, token("a", A))
    assert accepts(verifier, token("b", "b" * 32))


def test_public_keys_of_both_kinds(tmp_path: Path) -> None:
    path = put(tmp_path / "jwks.json", public("r", ONE), curved("e", CURVE), shared("s", A))
    assert accepts(of_file(path, "RS256"), token("r", ONE, "RS256"))
    assert accepts(of_file(path, "ES256"), token("e", CURVE, "ES256"))
    assert accepts(of_file(path, "HS256"), token("s", A))
    for algorithm in ("RS256", "ES256"):
        assert not accepts(of_file(path, algorithm), token("s", A))


@pytest.mark.parametrize(
    ("algorithm", "key", "other"),
    [
        ("HS256", A, shared("k", A, use="enc")),
        ("HS256", A, shared("k", A, alg="HS512")),
        ("RS256", ONE, public("k", ONE, use="enc")),
        ("RS256", ONE, public("k", ONE, alg="PS256")),
        ("ES256", CURVE, curved("k", CURVE, alg="ES384")),
        ("ES256", CURVE, curved("k", ec.generate_private_key(ec.SECP384R1()))),
        ("ES256", CURVE, {**curved("k", CURVE), "crv": "secp256k1"}),
    ],
)
def test_keys_for_something_else_are_passed_over(
    tmp_path: Path, algorithm: str, key: Any, other: Entry
) -> None:
    make: Mapping[str, Callable[[str], Entry]] = {
        "HS256": lambda kid: shared(kid, A, use="sig", alg="HS256"),
        "RS256": lambda kid: public(kid, ONE, use="sig", alg="RS256"),
        "ES256": lambda kid: curved(kid, CURVE, use="sig", alg="ES256"),
    }
    verifier = of_file(
        put(tmp_path / "jwks.json", other, make[algorithm]("sound"), {"kty": "wat"}), algorithm
    )
    assert accepts(verifier, token("sound", key, algorithm))
    assert accepts(verifier, token(None, key, algorithm))  # one key is left
    assert not accepts(verifier, token("k", key, algorithm))
    with pytest.raises(ConfigurationError, match=f"no key for {algorithm}"):
        of_file(put(tmp_path / "jwks.json", other), algorithm)


def test_a_token_without_a_key_id_needs_a_file_with_one_key(tmp_path: Path) -> None:
    path = put(tmp_path / "jwks.json", shared("a", A))
    verifier, nameless = of_file(path), token(None, A)
    assert accepts(verifier, nameless)
    for keys in ([shared("a", A), shared("b", B)], [shared(None, A), shared("b", B)]):
        put(path, *keys)
        assert not accepts(verifier, nameless)
    put(path, shared(None, A))
    assert accepts(verifier, nameless)
    assert not accepts(verifier, token("a", A))


PEM = ONE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([shared("a", "short" * 6)], "'a' is shorter than 32 bytes"),
        ([shared("a", A), shared("b", "")], "cannot be used"),
        ([shared("a", A), shared("a", B)], "two keys have the id 'a'"),
        ([shared(None, A), shared(None, B)], "two keys have no id"),
        ([{"kty": "oct", "kid": "a"}], "no value"),
        ([{"kty": "oct", "kid": "a", "k": 7}], "no value"),
        ([{"kty": "oct", "kid": "a", "k": part(PEM)}], "asymmetric"),
        ([{**shared("a", A), "kid": 7}], "not a string"),
        ([{**shared("a", A), "kid": ["a"]}], "not a string"),
        ([7, None, "key"], "no key for HS256"),
        ([], "no key for HS256"),
    ],
)
def test_a_broken_set_of_secrets_keeps_the_service_from_starting(
    tmp_path: Path, keys: list[Any], message: str
) -> None:
    path = put(tmp_path / "jwks.json", *keys)
    with pytest.raises(ConfigurationError, match=message) as refused:
        of_file(path)
    assert str(path) in refused.value.message
    assert part(A.encode()) not in refused.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": {}}', b"\xff\xfe", b"[" * 100_000, None])
def test_no_set_of_keys_keeps_the_service_from_starting(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "jwks.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        of_file(path)


def test_a_private_key_does_not_belong_into_the_file(tmp_path: Path) -> None:
    private = {**jwt.algorithms.RSAAlgorithm.to_jwk(ONE, as_dict=True), "kid": "one"}
    with pytest.raises(ConfigurationError, match="private"):
        of_file(put(tmp_path / "jwks.json", private), "RS256")


@pytest.mark.parametrize(
    "broken",
    [
        lambda path: path.write_text(path.read_text()[:40]),
        lambda path: path.unlink(),
        lambda path: put(path),
        lambda path: put(path, public("r", ONE)),
        lambda path: put(path, shared("b", B), shared("b", A)),
        lambda path: put(path, shared("b", B), shared("c", "short")),
    ],
)
def test_a_rotation_that_went_wrong_leaves_the_last_good_keys(
    tmp_path: Path, broken: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path / "jwks.json", shared("a", A))
    verifier = of_file(path)
    for _ in range(2):
        caplog.clear()
        broken(path)
        for _ in range(3):
            assert accepts(verifier, token("a", A))
            assert not accepts(verifier, token("b", B))
        (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
        assert str(path) in warning.getMessage()
        caplog.clear()
        put(path, shared("a", A), shared("d", B))  # mended
        assert accepts(verifier, token("d", B))
        assert not caplog.records


def test_a_secret_and_a_set_of_secrets_are_one_too_many(tmp_path: Path) -> None:
    path = put(tmp_path / "jwks.json", shared("a", A))
    with pytest.raises(ConfigurationError, match="unset one of them"):
        _ = Settings(jwt_secret=A, jwt_jwks=str(path)).auth
    for address in ("http://keys.example/jwks.json", "HTTPS://keys.example/jwks.json"):
        with pytest.raises(ConfigurationError, match="never fetched"):
            _ = Settings(jwt_jwks=address).auth


HOSTILE = ["", "../../../etc/passwd", "/dev/null", "a\x00", "a' OR '1'='1", "A", "\ud800", "x" * 10_000]


@pytest.mark.parametrize("kid", [*HOSTILE, 7, 1.5, True, None, ["a"], {"a": 1}])
def test_no_key_id_does_more_than_fail(tmp_path: Path, kid: object) -> None:
    verifier = of_file(put(tmp_path / "jwks.json", shared("a", A), shared("b", B)))
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(f"Bearer {with_header(kid=kid)}")
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    "text",
    [
        with_header(kid="a", padding="x" * MAX_TOKEN_CHARACTERS),
        with_header(kid="a", crit=["x" * 5_000]),
        with_header(kid="a", alg="none"),
        with_header(kid="a", alg=None),
        with_header(kid="a", alg=["HS256"]),
        f"{part(b'[' * 9_000)}.{part(b'{}')}.{part(b'')}",
        f"{part(b'7')}.{part(b'{}')}.{part(b'')}",
        "é.é.é",
        "..",
    ],
)
def test_no_token_does_more_than_fail(tmp_path: Path, text: str) -> None:
    for verifier in (
        of_file(put(tmp_path / "jwks.json", shared("a", A))),
        of_file(put(tmp_path / "public.json", public("a", ONE)), "RS256"),
        TokenVerifier(Settings(jwt_secret=A).auth),
    ):
        with pytest.raises(AuthError) as refused:
            verifier.verify(f"Bearer {text}")
        assert len(refused.value.message) < 300
