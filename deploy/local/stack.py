"""What the local stack consists of: programs, their environment, their addresses."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bentos.common.settings import Settings
from bentos.contracts import SERVICES
from deploy.local.ports import require_distinct, require_free
from deploy.local.services import TARGETS, serve_command
from deploy.local.state import StateFolder

ROOT = Path(__file__).parents[2]
WORKBENCH = "workbench"
MARK = "FACESOCIAL_STACK"
"""All processes of a stack inherit it; BentoML's workers leave their process group, this they keep."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the stack.

    Attributes:
        ready: Path that answers 200 once it is ready.
        setting: What changes its port.
    """

    name: str
    command: tuple[str, ...]
    port: int
    ready: str
    setting: str
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def programs(settings: Settings, state: StateFolder, mark: str, workbench: bool = True) -> list[Program]:
    """The five services and the workbench."""
    found = [_service(address.name, address.port_offset, settings, state, mark) for address in SERVICES]
    return [*found, _workbench(settings, state, mark)] if workbench else found


def require_ports(wanted: list[Program]) -> None:
    """Raise unless every program's port is free and wanted by that program alone.

    Raises:
        ConfigurationError: The message names the port, who else has or wants it, and the setting.
    """
    require_distinct([(program.port, f"the {program.name}", program.setting) for program in wanted])
    for program in wanted:
        require_free(program.port, f"the {program.name}", program.setting)


def _service(name: str, offset: int, settings: Settings, state: StateFolder, mark: str) -> Program:
    port = settings.port_base + offset
    own = {
        # A home for each: BentoML empties the folder of metrics that it finds there when it starts.
        "BENTOML_HOME": str(state.path / "bentoml" / name),
        "BENTOML_DO_NOT_TRACK": "1",
        # Fewer arenas of the C library hold on to less memory.
        "MALLOC_ARENA_MAX": "2",
    }
    environment = _environment(settings, state, mark) | own
    command = tuple(serve_command(TARGETS[name], port))
    return Program(name, command, port, "/readyz", "FACESOCIAL_PORT_BASE", environment)


def _workbench(settings: Settings, state: StateFolder, mark: str) -> Program:
    port = settings.workbench_port
    options = ("--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true")
    command = (sys.executable, "-m", "streamlit", "run", "workbench/app.py", *options)
    own = {"FACESOCIAL_WORKBENCH_TOKEN_FILE": str(state.token)}
    environment = _environment(settings, state, mark) | own
    return Program(WORKBENCH, command, port, "/_stcore/health", "FACESOCIAL_WORKBENCH_PORT", environment)


def _environment(settings: Settings, state: StateFolder, mark: str) -> dict[str, str]:
    own = {
        "FACESOCIAL_STATE_DIR": str(state.path),
        "FACESOCIAL_PORT_BASE": str(settings.port_base),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        MARK: mark,
    }
    if settings.jwt_secret is None and settings.jwt_secret_file is None:
        own["FACESOCIAL_JWT_SECRET_FILE"] = str(state.secret)
    return {**os.environ, **own}
