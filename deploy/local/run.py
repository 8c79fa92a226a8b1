"""Bringing the stack up, taking it down, and saying how it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console

from bentos.common.errors import ConfigurationError
from bentos.common.model_set import model_set
from bentos.common.settings import ModelSource, Settings
from bentos.contracts import SERVICES
from deploy.local import gateway, video
from deploy.local.readiness import LIMIT_S, answers, client_for, wait_until_ready
from deploy.local.serving_set import SOURCE, decided, sentence
from deploy.local.stack import ROOT, WORKBENCH, Program, programs, require_ports, wants_own_secret
from deploy.local.state import StackRecord, StateFolder, rotate
from deploy.local.supervisor import Supervisor
from deploy.local.tokens import make_token
from deploy.local.welcome import welcome
from deploy.nginx.program import find_nginx
from deploy.nginx.settings import GatewaySettings

FACESOCIAL = (sys.executable, "-m", "deploy.local.cli")
STOP_LIMIT_S = 60.0


def up(
    settings: Settings, own: GatewaySettings, console: Console, workbench: bool = True, greet: bool = True
) -> int:
    """Run the stack in the foreground until it is stopped; ``greet`` prints addresses and a token once it is ready.

    Returns:
        0 after Ctrl-C or ``facesocial down``, 1 after a fault that was said.

    Raises:
        ConfigurationError: It runs already, a port is in use, or a setting is wrong.
    """
    settings = decided(settings)
    state, wanted, mark = prepare(settings, own, console, workbench)
    console.print(sentence(settings), highlight=False, soft_wrap=True)
    if model_set(settings) == "published" and not pulled(state):
        return 1
    supervisor = Supervisor(wanted, mark, console)
    state.write_token(make_token(with_secret(settings, state)))
    record(state, wanted, settings.model_source)
    late: list[Program] = []

    def beside(over: threading.Event) -> None:
        late.extend(wait_until_ready(wanted, console, over))
        if over.is_set():
            return
        if late:
            supervisor.stop()
        elif greet:
            welcome(wanted, own, make_token(with_secret(settings, state)), console)

    try:
        code = supervisor.run(beside)
    finally:
        state.clear()
    if code:
        explain(supervisor, late, console)
    return code


def pulled(state: StateFolder) -> bool:
    """Bring what is missing of the published set; in a process of its own, whose memory goes with it."""
    environment = {**os.environ, "FACESOCIAL_STATE_DIR": str(state.path)}
    command = [*FACESOCIAL, "models", "pull", "--served"]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


def prepare(
    settings: Settings, own: GatewaySettings, console: Console, workbench: bool
) -> tuple[StateFolder, list[Program], str]:
    """State folder, programs and their mark, after everything that can be checked was checked."""
    nginx = find_nginx(own)
    state = StateFolder(settings.state_dir)
    state.make()
    if running := state.running():
        raise ConfigurationError(
            f"The stack runs already (pid {running.pid}); `facesocial status` shows it, `facesocial down` stops it."
        )
    mark = uuid.uuid4().hex
    wanted = [*programs(settings, state, mark, workbench), video.program(settings, state, mark)]
    if nginx is not None:
        wanted += gateway.programs(settings, own, nginx, state, mark)
    require_ports(wanted)
    if nginx is not None:
        gateway.make_ready(settings, own, nginx)
    else:
        console.print(gateway.why_without(own), highlight=False)
    forget_readiness(wanted)
    return state, wanted, mark


def forget_readiness(wanted: Sequence[Program]) -> None:
    """Of programs that were killed and could not take it back."""
    for program in wanted:
        if isinstance(program.ready, Path):
            program.ready.unlink(missing_ok=True)


def record(state: StateFolder, wanted: Sequence[Program], models: ModelSource) -> None:
    """Say what this process runs."""
    urls = {program.name: program.url for program in wanted if program.url}
    services = {address.name: urls[address.name] for address in SERVICES}
    certificate = next((one.certificate for one in wanted if one.name == gateway.GATEWAY), None)
    front = {"url": urls[gateway.GATEWAY], "certificate": str(certificate)} if certificate else None
    state.write_record(services, urls.get(WORKBENCH), front, models)


def up_detached(settings: Settings, own: GatewaySettings, console: Console, arguments: Sequence[str]) -> int:
    """Start the same in a session of its own, wait until it is ready, and leave it running."""
    settings = decided(settings)
    state, wanted, _ = prepare(settings, own, console, "--no-workbench" not in arguments)
    rotate(state.log)
    command = [*FACESOCIAL, "up", "--no-greet", *arguments]
    with state.log.open("ab") as log:
        places = {
            "FACESOCIAL_STATE_DIR": str(state.path),
            "PYTHONPATH": str(ROOT),
            SOURCE: settings.model_source,
        }
        environment = {**os.environ, **places, **gateway.anchored(own)}
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    console.print(sentence(settings), highlight=False, soft_wrap=True)
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
    welcome(wanted, own, make_token(with_secret(settings, state)), console)
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
    with client_for() as client:
        services = {
            name: {"url": url, "ready": answers(f"{url}/readyz", client)}
            for name, url in record.services.items()
        }
    found: dict[str, object] = {"services": services, "models": {"set": record.models}}
    return found | _workbench(record) | _gateway(record)


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
    if wants_own_secret(settings):
        return settings.model_copy(update={"jwt_secret_file": state.secret})
    return settings


def _gateway(record: StackRecord) -> dict[str, object]:
    if record.gateway is None:
        return {}
    url, certificate = record.gateway["url"], record.gateway["certificate"]
    try:
        with client_for(Path(certificate)) as client:
            ready = answers(f"{url}/health", client)
    except OSError:  # somebody took the certificate away
        ready = False
    return {"gateway": {"url": url, "ready": ready, "certificate": certificate}}


def _workbench(record: StackRecord) -> dict[str, object]:
    return {"workbench": record.workbench} if record.workbench else {}
