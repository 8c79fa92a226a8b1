"""Reading sets of keys (JWK sets, RFC 7517)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jwt

from bentos.common.settings import MIN_SECRET_BYTES

KEY_TYPES = MappingProxyType({"HS256": "oct", "RS256": "RSA", "ES256": "EC"})
ES256_CURVE = "P-256"

KeysById = Mapping[str | None, Any]

logger = logging.getLogger(__name__)


def key_id_of(token: str) -> str | None:
    """The id of the key that a token says it is signed with.

    Raises:
        jwt.PyJWTError: No token, or an id that is not a string.
    """
    kid: str | None = jwt.get_unverified_header(token).get("kid")  # which refuses what is no string
    return kid


def find_key(keys: KeysById, kid: str | None) -> Any:
    """The key of that id or None; a token may leave out the id where there is one key alone."""
    if kid is None:
        return next(iter(keys.values())) if len(keys) == 1 else None
    return keys.get(kid)


def chosen_key(keys: KeysById, kid: str | None) -> Any:
    """The key of that id.

    Raises:
        jwt.InvalidTokenError: There is none.
    """
    if (key := find_key(keys, kid)) is None:
        raise jwt.InvalidTokenError("unknown key id" if kid is not None else "it names no key (`kid`)")
    return key


def _fitting(jwks: object, algorithm: str) -> Iterator[dict[str, Any]]:
    """The entries of a JWK set (RFC 7517) that are meant for checking tokens of this algorithm."""
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it is no JWK set, an object with a list `keys`")
    for entry in entries:
        if (
            isinstance(entry, dict)
            and entry.get("kty") == KEY_TYPES[algorithm]
            and entry.get("use", "sig") == "sig"
            and entry.get("alg", algorithm) == algorithm
            and (algorithm != "ES256" or entry.get("crv") == ES256_CURVE)
        ):
            yield entry


def _read_key(entry: dict[str, Any], algorithm: str) -> tuple[str | None, Any]:
    kid = entry.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise ValueError("the id of a key is not a string")
    if algorithm == "HS256":
        return kid, _read_secret(entry, kid)
    if "d" in entry:
        raise ValueError(f"the key {kid!r} is a private one; only its public half belongs here")
    return kid, jwt.PyJWK(entry, algorithm).key


def _read_secret(entry: dict[str, Any], kid: str | None) -> bytes:
    if not isinstance(entry.get("k"), str):
        raise ValueError(f"the key {kid!r} has no value `k`")
    read = jwt.PyJWK(entry, "HS256")
    secret: bytes = read.Algorithm.prepare_key(read.key)  # refuses a public key's text
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"the key {kid!r} is shorter than {MIN_SECRET_BYTES} bytes")
    return secret


def all_keys(jwks: object, algorithm: str) -> KeysById:
    """All keys of a file that fit the algorithm; its owner is told what is wrong with one of them.

    Raises:
        ValueError, jwt.PyJWTError: No set, no fitting key, a broken one, or two with the same id.
    """
    keys: dict[str | None, Any] = {}
    for entry in _fitting(jwks, algorithm):
        kid, key = _read_key(entry, algorithm)
        if kid in keys:
            raise ValueError(f"two keys have the id {kid!r}" if kid else "two keys have no id")
        keys[kid] = key
    return _some(keys, algorithm)


def sound_keys(jwks: object, algorithm: str) -> KeysById:
    """The fitting keys of an address; what is broken there is passed over, as RFC 7517, section 5, asks.

    Raises:
        ValueError: No set, or no sound key that fits.
    """
    keys: dict[str | None, Any] = {}
    for entry in _fitting(jwks, algorithm):
        try:
            kid, key = _read_key(entry, algorithm)
        except (ValueError, jwt.PyJWTError) as error:
            logger.info("a key of the JWKS address is passed over: %s", error)
        else:
            keys.setdefault(kid, key)
    return _some(keys, algorithm)


def _some(keys: KeysById, algorithm: str) -> KeysById:
    if not keys:
        raise ValueError(f"it has no key for {algorithm}")
    return keys
