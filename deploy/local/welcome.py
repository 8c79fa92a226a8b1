"""What a person reads once the stack is ready."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.console import Console

from deploy.local.gateway import GATEWAY, VERIFIER
from deploy.local.stack import ROOT, Program
from deploy.nginx.settings import GatewaySettings

SAMPLE = "workbench/samples/group.jpg"
DETECTION = "face-detection-service"


def welcome(wanted: Sequence[Program], own: GatewaySettings, token: str, console: Console) -> None:
    """Addresses, and a curl line that works as it is."""
    by_name = {program.name: program for program in wanted if program.url and program.name != VERIFIER}
    console.print()
    for program in by_name.values():
        console.print(f"  {program.name:28} {program.url}", highlight=False)
    console.print("\nFind faces:\n", highlight=False)
    asked = ("-H", f"Authorization: Bearer {token}", "-F", f"image=@{ROOT / SAMPLE}")
    gateway = by_name.get(GATEWAY)
    where = _through(gateway, own) if gateway else (f"{by_name[DETECTION].url}/api/v1/detect",)
    line = shlex.join(("curl", "-s", *asked, *where))
    console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print()


def _through(gateway: Program, own: GatewaySettings) -> tuple[str, ...]:
    """To face detection through the gateway; a certificate that settings name is for the names that they give."""
    trusting = ("--cacert", str(gateway.certificate))
    if own.certificate is None or not own.server_names:
        return (*trusting, f"{gateway.url}/api/v1/face-detection/detect")
    name, port = own.server_names[0], gateway.port
    there = ("--resolve", f"{name}:{port}:127.0.0.1")
    return (*trusting, *there, f"https://{name}:{port}/api/v1/face-detection/detect")
