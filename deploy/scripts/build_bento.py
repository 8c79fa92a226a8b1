"""Build bentos from the one ``bentofile.yaml``: ``python -m deploy.scripts.build_bento [SERVICE…]``.

Each bento holds its service's models and exactly the packages that serving needs, pinned.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import bentoml
import yaml
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from bentos import __version__
from bentos.common.model_set import SETS, ModelSet, store_of
from bentos.common.settings import Settings
from bentos.common.spec import ServiceSpec
from deploy.local.services import TARGETS
from models.errors import FaceSocialError

ROOT = Path(__file__).parents[2]
PACKAGES = ("bentos", "models")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "networks", "*.onnx")


def build(
    service: str,
    settings: Settings,
    root: Path = ROOT,
    extra: str = "cpu",
    models: ModelSet = "published",
) -> bentoml.Bento:
    """Build one bento into BentoML's store.

    Args:
        service: Name in the contract.
        settings: Where the models come from.
        root: The checkout.
        extra: ``cpu`` or ``gpu``: which ONNX Runtime the bento installs.
        models: The set that the bento holds, and then runs unless it is told otherwise.

    Raises:
        ModelUnavailable: A model of the service cannot be had.
    """
    target = TARGETS[service]
    spec: ServiceSpec = importlib.import_module(target.partition(":")[0]).SPEC
    with _context(root) as context:
        store = store_of(settings)
        for task in (*spec.tasks.values(), *spec.beside):
            for card in SETS.cards(models, task):
                shutil.copyfile(store.resolve(card), context / "models" / "weights" / card.file_name)
        (context / "requirements.txt").write_text("\n".join(requirements(root, extra, *spec.extras)) + "\n")
        options = yaml.safe_load((root / "bentofile.yaml").read_text())
        bentofile = context / "bentofile.yaml"
        bentofile.write_text(yaml.safe_dump({**options, "service": target, "name": service}))
        return bentoml.bentos.build_bentofile(str(bentofile), version=_version(), build_ctx=str(context))


def requirements(root: Path, *extras: str) -> list[str]:
    """What serving needs, in the versions of ``constraints.txt``."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    pins = {canonicalize_name(Requirement(line).name): line for line in _lines(root / "constraints.txt")}
    return [_pinned(Requirement(line), pins) for line in wanted]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the named services, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(TARGETS))
    parser.add_argument("--extra", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--models", choices=("own", "published"), default="published")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.services) - set(TARGETS))
    if unknown:
        parser.error(f"no such service: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    try:
        for service in chosen.services or TARGETS:
            print(build(service, Settings(), extra=chosen.extra, models=chosen.models).tag, flush=True)
    except FaceSocialError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _context(root: Path) -> Iterator[Path]:
    """A folder with the packages of a bento and nothing else."""
    with tempfile.TemporaryDirectory(prefix="facesocial-bento-") as name:
        context = Path(name)
        for package in PACKAGES:
            shutil.copytree(root / package, context / package, ignore=LEFT_OUT)
        (context / "models" / "weights").mkdir(exist_ok=True)
        yield context


def _version() -> str:
    return __version__


def _lines(path: Path) -> list[str]:
    return [
        line for line in map(str.strip, path.read_text().splitlines()) if line and not line.startswith("#")
    ]


def _pinned(requirement: Requirement, pins: Mapping[NormalizedName, str]) -> str:
    pin = Requirement(pins[canonicalize_name(requirement.name)])
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{pin.specifier}"


if __name__ == "__main__":
    sys.exit(main())
