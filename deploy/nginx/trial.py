"""A copy of a configuration that the NGINX of this machine can read, for whatever place it is."""

from __future__ import annotations

import getpass
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bentos.common.errors import ConfigurationError
from deploy.nginx import program
from deploy.nginx.certificate import ensure_certificate
from deploy.nginx.files import write_whole
from deploy.nginx.gateway import RESOLVE_IN_UPSTREAM, Gateway, Version
from deploy.nginx.profiles import Profile
from deploy.nginx.render import render
from deploy.nginx.settings import PREFIX

HERE = "127.0.0.1"


def copy_of(gateway: Gateway, profile: Profile, folder: Path, version: Version, certificate: bool) -> Gateway:
    """The same with files in ``folder`` and, where it is for another machine, with names that resolve here.

    ``version`` is that of the NGINX that will read it; unless the ``certificate`` that it names can be read here, one
    in ``folder`` takes its place.
    """
    changed: dict[str, Any] = {
        "folder": str(folder),
        "pid": str(folder / "nginx.pid"),
        "access_log": str(folder / "access.log"),
        "version": version,
    }
    if not certificate:
        changed |= {"certificate": str(folder / "tls.crt"), "certificate_key": str(folder / "tls.key")}
    if profile is not Profile.LOCAL:
        changed |= {
            "upstreams": {service: (f"{HERE}:9",) * len(at) for service, at in gateway.upstreams.items()},
            "verifier": f"{HERE}:9",
            "resolver": HERE if gateway.resolver and version >= RESOLVE_IN_UPSTREAM else None,
            # What needs no root: NGINX opens its ports even when it only reads.
            "listen": HERE,
            "http_port": 8080,
            "https_port": 8443,
            "user": getpass.getuser() if os.geteuid() == 0 else None,
        }
    return gateway.model_copy(update=changed)


def try_out(profile: Profile, gateway: Gateway, nginx: Path, version: Version, certificate: bool) -> None:
    """Let NGINX read the copy.

    Raises:
        ConfigurationError: It refuses it; the message holds its words.
    """
    with tempfile.TemporaryDirectory(prefix="facesocial-gateway-") as name:
        folder = Path(name).resolve()
        copy = copy_of(gateway, profile, folder, version, certificate)
        if not certificate:
            ensure_certificate(folder / "tls.crt", folder / "tls.key", gateway.server_names)
        config = folder / "nginx.conf"
        write_whole(config, render(copy))
        try:
            program.test(nginx, config)
        except ConfigurationError as error:
            said = error.message.replace(f"nginx: configuration file {config} test failed", "")
            raise ConfigurationError(
                f"{said.replace(str(config), 'the configuration').strip()}\n"
                f"`facesocial gateway render --for {profile.value}` prints it; its values come from {PREFIX}*."
            ) from error


def not_tried(profile: Profile, gateway: Gateway, version: Version, certificate: bool) -> Iterator[str]:
    """How the copy differs from what will run."""
    if profile is Profile.LOCAL:
        return
    if not certificate:
        yield "that NGINX can read the certificate: it was given a throw-away one"
    yield "names of services and of the verifier: they stood for 127.0.0.1"
    yield "ports, accounts and folders of the container"
    if version != gateway.version:
        yield f"what NGINX {'.'.join(map(str, gateway.version))} reads otherwise, the resolver included"
