"""The gateway of the local stack: NGINX, and the verifier of tokens that it asks."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.stack import FEW_ARENAS, Program, environment_of
from deploy.local.state import FOLDER_OWNER_ONLY, StateFolder, rotate
from deploy.nginx.profiles import LOCAL_NAMES, LocalPaths, Profile, gateway_for, ports_of
from deploy.nginx.program import OFF, version_of
from deploy.nginx.program import test as let_nginx_read
from deploy.nginx.settings import PREFIX, GatewaySettings

GATEWAY, VERIFIER = "gateway", "token-verifier"
WITHOUT = f"{PREFIX}NGINX=off to run without it, or "
INHERITED = ("PATH", "TZ")
"""All that NGINX gets of the environment: it needs no secret, and it writes its title over the stack's mark.

It is ended by its process group, which its workers never leave.
"""


def programs(
    settings: Settings, own: GatewaySettings, nginx: Path, state: StateFolder, mark: str
) -> list[Program]:
    """The verifier and NGINX."""
    environment, ports = environment_of(settings, state, mark), ports_of(settings, own)
    paths = LocalPaths(state.path)
    certificate = (own.certificate or paths.certificate).absolute()
    verify = (sys.executable, "-m", "deploy.nginx.verifier", "--host", "127.0.0.1")
    verifier = Program(
        VERIFIER,
        (*verify, "--port", str(ports["verifier"]), "--certificate", str(certificate)),
        ports["verifier"],
        "/health",
        f"{WITHOUT}FACESOCIAL_PORT_BASE",
        environment | FEW_ARENAS,
    )
    gateway = Program(
        GATEWAY,
        (str(nginx.absolute()), "-e", "stderr", "-c", str(paths.config), "-g", "daemon off;"),
        ports["https"],
        "/health",
        f"{WITHOUT}{PREFIX}HTTPS_PORT",
        {name: environment[name] for name in INHERITED if name in environment},
        certificate=certificate,
        beside=(ports["http"], f"{WITHOUT}{PREFIX}HTTP_PORT"),
    )
    return [verifier, gateway]


def why_without(own: GatewaySettings) -> str:
    """Why the stack runs without a gateway where ``find_nginx`` finds none."""
    if own.nginx == OFF:
        return f"The gateway is left out: {PREFIX}NGINX=off."
    return "The gateway is left out: nginx is not installed (Debian and Ubuntu: `apt install nginx`)."


def make_ready(settings: Settings, own: GatewaySettings, nginx: Path) -> None:
    """Folder, certificate and configuration, as NGINX accepts them.

    It happens in a process of its own: what rendering takes in memory goes with it, and does not stay with the stack.

    Raises:
        ConfigurationError: NGINX is too old or refuses them, or a file cannot be read or written.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as aside:
        aside.submit(_make, settings, own, nginx).result()


def anchored(own: GatewaySettings) -> dict[str, str]:
    """The settings that are paths, absolute, for a process that is started in another folder."""
    found = {"CERTIFICATE": own.certificate, "CERTIFICATE_KEY": own.certificate_key}
    if os.sep in own.nginx:
        found["NGINX"] = Path(own.nginx)
    return {f"{PREFIX}{name}": str(path.absolute()) for name, path in found.items() if path is not None}


def _make(settings: Settings, own: GatewaySettings, nginx: Path) -> None:
    from deploy.nginx.certificate import ensure_certificate
    from deploy.nginx.check import names_certificate, require_recent
    from deploy.nginx.files import write_whole
    from deploy.nginx.render import render

    version = version_of(nginx)
    require_recent(nginx, version)
    gateway = gateway_for(Profile.LOCAL, settings, own, version)
    paths = LocalPaths(settings.state_dir)
    try:
        paths.folder.mkdir(mode=FOLDER_OWNER_ONLY, exist_ok=True)
        rotate(paths.access_log)
        if not names_certificate(own):
            names = dict.fromkeys((*gateway.server_names, *LOCAL_NAMES))
            ensure_certificate(paths.certificate, paths.key, list(names))
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be written: {error.strerror}.") from error
    write_whole(paths.config, render(gateway))
    let_nginx_read(nginx, paths.config)
