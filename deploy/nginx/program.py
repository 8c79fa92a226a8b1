"""The NGINX of this machine: where it is, which version, what it says of a configuration."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bentos.common.errors import ConfigurationError
from deploy.nginx.gateway import Version
from deploy.nginx.settings import GatewaySettings

OFF = "off"
LIMIT_S = 30
VERSION = re.compile(r"nginx version: \S+/(\d+)\.(\d+)\.(\d+)")


def find_nginx(settings: GatewaySettings) -> Path | None:
    """The program that the settings name; None where it is switched off or, under its usual name, not installed.

    Raises:
        ConfigurationError: A program was named that is not there.
    """
    if settings.nginx == OFF:
        return None
    # Debian installs it where the search path of an ordinary user does not lead.
    found = shutil.which(settings.nginx) or shutil.which(settings.nginx, path="/usr/sbin:/usr/local/sbin")
    if found is None and settings.nginx != GatewaySettings.model_fields["nginx"].default:
        raise ConfigurationError(
            f"FACESOCIAL_GATEWAY_NGINX={settings.nginx} is not a program of this machine."
        )
    return Path(found) if found else None


def version_of(nginx: Path) -> Version:
    """Its version.

    Raises:
        ConfigurationError: It is not NGINX.
    """
    text = _run(nginx, "-v")[1]
    if (found := VERSION.search(text)) is None:
        raise ConfigurationError(f"{nginx} does not say that it is NGINX: {text.strip()[:200]!r}.")
    return int(found[1]), int(found[2]), int(found[3])


def test(nginx: Path, config: Path) -> None:
    """Let NGINX read a configuration as it would at its start.

    Raises:
        ConfigurationError: NGINX refuses it; the message ends with its words.
    """
    code, text = _run(nginx, "-t", "-q", "-c", str(config))
    if code:
        raise ConfigurationError(f"NGINX refuses {config}:\n{text.strip()}")


def _run(nginx: Path, *arguments: str) -> tuple[int, str]:
    try:
        done = subprocess.run([nginx, *arguments], capture_output=True, text=True, timeout=LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{nginx} cannot be run: {error}.") from error
    return done.returncode, done.stderr + done.stdout
