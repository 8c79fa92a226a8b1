"""What the local stack consists of: programs, their environment, their addresses."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bentos.common.settings import Settings
from bentos.contracts import SERVICES
from deploy.local.ports import require_distinct, require_free
from deploy.local.services import TARGETS, serve_command
from deploy.local.serving_set import SOURCE
from deploy.local.state import StateFolder

ROOT = Path(__file__).parents[2]
WORKBENCH = "workbench"
MARK = "FACESOCIAL_STACK"
"""All processes of a stack inherit it; BentoML's workers leave their process group, this they keep."""
FEW_ARENAS = MappingProxyType({"MALLOC_ARENA_MAX": "2"})
"""Fewer arenas of the C library hold on to less memory."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the stack.

    Attributes:
        port: None where it listens to nobody.
        ready: Path that answers 200 once it is ready; without a port the file that is there then.
        setting: What changes its port.
        certificate: What it is known by, where it speaks HTTPS.
        beside: A second port, and what changes that one.
    """

    name: str
    command: tuple[str, ...]
    port: int | None
    ready: str | Path
    setting: str
    environment: Mapping[str, str]
    certificate: Path | None = None
    beside: tuple[int, str] | None = None

    @property
    def url(self) -> str | None:
        if self.port is None:
            return None
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    @property
    def ports(self) -> list[tuple[int, str, str]]:
        """Each port with what it is for and what changes it."""
        if self.port is None:
            return []
        first = (self.port, f"the {self.name}", self.setting)
        if self.beside is None:
            return [first]
        return [first, (self.beside[0], f"the {self.name}'s second address", self.beside[1])]


def programs(settings: Settings, state: StateFolder, mark: str, workbench: bool = True) -> list[Program]:
    """The five services and the workbench."""
    found = [_service(address.name, address.port_offset, settings, state, mark) for address in SERVICES]
    return [*found, _workbench(settings, state, mark)] if workbench else found


def require_ports(wanted: list[Program]) -> None:
    """Raise unless every program's port is free and wanted by that program alone.

    Raises:
        ConfigurationError: The message names the port, who else has or wants it, and the setting.
    """
    ports = [port for program in wanted for port in program.ports]
    require_distinct(ports)
    for port in ports:
        require_free(*port)


def _service(name: str, offset: int, settings: Settings, state: StateFolder, mark: str) -> Program:
    port = settings.port_base + offset
    own = {
        # A home for each: BentoML empties the folder of metrics that it finds there when it starts.
        "BENTOML_HOME": str(state.path / "bentoml" / name),
        "BENTOML_DO_NOT_TRACK": "1",
        **FEW_ARENAS,
    }
    environment = environment_of(settings, state, mark) | own
    command = tuple(serve_command(TARGETS[name], port))
    return Program(name, command, port, "/readyz", "FACESOCIAL_PORT_BASE", environment)


def _workbench(settings: Settings, state: StateFolder, mark: str) -> Program:
    port = settings.workbench_port
    options = ("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true")
    command = (sys.executable, "-m", "streamlit", "run", "workbench/app.py", *options)
    own = {"FACESOCIAL_WORKBENCH_TOKEN_FILE": str(state.token)}
    environment = environment_of(settings, state, mark) | own
    return Program(WORKBENCH, command, port, "/_stcore/health", "FACESOCIAL_WORKBENCH_PORT", environment)


def wants_own_secret(settings: Settings) -> bool:
    """Whether nobody said how tokens are signed: then by the secret that the state folder holds."""
    return settings.jwt_secret is None and settings.jwt_secret_file is None and settings.jwt_jwks is None


def environment_of(settings: Settings, state: StateFolder, mark: str) -> dict[str, str]:
    """What the programs of a stack inherit: the settings, the place of the secret, the mark."""
    own = {
        "FACESOCIAL_STATE_DIR": str(state.path),
        "FACESOCIAL_PORT_BASE": str(settings.port_base),
        SOURCE: settings.model_source,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        MARK: mark,
    }
    if wants_own_secret(settings):
        own["FACESOCIAL_JWT_SECRET_FILE"] = str(state.secret)
    return {**os.environ, **own}
