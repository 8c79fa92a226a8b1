"""``facesocial tenant``: what tenants want otherwise than the deployment.

What needs SQLAlchemy is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bentos.common.auth import Role
from bentos.common.settings import Settings
from deploy.local.opening import opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from bentos.common.tenants import TenantChoice

app = typer.Typer(help="Tenants, and how long what they enrol is kept.", no_args_is_help=True)


@app.command("list")
def list_tenants() -> None:
    """List the tenants and what holds for each."""
    from bentos.common.tenants import policies

    deployment = Settings().gallery
    with opened() as database, database.read() as session:
        found = policies(session)
    table = Table("tenant", "faces are kept", "pictures are kept")
    for one in found:
        kept = deployment.keep_images if one.keep_images is None else one.keep_images
        origin = " (as the deployment says)" if one.keep_images is None else ""
        table.add_row(Text(one.name), _kept_for(one.retention_days), f"{'yes' if kept else 'no'}{origin}")
    Console().print(table if found else "There is no tenant yet.")


@app.command("set")
def set_tenant(
    name: Annotated[str, typer.Argument(help="The claim `tenant` of its tokens.")],
    retention_days: Annotated[int | None, typer.Option(min=1, help="Erase faces that are older.")] = None,
    no_retention: Annotated[
        bool, typer.Option("--no-retention", help="Keep faces until somebody erases them.")
    ] = False,
    keep_images: Annotated[
        bool | None, typer.Option(help="Keep the pictures that faces were enrolled from.")
    ] = None,
) -> None:
    """Change what holds for a tenant; what is not named stays as it is."""
    from bentos.common.tenants import TenantChoice

    if no_retention and retention_days is not None:
        raise typer.BadParameter("--retention-days and --no-retention exclude each other")
    if not no_retention and retention_days is None and keep_images is None:
        raise typer.BadParameter("name what to change: --retention-days, --no-retention, --keep-images")
    same_days = retention_days is None and not no_retention
    with opened() as database, database.write() as session:
        known = _known(session, name)
        days = known.retention_days if same_days else retention_days
        keep = known.keep_images if keep_images is None else keep_images
        _change(session, TenantChoice(known.id, name, days, keep))
    print(f"{name}: faces are kept {_kept_for(days)}.")


def _known(session: Session, name: str) -> TenantChoice:
    from bentos.common.tenants import TenantChoice, policies

    known = {one.name: one for one in policies(session)}
    return known.get(name, TenantChoice("", name, None, None))


def _change(session: Session, chosen: TenantChoice) -> None:
    from bentos.common.audit.trail import Deed, append
    from bentos.common.tenants import set_policy

    wanted = {"retention_days": chosen.retention_days, "keep_images": chosen.keep_images}
    set_policy(session, chosen.name, retention_days=chosen.retention_days, keep_images=chosen.keep_images)
    deed = Deed("command line", Role.ADMIN, "tenant.set", {"tenant": chosen.name}, "", details=wanted)
    append(session, chosen.name, deed)


def _kept_for(days: int | None) -> str:
    return "until they are erased" if days is None else f"{days} days"
