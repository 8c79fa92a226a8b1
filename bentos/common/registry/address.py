"""Where a registry is, and with what one may come to it."""

from __future__ import annotations

import ipaddress

import httpx
from pydantic import SecretStr

from bentos.common.errors import ConfigurationError
from bentos.common.settings import PREFIX


def base_of(address: str) -> httpx.URL:
    """The address as a folder, to which paths are added.

    Raises:
        ConfigurationError: It is not http or https.
    """
    try:
        url = httpx.URL(address.strip().rstrip("/") + "/")
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"{PREFIX}MLFLOW_URI is no address of an MLflow server: it begins with http:// or https://. "
            "Services follow a server; a file of a registry is for training alone."
        )
    return url.copy_with(query=None, fragment=None)


def shown(base: httpx.URL) -> str:
    """For people to read: without a user's name and password."""
    return str(base.copy_with(username=None, password=None)).rstrip("/")


def authorization(token: SecretStr | None) -> dict[str, str]:
    """The header that carries the token; none without one, or with an empty one.

    Raises:
        ConfigurationError: It is nothing that a header can carry.
    """
    value = token.get_secret_value().strip() if token else ""
    if not value:
        return {}
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(
            f"{PREFIX}MLFLOW_TOKEN is no token: it holds spaces, line ends or letters beyond ASCII."
        )
    return {"Authorization": f"Bearer {value}"}


def is_loopback(host: str) -> bool:
    """Whether it is this machine, which no proxy stands before."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
