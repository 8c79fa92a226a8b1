"""Bearer tokens: who calls, for which tenant, in which role."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import jwt

from bentos.common.errors import (
    ConfigurationError,
    DependencyUnavailable,
    Forbidden,
    InvalidToken,
    InvalidTokenFormat,
    MissingToken,
)
from bentos.common.settings import AuthSettings

DEFAULT_TENANT = "default"
JWKS_LIFESPAN_S = 300
KNOWN_TOKENS = 1024
"""Callers send the same token again and again; so many are remembered until they expire."""


class Role(StrEnum):
    """What a caller may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the token says."""

    subject: str
    role: Role
    tenant: str

    def require(self, needed: Role) -> None:
        """Raise Forbidden unless the role covers ``needed``."""
        if not self.role.covers(needed):
            raise Forbidden(f"This needs the role {needed}; the token says {self.role}.", {"needed": needed})


class Keys(Protocol):
    """Finds the key that a token must be signed with.

    Attributes:
        fixed: Whether a token that was signed well once is so for ever.
    """

    fixed: bool

    def key_for(self, token: str) -> Any: ...


class SharedSecret:
    """HS256: one secret for all tokens."""

    fixed = True

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def key_for(self, token: str) -> str:
        return self._secret


class JwksFile:
    """RS256 or ES256: public keys from a file, read again when it changes."""

    fixed = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1.0
        self._keys: dict[str | None, Any] = {}
        self._reload()

    def key_for(self, token: str) -> Any:
        self._reload()
        kid = jwt.get_unverified_header(token).get("kid")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise jwt.InvalidTokenError("unknown key id")
        return self._keys[kid]

    def _reload(self) -> None:
        try:
            stamp = self._path.stat().st_mtime
            if stamp != self._stamp:
                keys = jwt.PyJWKSet.from_dict(json.loads(self._path.read_text())).keys
                self._keys, self._stamp = {key.key_id: key.key for key in keys}, stamp
        except (OSError, ValueError, jwt.PyJWTError) as error:
            if not self._keys:
                raise ConfigurationError(f"The JWKS file {self._path} cannot be used: {error}.") from error


class JwksAddress:
    """RS256 or ES256: public keys from an address, cached, fetched again for an unknown key id."""

    fixed = False

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = jwt.PyJWKClient(address, cache_keys=True, lifespan=JWKS_LIFESPAN_S, timeout=5)

    def key_for(self, token: str) -> Any:
        try:
            return self._client.get_signing_key_from_jwt(token).key
        except jwt.PyJWKClientConnectionError as error:
            raise DependencyUnavailable(f"The JWKS address {self._address} does not answer.") from error


def keys_of(settings: AuthSettings) -> Keys:
    """The keys that the settings name."""
    if settings.secret is not None and settings.algorithm == "HS256":
        return SharedSecret(settings.secret.get_secret_value())
    assert settings.jwks is not None
    if settings.jwks.startswith(("http://", "https://")):
        return JwksAddress(settings.jwks)
    return JwksFile(Path(settings.jwks))


class TokenVerifier:
    """Turns an Authorization header into a Principal.

    The algorithm comes from the settings and never from the token, so neither ``alg: none`` nor a public key
    used as an HMAC secret gets through (RFC 8725, sections 2.1 and 3.1).
    """

    def __init__(self, settings: AuthSettings) -> None:
        self._settings = settings
        self._keys = keys_of(settings)
        self._known: dict[str, tuple[Principal, float]] = {}

    @property
    def blocking(self) -> bool:
        """Whether a check may wait for the network and belongs in a thread."""
        return isinstance(self._keys, JwksAddress)

    def verify(self, header: str | None) -> Principal:
        """The caller.

        Raises:
            MissingToken: No header.
            InvalidTokenFormat: Not ``Bearer <token>``.
            InvalidToken: Forged, expired, for another audience, of another algorithm, without a subject.
            Forbidden: A role that this project does not know.
        """
        token = _token_of(header)
        principal, expires = self._known.get(token, (None, 0.0))
        if principal is None or time.time() >= expires:
            claims = self._claims(token)
            principal = _principal_of(claims)
            self._remember(token, principal, claims)
        return principal

    def _remember(self, token: str, principal: Principal, claims: Mapping[str, Any]) -> None:
        if self._keys.fixed:
            if len(self._known) >= KNOWN_TOKENS:
                self._known.clear()
            self._known[token] = principal, int(claims["exp"]) + self._settings.leeway_s

    def _claims(self, token: str) -> Mapping[str, Any]:
        settings = self._settings
        required = ["exp"] + (["aud"] if settings.audience else []) + (["iss"] if settings.issuer else [])
        options: Any = {"require": required, "verify_aud": settings.audience is not None}
        try:
            return jwt.decode(
                token,
                self._keys.key_for(token),
                algorithms=[settings.algorithm],
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway_s,
                options=options,
            )
        except jwt.ExpiredSignatureError as error:
            raise InvalidToken("The token has expired; get a new one.") from error
        except jwt.PyJWTError as error:
            raise InvalidToken(f"The token does not hold: {error}.") from error


def _principal_of(claims: Mapping[str, Any]) -> Principal:
    subject = claims.get("sub") or claims.get("user_id")
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str):
        raise InvalidToken("The token names nobody: it needs the claim `sub`.")
    tenant = claims.get("tenant", DEFAULT_TENANT)
    if not isinstance(tenant, str) or not tenant:
        raise InvalidToken("The token's claim `tenant` is not a name.")
    return Principal(subject=subject, role=_role_of(claims), tenant=tenant)


def _token_of(header: str | None) -> str:
    if not header:
        raise MissingToken(
            "No token: send `Authorization: Bearer <token>`; locally `facesocial token` prints one."
        )
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or token.count(".") != 2 or any(c.isspace() for c in token):
        raise InvalidTokenFormat("The Authorization header is not `Bearer <token>` with a JSON Web Token.")
    return token


def _role_of(claims: Mapping[str, Any]) -> Role:
    try:
        return Role(claims.get("role", Role.VIEWER))
    except ValueError:
        known = ", ".join(Role)
        raise Forbidden(f"The token's role is not one of {known}.", {"known": list(Role)}) from None
