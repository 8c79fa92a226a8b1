"""Bringing the stack up, taking it down, and saying how it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence

import httpx
import psutil
from rich.console import Console

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.readiness import LIMIT_S, answers, wait_until_ready
from deploy.local.stack import ROOT, WORKBENCH, Program, programs, require_ports
from deploy.local.state import StackRecord, StateFolder
from deploy.local.supervisor import Supervisor
from deploy.local.tokens import make_token

FACESOCIAL = (sys.executable, "-m", "deploy.local.cli")
SAMPLE = "workbench/samples/group.jpg"
STOP_LIMIT_S = 60.0
MAX_LOG_BYTES = 10_000_000


def up(settings: Settings, console: Console, workbench: bool = True, greet: bool = True) -> int:
    """Run the stack in the foreground until it is stopped; ``greet`` prints addresses and a token once it is ready.

    Returns:
        0 after Ctrl-C or ``facesocial down``, 1 after a fault that was said.

    Raises:
        ConfigurationError: It runs already, a port is in use, or a setting is wrong.
    """
    state, wanted, mark = prepare(settings, workbench)
    # In a process of its own: what building graphs takes in memory goes with it.
    environment = {**os.environ, "FACESOCIAL_STATE_DIR": str(state.path)}
    if subprocess.run([*FACESOCIAL, "models", "pull", "--served"], cwd=ROOT, env=environment).returncode:
        return 1
    supervisor = Supervisor(wanted, mark, console)
    state.write_token(make_token(with_secret(settings, state)))
    services = {program.name: program.url for program in wanted if program.name != WORKBENCH}
    state.write_record(services, next((one.url for one in wanted if one.name == WORKBENCH), None))
    late: list[Program] = []

    def beside(over: threading.Event) -> None:
        late.extend(wait_until_ready(wanted, console, over))
        if over.is_set():
            return
        if late:
            supervisor.stop()
        elif greet:
            welcome(settings, state, wanted, console)

    try:
        code = supervisor.run(beside)
    finally:
        state.clear()
    if code:
        explain(supervisor, late, console)
    return code


def prepare(settings: Settings, workbench: bool) -> tuple[StateFolder, list[Program], str]:
    """State folder, programs and their mark, after everything that can be checked was checked."""
    state = StateFolder(settings.state_dir)
    state.make()
    if running := state.running():
        raise ConfigurationError(
            f"The stack runs already (pid {running.pid}); `facesocial status` shows it, `facesocial down` stops it."
        )
    mark = uuid.uuid4().hex
    wanted = programs(settings, state, mark, workbench)
    require_ports(wanted)
    return state, wanted, mark


def up_detached(settings: Settings, console: Console, arguments: Sequence[str]) -> int:
    """Start the same in a session of its own, wait until it is ready, and leave it running."""
    state, wanted, _ = prepare(settings, "--no-workbench" not in arguments)
    if state.log.exists() and state.log.stat().st_size > MAX_LOG_BYTES:
        state.log.replace(state.log.with_suffix(".old.log"))
    command = [*FACESOCIAL, "up", "--no-greet", *arguments]
    with state.log.open("ab") as log:
        environment = {**os.environ, "FACESOCIAL_STATE_DIR": str(state.path), "PYTHONPATH": str(ROOT)}
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    over = threading.Event()

    def watch() -> None:
        child.wait()
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    if wait_until_ready(wanted, console, over):
        child.terminate()
        console.print(f"The stack did not start; the end of {state.log}:", style="red")
        console.print(tail(state, 15), highlight=False, markup=False)
        return 1
    welcome(settings, state, wanted, console)
    console.print(f"Its output is in {state.log}; `facesocial down` stops it.", highlight=False)
    return 0


def down(settings: Settings) -> bool:
    """Stop the stack that runs; False when none does.

    Raises:
        ConfigurationError: It does not end within the limit.
    """
    state = StateFolder(settings.state_dir)
    record = state.running()
    if record is None:
        return False
    try:
        process = psutil.Process(record.pid)
        process.terminate()
        process.wait(STOP_LIMIT_S)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        raise ConfigurationError(
            f"The stack (pid {record.pid}) does not end; look into {state.log}."
        ) from None
    return True


def status(settings: Settings) -> dict[str, object]:
    """What runs, as the contract's JSON; absent where it does not run."""
    record = StateFolder(settings.state_dir).running()
    if record is None:
        return {"services": {}}
    with httpx.Client(timeout=5, trust_env=False) as client:
        services = {
            name: {"url": url, "ready": answers(f"{url}/readyz", client)}
            for name, url in record.services.items()
        }
    found: dict[str, object] = {"services": services}
    return found | _workbench(record)


def welcome(settings: Settings, state: StateFolder, wanted: Sequence[Program], console: Console) -> None:
    """Addresses, and a curl line that works as it is."""
    token = make_token(with_secret(settings, state))
    console.print()
    for program in wanted:
        console.print(f"  {program.name:28} {program.url}", highlight=False)
    (detection,) = (program for program in wanted if program.name == "face-detection-service")
    console.print("\nFind faces:\n", highlight=False)
    line = (
        f'curl -s -H "Authorization: Bearer {token}" -F image=@{ROOT / SAMPLE} {detection.url}/api/v1/detect'
    )
    console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print()


def explain(supervisor: Supervisor, late: Sequence[Program], console: Console) -> None:
    """Why the stack came to an end."""
    if late:
        names = ", ".join(program.name for program in late)
        console.print(f"Not ready within {LIMIT_S:.0f} s: {names}. Its lines above say why.", style="red")
    elif ended := supervisor.first_to_end():
        name, lines = ended
        console.print(f"{name} ended by itself; everything else was stopped. Its last lines:", style="red")
        console.print("\n".join(lines[-10:]), highlight=False, markup=False)


def tail(state: StateFolder, lines: int) -> str:
    """The end of the stack's output."""
    return "\n".join(state.log.read_text(errors="replace").splitlines()[-lines:])


def with_secret(settings: Settings, state: StateFolder) -> Settings:
    """The settings with the secret that the state folder holds, unless another is set."""
    if settings.jwt_secret is None and settings.jwt_secret_file is None:
        return settings.model_copy(update={"jwt_secret_file": state.secret})
    return settings


def _workbench(record: StackRecord) -> dict[str, object]:
    return {"workbench": record.workbench} if record.workbench else {}
