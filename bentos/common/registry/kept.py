"""Bundles of a registry on this machine's disk: what is served when the registry does not answer."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bentos.common.model_set import Chosen
from models.catalogue.card import Task
from models.errors import FaceSocialError, ModelUnavailable
from models.runtime.bundle import CARDS, Bundle, read_bundle

CHAMPION_FILE = "champion.json"
OTHERS = 2
"""Versions that stay beside the champion: the one before it and its challenger."""
PART = ".part-"
ABANDONED_S = 3600.0
TRIES = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A version's bundle on disk, its digests checked."""

    number: str
    bundle: Bundle

    @property
    def chosen(self) -> Chosen:
        """The same in the words of who serves it."""
        return Chosen.of_bundle(self.bundle)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What served a task last; ``held`` is None where the registry had no champion and the catalogue served."""

    held: Held | None


class Kept:
    """``<folder>/<task>/<version>-<digest12>/`` for each bundle, and ``<task>/champion.json`` naming the last served.

    Several services of a machine may share a folder: what is there is complete, and nobody waits for anybody.

    Args:
        folder: Made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, task: Task, number: str, cards: bytes) -> Held | None:
        """The bundle of a version if it is here and whole; a damaged one is said in the log."""
        return self._read(task, _name(number, cards))

    def fill(self, task: Task, number: str, cards: bytes, download: Callable[[Path], None]) -> Held:
        """Keep a bundle that ``download`` writes into the folder it is given.

        Raises:
            ModelUnavailable: It is no bundle of this task, or a graph is not the one that its card names.
            OSError: It cannot be written.
            FaceSocialError: What ``download`` raises. Nothing is kept then.
        """
        name = _name(number, cards)
        place = self._folder / task.value / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with _part(place.parent) as part:
            download(part)
            _of_task(read_bundle(part), task)
            for _ in range(TRIES):
                if (held := self._read(task, name)) is not None:  # by now, or by another service
                    return held
                _move(part, place)
        raise OSError(errno.EACCES, "a damaged bundle lies there and cannot be replaced", str(place))

    def remember(self, task: Task, held: Held | None) -> None:
        """Note what serves the task now, and let go of what served long ago; a disk that does not is said."""
        folder = self._folder / task.value
        name = held.bundle.folder.name if held else None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _part(folder) as part:
                note = part / CHAMPION_FILE
                note.write_text(json.dumps({"folder": name}) + "\n", encoding="utf-8")
                note.replace(folder / CHAMPION_FILE)
            if held:
                os.utime(held.bundle.folder)
            _prune(folder, name)
        except OSError as error:  # what serves does so all the same
            logger.warning("%s cannot be written: the next start needs the registry: %r", folder, error)

    def champion(self, task: Task) -> Remembered | None:
        """What served last; None where nothing is known or what is known is damaged."""
        file = self._folder / task.value / CHAMPION_FILE
        try:
            name = json.loads(file.read_text(encoding="utf-8"))["folder"]
            if name is None:
                return Remembered(None)
            held = self._read(task, name) if isinstance(name, str) else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be used: %r", file, error)
            return None
        return Remembered(held) if held else None

    def _read(self, task: Task, name: str) -> Held | None:
        folder = self._folder / task.value / name
        if folder.name != name or not folder.is_dir():
            return None
        try:
            number = name.partition("-")[0]
            if name != _name(number, (folder / CARDS).read_bytes()):
                raise ModelUnavailable(f"{CARDS} in {name} has changed.")
            bundle = read_bundle(folder)
            _of_task(bundle, task)
        except (FaceSocialError, OSError) as error:
            logger.warning("A kept bundle of %s is damaged and is not used: %s", task.value, error)
            return None
        with suppress(OSError):
            os.utime(folder)
        return Held(number, bundle)


def _of_task(bundle: Bundle, task: Task) -> None:
    if bundle.task is not task:
        raise ModelUnavailable(f"The bundle answers {bundle.task.value} and is registered as {task.value}.")


def _name(number: str, cards: bytes) -> str:
    return f"{number}-{hashlib.sha256(cards).hexdigest()[:12]}"


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A folder that nobody takes for a bundle, gone at the end unless it was moved to its place."""
    path = Path(tempfile.mkdtemp(prefix=PART, dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _move(part: Path, place: Path) -> None:
    """Put a whole bundle in a place where no sound one lies."""
    aside = part.with_name(f"{part.name}-old")
    with suppress(FileNotFoundError):
        place.rename(aside)
    with suppress(OSError):  # where another service has put its own there: the caller looks
        part.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


def _prune(folder: Path, champion: str | None) -> None:
    """Remove all but the champion and the versions used last, and what a killed process left half written."""
    now = time.time()
    ages = {path: now - _used_at(path, now) for path in folder.iterdir() if path.is_dir()}
    bundles = [path for path in ages if not path.name.startswith(".") and path.name != champion]
    old = sorted(bundles, key=lambda path: ages[path])[OTHERS:]
    left = [path for path in ages if path.name.startswith(PART) and ages[path] > ABANDONED_S]
    for path in (*old, *left):
        shutil.rmtree(path, ignore_errors=True)


def _used_at(path: Path, now: float) -> float:
    """Seconds since the epoch; now, where another service has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return now
