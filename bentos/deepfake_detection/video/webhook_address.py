"""Where a webhook may lead: to hosts that the configuration names, and never inside the deployment's own network."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bentos.common.errors import InvalidRequest
from bentos.deepfake_detection.settings import VideoSettings

if TYPE_CHECKING:
    import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Addresses of a name, as text; raises OSError where it has none."""

PORTS = {"https": 443, "http": 80}
FIRST_PORT = 1024
"""Below it only a scheme's own port: nobody may talk to mail or login services through us."""
CARRIERS = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
)
"""Of IPv6, ranges that carry an IPv4 address inside, which may be a private one: NAT64, 6to4, Teredo, compatible."""


class Refused(Exception):
    """A webhook that is not called, and why."""


def require_allowed(url: str, settings: VideoSettings) -> None:
    """Raise unless webhooks may go to ``url``, as far as can be told without resolving its host.

    Raises:
        InvalidRequest: The message says what is wrong with it.
    """
    try:
        allowed_url(url, settings)
    except Refused as refused:
        raise InvalidRequest(f"webhook_url {refused}.", {"field": "webhook_url"}) from None


def allowed_url(url: str, settings: VideoSettings) -> httpx.URL:
    """The address, taken apart as it will be when it is called.

    Raises:
        Refused: It may not be called.
    """
    import httpx  # a quarter of the worker's memory, and most workers never call anybody

    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Refused("is no address") from None
    schemes = ("https", "http") if settings.webhook_private else ("https",)
    if parsed.scheme not in schemes or not parsed.host:
        raise Refused(f"has to begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if (
        "@" in re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    ):  # also an empty one, which is not kept
        raise Refused("must not hold a user or a password")
    if parsed.fragment or "#" in url:
        raise Refused("must not have a fragment")
    if name_of(parsed) not in settings.webhook_hosts:
        raise Refused("leads to a host that is not among those that the configuration allows")
    if port_of(parsed) != PORTS[parsed.scheme] and not FIRST_PORT <= port_of(parsed) <= 65_535:
        raise Refused(f"has a port that is neither {PORTS[parsed.scheme]} nor from {FIRST_PORT} to 65535")
    return parsed


def name_of(url: httpx.URL) -> str:
    """The host in lower case, in ASCII (IDNA)."""
    return url.raw_host.decode("ascii").lower()


def port_of(url: httpx.URL) -> int:
    """The port, the scheme's own where none is named."""
    return PORTS[url.scheme] if url.port is None else url.port


def safe_address(host: str, port: int, private: bool, resolve: Resolve) -> str:
    """An address of a host to connect to; one private address among several refuses them all.

    Args:
        host: A name or an address.
        port: Of the service there.
        private: Whether any address will do.
        resolve: Says the addresses.

    Raises:
        Refused: It has none, or a private one.
    """
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        found = ()
    if not found:
        raise Refused("leads to a host that has no address")
    if not private and not all(is_public(text) for text in found):
        raise Refused("leads to a private address")
    return found[0]


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet."""
    address: Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return False  # a name has no reason to resolve to one, and it hides what it leads to
        if address.scope_id is not None or any(address in carrier for carrier in CARRIERS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))
