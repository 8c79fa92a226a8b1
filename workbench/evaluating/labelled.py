"""A labelled set: pictures, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbench.comparing.shots import Shot, gather
from workbench.evaluating.folders import read_folders
from workbench.evaluating.manifest import FILE, read_manifest
from workbench.evaluating.truth import SetUnreadable, Truth
from workbench.runs.entry import Entry

TASKS: Mapping[str, str] = {
    "liveness": "liveness",
    "deepfake": "deepfake",
    "demographics": "demographics",
    "person": "embed",
    "pairs": "embed",
}
"""What is asked for each kind of set."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Pictures and cases.

    Attributes:
        title: What people call it.
        kind: A key of ``TASKS``.
        shots: Pictures that a case speaks of, each name once.
        truths: Cases whose pictures are there.
        skipped: Why pictures or cases were left out, by name.
    """

    title: str
    kind: str
    shots: tuple[Shot, ...]
    truths: tuple[Truth, ...]
    skipped: Mapping[str, str]

    @property
    def task(self) -> str:
        """What the services are asked."""
        return TASKS[self.kind]


def read_set(title: str, entries: Iterable[Entry]) -> LabelledSet:
    """Take a labelled set out of a source.

    Raises:
        SetUnreadable: It has no labels that can be read, or no picture of any case.
        SourceUnreadable: As the source does.
    """
    manifests = dict[str, bytes]()
    found = gather(_pictures(entries, manifests), once=False)
    by_name = {shot.name: shot for shot in found.shots}
    if manifests:
        place = min(manifests, key=lambda name: (len(PurePosixPath(name).parts), name))
        kind, truths = read_manifest(manifests[place], place.removesuffix(FILE))
    else:
        kind, truths = read_folders(list(by_name))
    kept, skipped = list[Truth](), dict[str, str]()
    for truth in truths:
        missing = [name for name in truth.names if name not in by_name]
        skipped |= {name: found.skipped.get(name, "Not there") for name in missing}
        if not missing:
            kept.append(truth)
    names = dict.fromkeys(name for truth in kept for name in truth.names)
    if not names:
        raise SetUnreadable("There is no picture of any case in it.")
    return LabelledSet(title, kind, tuple(by_name[name] for name in names), tuple(kept), skipped)


def _pictures(entries: Iterable[Entry], manifests: dict[str, bytes]) -> Iterator[Entry]:
    for entry in entries:
        if PurePosixPath(entry.name).name == FILE and entry.data is not None:
            manifests[entry.name] = entry.data
        else:
            yield entry
