"""Ports for a whole local stack."""

from __future__ import annotations

import random
import socket

from bentos.contracts import SERVICES
from deploy.nginx.profiles import HTTP_OFFSET, HTTPS_OFFSET, VERIFIER_OFFSET

OFFSETS = (*(service.port_offset for service in SERVICES), VERIFIER_OFFSET, HTTP_OFFSET, HTTPS_OFFSET)


def free_base() -> int:
    """A FACESOCIAL_PORT_BASE above which every port of a stack is free."""
    bases = list(range(20_000, 32_000, 97))  # below the ports that the system hands out by itself
    random.SystemRandom().shuffle(bases)  # two who look at once do not find the same one
    for base in bases:
        probes = [socket.socket() for _ in OFFSETS]
        try:
            for offset, probe in zip(OFFSETS, probes, strict=True):
                probe.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no base with free ports")
