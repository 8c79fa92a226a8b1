"""``facesocial gateway``: showing and checking the configuration of NGINX.

What renders and what reads certificates is imported by the command that needs it: ``facesocial up`` stays in memory as
long as the stack.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bentos.common.settings import Settings
from deploy.nginx.gateway import DEBIAN_12
from deploy.nginx.profiles import Profile, gateway_for
from deploy.nginx.program import find_nginx, version_of
from deploy.nginx.settings import GatewaySettings

app = typer.Typer(help="The gateway: NGINX in front of the services.", no_args_is_help=True)
Place = Annotated[Profile, typer.Option("--for", help="Where it runs.")]


@app.command()
def render(
    profile: Place = Profile.LOCAL,
    out: Annotated[Path | None, typer.Option(help="A file to write instead of printing.")] = None,
) -> None:
    """Print the configuration of NGINX."""
    from deploy.nginx.files import write_whole
    from deploy.nginx.render import render as text_of

    own = GatewaySettings()
    nginx = find_nginx(own)
    version = version_of(nginx) if nginx else DEBIAN_12
    text = text_of(gateway_for(profile, Settings(), own, version))
    if out is None:
        sys.stdout.write(text)
    else:
        write_whole(out, text)


@app.command()
def check(profile: Place = Profile.LOCAL) -> None:
    """Say what would keep the gateway from starting, and what is unwise; exit code 1 if it cannot start."""
    from deploy.nginx import check as checks

    own = GatewaySettings()
    report = checks.check(profile, Settings(), own, find_nginx(own))
    for what in report.checked:
        print(f"checked: {what}")
    for what in report.unchecked:
        print(f"not checked: {what}")
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for fault in report.faults:
        print(f"facesocial: {fault}", file=sys.stderr)
    if report.faults:
        raise typer.Exit(1)
