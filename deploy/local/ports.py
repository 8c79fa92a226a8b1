"""Ports: whether they are free, and who holds them."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import psutil

from bentos.common.errors import ConfigurationError


def require_distinct(wanted: Iterable[tuple[int, str, str]]) -> None:
    """Raise if a port is wanted twice; each wish is a port, what it is for, and the setting that changes it.

    Raises:
        ConfigurationError: The message names the port, both that want it, and the setting of the later one.
    """
    taken: dict[int, str] = {}
    for port, what, setting in wanted:
        if port in taken:
            raise ConfigurationError(
                f"Port {port} is wanted for {taken[port]} and for {what}: set {setting} to another."
            )
        taken[port] = what


def require_free(port: int, what: str, setting: str) -> None:
    """Raise unless nobody listens on a port of this machine.

    Raises:
        ConfigurationError: The message names the setting that changes the port, and the holder if it can be seen.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationError(
                f"Port {port}, wanted for {what}, is in use{_holder(port)}: set {setting} to another."
            ) from None


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and port in connection.laddr[1:] and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
