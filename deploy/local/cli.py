"""The console script ``facesocial``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from bentos.common.auth import Role
from bentos.common.settings import Settings
from deploy.local import audit, backups, database, gallery, model, run, tenants
from deploy.local.faults import sentences
from deploy.local.models import pull
from deploy.local.state import StateFolder
from deploy.local.tokens import DAY_S, make_token
from deploy.nginx import cli as gateway
from deploy.nginx.settings import GatewaySettings
from models.catalogue import CATALOGUE, DEFAULTS
from models.errors import FaceSocialError
from models.runtime.store import OWN_RECIPE, WeightStore

app = typer.Typer(
    help="FaceSocial AI on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models = typer.Typer(help="The models of the catalogue.", no_args_is_help=True)
app.add_typer(models, name="models")
app.add_typer(audit.app, name="audit")
app.add_typer(backups.app, name="backup")
app.add_typer(database.app, name="db")
app.add_typer(gallery.app, name="gallery")
app.add_typer(gateway.app, name="gateway")
app.add_typer(model.app, name="model")
app.add_typer(tenants.app, name="tenant")


@app.command()
def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running in the background.")
    ] = False,
    workbench: Annotated[bool, typer.Option(help="Start the workbench as well.")] = True,
    greet: Annotated[bool, typer.Option(help="Print addresses and a token once it is ready.")] = True,
) -> None:
    """Start the services, the workbench and, where NGINX is installed, the gateway."""
    arguments = [] if workbench else ["--no-workbench"]
    if detach:
        raise typer.Exit(run.up_detached(Settings(), GatewaySettings(), Console(), arguments))
    raise typer.Exit(run.up(Settings(), GatewaySettings(), Console(), workbench, greet))


@app.command()
def down() -> None:
    """Stop what `facesocial up` started."""
    print("Stopped." if run.down(Settings()) else "Nothing runs.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Say what runs, where, and whether it is ready."""
    found = run.status(Settings())
    if as_json:
        print(json.dumps(found, indent=2))
        return
    table = Table("service", "address", "ready")
    services = found["services"]
    assert isinstance(services, dict)
    for name, state in services.items():
        table.add_row(name, state["url"], "yes" if state["ready"] else "no")
    if isinstance(front := found.get("gateway"), dict):
        table.add_row("gateway", front["url"], "yes" if front["ready"] else "no")
    if "workbench" in found:
        table.add_row("workbench", str(found["workbench"]), "")
    if isinstance(running := found.get("models"), dict):
        table.add_row("models", running["set"], "")
    Console().print(table if table.row_count else "Nothing runs; `facesocial up` starts it.")


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What the token allows.")] = Role.OPERATOR,
    tenant: Annotated[str, typer.Option(help="Whose galleries it opens.")] = "default",
    ttl: Annotated[int, typer.Option(min=1, help="Seconds until it expires.")] = DAY_S,
) -> None:
    """Print a token for the local stack, and nothing else."""
    settings = Settings()
    state = StateFolder(settings.state_dir)
    state.make()
    print(make_token(run.with_secret(settings, state), role, tenant, ttl))


@models.command("list")
def list_models() -> None:
    """List the catalogue, and what of it lies on this machine."""
    settings = Settings()
    store = WeightStore(settings.store.cache)
    table = Table("model", "version", "task", "licence", "here")
    for card in CATALOGUE.values():
        here = "yes" if store.find(card) else "no"
        table.add_row(card.name, card.version, card.task.value, card.licence.code, here)
    Console().print(table)


@models.command("pull")
def pull_models(
    served: Annotated[bool, typer.Option("--served", help="Only those that the services run.")] = False,
) -> None:
    """Pull what is missing of the published models, from the mirror or the authors' addresses, and check it."""
    published = [name for name, card in CATALOGUE.items() if card.recipe != OWN_RECIPE]
    names = [name for group in DEFAULTS.values() for name in group] if served else published
    settings = Settings()
    if settings.store.cache.is_relative_to(settings.state_dir):
        StateFolder(settings.state_dir).make()
    fresh = pull([CATALOGUE[name] for name in names], settings, Console())
    print(f"{fresh} models pulled, {len(names) - fresh} were here.")


app.command()(database.usage)


def main() -> None:
    """Run a command; an expected error is one sentence and not a traceback."""
    try:
        app()
    except FaceSocialError as error:
        print(f"facesocial: {error.message}", file=sys.stderr)
        sys.exit(1)
    except ValidationError as error:
        for sentence in sentences(error):
            print(f"facesocial: {sentence}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
