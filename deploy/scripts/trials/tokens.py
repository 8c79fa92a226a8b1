"""The token of a trial run: an administrator's of a tenant that belongs to trials alone."""

from __future__ import annotations

import time
from pathlib import Path

import jwt

from bentos.common.errors import ConfigurationError

TENANT = "smoke"
TTL_S = 1800


def signed(secret_file: Path, audience: str | None = None, issuer: str | None = None) -> str:
    """A token for half an hour, of the tenant ``smoke``, signed with the deployment's secret (HS256).

    Raises:
        ConfigurationError: The secret cannot be read, or is none.
    """
    now = int(time.time())
    claims: dict[str, object] = {"sub": TENANT, "role": "admin", "tenant": TENANT}
    claims |= {"iat": now, "exp": now + TTL_S}
    claims |= {"aud": audience} if audience else {}
    claims |= {"iss": issuer} if issuer else {}
    try:
        return jwt.encode(claims, _read(secret_file), algorithm="HS256")
    except jwt.PyJWTError as error:
        raise ConfigurationError(f"{secret_file} holds no secret: {error}.") from error


def given(file: Path) -> str:
    """A token that somebody else signed, where it is of a tenant of trials.

    Raises:
        ConfigurationError: It cannot be read, or is of a tenant with people in it.
    """
    token = _read(file)
    try:
        # The services check the signature; here it is only looked at, so that no real tenant is written to.
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise ConfigurationError(f"{file} holds no token: {error}.") from error
    tenant, role = claims.get("tenant", "default"), claims.get("role")
    if not str(tenant).startswith(TENANT):
        raise ConfigurationError(
            f"The token is of the tenant {tenant}. Trials write a gallery: give a token of a tenant whose name begins "
            f"with {TENANT}."
        )
    if role != "admin":
        raise ConfigurationError(
            f"The token is a {role}'s. Trials erase their collection: the role admin is needed."
        )
    return token


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from error
