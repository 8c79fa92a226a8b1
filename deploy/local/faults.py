"""Settings that pydantic refuses, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from pydantic import ValidationError

from bentos.common.settings import PREFIX
from deploy.nginx.gateway import Gateway
from deploy.nginx.settings import PREFIX as GATEWAY_PREFIX
from deploy.nginx.settings import GatewaySettings

_STATE = f"{PREFIX}STATE_DIR"
OF_GATEWAY: Mapping[str, str] = MappingProxyType(
    {
        "": f"{GATEWAY_PREFIX}RESOLVER",
        "folder": _STATE,
        "pid": _STATE,
        "access_log": _STATE,
        "http_port": f"{PREFIX}PORT_BASE",
        "https_port": f"{PREFIX}PORT_BASE",
        "user": "(the account that runs this)",
    }
)
"""What of the environment a variable of the gateway's configuration comes from, where it has no setting of its name."""


def sentences(error: ValidationError) -> Iterator[str]:
    """A sentence for each setting that is wrong, by its name in the environment."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for fault in error.errors():
        place = fault["loc"]
        name, value = _name(error.title, place), f" (not {fault['input']!r})" if place else ""
        # A value may be refused several times, once for each kind that it could be.
        reasons.setdefault((name, value), []).append(fault["msg"].removeprefix("Value error, "))
    for (name, value), messages in reasons.items():
        yield f"setting {name}: {'; '.join(dict.fromkeys(messages))}{value}"
    if error.title == Gateway.__name__:
        yield f"{GATEWAY_PREFIX}NGINX=off runs the local stack without a gateway."


def _name(title: str, place: Sequence[int | str]) -> str:
    field = str(place[0]) if place else ""
    if title == Gateway.__name__:
        return OF_GATEWAY.get(field, f"{GATEWAY_PREFIX}{field.upper()}")
    if title == GatewaySettings.__name__:
        return f"{GATEWAY_PREFIX}{field.upper()}"
    return field
