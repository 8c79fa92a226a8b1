"""Keys of each kind, sets of them, and tokens that they sign."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

A, B = "a" * 32, "b" * 48
ONE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TWO = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())

Entry = Mapping[str, Any]


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def shared(kid: str | None, secret: str, **more: object) -> dict[str, Any]:
    named = {"kid": kid} if kid is not None else {}
    return {"kty": "oct", "k": part(secret.encode()), **named, **more}


def public(kid: str, key: rsa.RSAPrivateKey, **more: object) -> dict[str, Any]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def curved(kid: str, key: ec.EllipticCurvePrivateKey, **more: object) -> dict[str, Any]:
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def put(path: Path, *keys: Entry) -> Path:
    """Replace the file as a deployment does, by another one."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"keys": keys}))
    return new.replace(path)


def token(kid: str | None, key: Any, algorithm: str = "HS256") -> str:
    claims = {"sub": "ann", "exp": time.time() + 7200}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid is not None else None)


def with_header(**header: object) -> str:
    """What a library refuses to make."""
    return f"{part({'alg': 'HS256', 'typ': 'JWT', **header})}.{part({'sub': 'ann', 'exp': 4e9})}.{part(b'x' * 32)}"
