"""Bearer tokens: who calls, for which tenant, in which role."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt

from bentos.common.errors import (
    Forbidden,
    InvalidToken,
    InvalidTokenFormat,
    MissingToken,
)
from bentos.common.keys import keys_of
from bentos.common.settings import AuthSettings

DEFAULT_TENANT = "default"
MAX_TOKEN_CHARACTERS = 16_384
"""No token of ours comes near; a larger one is not even taken apart."""
MAX_REASON = 200
"""Characters of a library's reason, which may repeat what the token says."""
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
        return self._keys.blocking

    def verify(self, header: str | None) -> Principal:
        """The caller.

        Raises:
            MissingToken: No header.
            InvalidTokenFormat: Not ``Bearer <token>``.
            InvalidToken: Forged, expired, for another audience, of another algorithm, without a subject.
            Forbidden: A role that this project does not know.
            DependencyUnavailable: The address of the keys does not answer, and none are at hand.
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
            raise InvalidToken(f"The token does not hold: {str(error)[:MAX_REASON]}.") from error


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
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken(f"The token is longer than {MAX_TOKEN_CHARACTERS:,} characters.")
    return token


def _role_of(claims: Mapping[str, Any]) -> Role:
    try:
        return Role(claims.get("role", Role.VIEWER))
    except ValueError:
        known = ", ".join(Role)
        raise Forbidden(f"The token's role is not one of {known}.", {"known": list(Role)}) from None
