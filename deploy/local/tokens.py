"""Tokens for this machine's stack."""

from __future__ import annotations

import time

import jwt

from bentos.common.auth import Role
from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings

DAY_S = 24 * 3600


def make_token(
    settings: Settings, role: Role = Role.OPERATOR, tenant: str = "default", ttl_s: int = DAY_S
) -> str:
    """A token that the local services accept.

    Raises:
        ConfigurationError: Tokens are signed elsewhere (their keys are in a JWKS), or there is no secret.
    """
    auth = settings.auth
    if auth.secret is None or auth.algorithm != "HS256":
        raise ConfigurationError(
            "Tokens are signed elsewhere, with the keys of FACESOCIAL_JWT_JWKS; "
            "here they are signed with a secret alone (HS256, FACESOCIAL_JWT_SECRET_FILE)."
        )
    now = int(time.time())
    claims: dict[str, object] = {
        "sub": "local",
        "role": role.value,
        "tenant": tenant,
        "iat": now,
        "exp": now + ttl_s,
    }
    if auth.audience:
        claims["aud"] = auth.audience
    if auth.issuer:
        claims["iss"] = auth.issuer
    return jwt.encode(claims, auth.secret.get_secret_value(), algorithm="HS256")
