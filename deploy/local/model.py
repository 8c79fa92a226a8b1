"""``facesocial model``: versions of models in the registry, and which of them serves.

What needs MLflow is imported by the command that needs it: ``facesocial up`` stays in memory as long as the stack.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bentos.common.errors import ConfigurationError
from bentos.common.settings import Settings
from deploy.local.opening import opened as opened_database
from deploy.local.state import StateFolder
from models.catalogue.card import Task

if TYPE_CHECKING:
    from deploy.local.promoting import Promoting
    from training_eval.registry.tracking import Store

app = typer.Typer(help="Versions of models in the MLflow registry, and which serves.", no_args_is_help=True)

ONE_TASK = Annotated[Task, typer.Argument(help="What the models answer.")]
ONE_VERSION = Annotated[str, typer.Argument(help="A number, or champion or challenger.")]
A_FILE = typer.Option(exists=True, dir_okay=False, readable=True)


@app.command("list")
def list_versions(
    task: Annotated[Task | None, typer.Argument(help="All tasks if not given.")] = None,
) -> None:
    """List what is registered, the newest first."""
    from deploy.local.model_tables import versions_table

    with _registry() as store:
        from training_eval.registry.versions import listed

        found = [version for one in ([task] if task else Task) for version in listed(store, one)]
    nothing = "Nothing is registered; `facesocial model register FOLDER` does it."
    Console().print(versions_table(found) if found else nothing)


@app.command()
def register(
    folder: Annotated[Path, typer.Argument(help="A bundle that training wrote: graphs and cards.json.")],
    run_parameters: Annotated[Path | None, A_FILE] = None,
    report: Annotated[Path | None, A_FILE] = None,
) -> None:
    """Register a bundle as the next version of its task; it serves nobody before it is promoted.

    --run-parameters is a JSON object of what the training was told, --report what an evaluation found.
    """
    from models.runtime.bundle import read_bundle

    bundle, parameters = read_bundle(folder), _object(run_parameters)
    with _registry() as store:
        from training_eval.registry.candidates import log_candidate
        from training_eval.registry.runs import RunFacts
        from training_eval.reports import read_report

        measured = None if report is None else read_report(report)
        version = log_candidate(store, bundle, RunFacts(parameters=parameters), report=measured)
    print(f"{bundle.task.value}: version {version.number}")


@app.command()
def evaluate(
    task: ONE_TASK,
    version: ONE_VERSION,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER", help="A set of data; those that FACESOCIAL_DATA_SETS names if none."
        ),
    ] = None,
) -> None:
    """Measure a version on sets of data, and keep the report with it."""
    with _registry() as store:
        from deploy.local.evaluating import evaluate_version, with_finder
        from deploy.local.model_tables import report_table
        from training_eval.registry.versions import find

        found = evaluate_version(
            store, find(store, task, version), data or [], with_finder(), Console(stderr=True)
        )
    Console().print(report_table(found))


@app.command()
def promote(
    task: ONE_TASK,
    version: ONE_VERSION,
    limits: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Other tolerances, as JSON.")
    ] = None,
) -> None:
    """Make a version the champion, if it is not worse than the one there on the same data; exit code 1 if it is."""
    with _promoting() as promoting:
        from training_eval.tolerances import Limits, read_limits

        wanted = Limits() if limits is None else read_limits(limits.read_text(encoding="utf-8"))
        made = promoting.promote(task, version, wanted)
    print(f"{task.value}: version {made.number} is the champion.")


@app.command()
def rollback(task: ONE_TASK) -> None:
    """Make the champion before this one the champion again."""
    with _promoting() as promoting:
        made = promoting.rollback(task)
    print(f"{task.value}: version {made.number} is the champion again.")


@app.command()
def challenge(
    task: ONE_TASK,
    version: Annotated[str | None, typer.Argument(help="A number.")] = None,
    nobody: Annotated[bool, typer.Option("--none", help="Let no version run beside the champion.")] = False,
) -> None:
    """Let a version run beside the champion on a sample of requests; its answers are compared and not given."""
    if nobody == (version is not None):
        raise typer.BadParameter("name a version, or --none")
    with _promoting() as promoting:
        made = promoting.challenge(task, version)
    print(
        f"{task.value}: {'no version' if made is None else f'version {made.number}'} challenges the champion."
    )


@app.command()
def show(task: ONE_TASK, version: ONE_VERSION) -> None:
    """Print a version's cards and what was measured of it."""
    from deploy.local.model_tables import card_text, report_table, versions_table

    console = Console()
    with _registry() as store, tempfile.TemporaryDirectory() as folder:
        from training_eval.registry.measured import reports_of
        from training_eval.registry.versions import fetch, find

        found = find(store, task, version)
        console.print(versions_table([found]))
        for card in fetch(store, found, Path(folder)).cards:
            console.print(card_text(card))
        for report in reports_of(store, found):
            console.print(report_table(report))


@contextmanager
def _registry() -> Iterator[Store]:
    try:
        from training_eval.registry.tracking import opened
        from training_eval.settings import TrainingSettings
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The registry of models needs the extra `train` ({error.name} is missing): "
            "`.venv/bin/python -m pip install -c constraints.txt -e '.[train]'` installs it."
        ) from error
    settings = TrainingSettings()
    StateFolder(settings.state_dir).make()
    with opened(settings, Console(stderr=True, highlight=False).print) as store:
        yield store


@contextmanager
def _promoting() -> Iterator[Promoting]:
    with _registry() as store, opened_database(Settings()) as database:
        from deploy.local.promoting import Promoting

        yield Promoting(store, database, Console())


def _object(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}", param_hint="--run-parameters") from error
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} holds no object", param_hint="--run-parameters")
    return found
