"""Whether backups are what they were when they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bentos.common.errors import ConfigurationError
from deploy.local.backup.files import on_disk
from deploy.local.backup.keys import Identity
from deploy.local.backup.manifest import Part, PartName
from deploy.local.backup.sealing import Nowhere, Sink, digest_of_file, unseal
from deploy.local.backup.shelf import Entry


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup, and what is wrong with it; ``opened`` where it was decrypted too."""

    id: str
    opened: bool
    faults: tuple[str, ...]


def check(entry: Entry, identities: Sequence[Identity] = ()) -> Checked:
    """Read every byte of a backup; with a private key also what is inside. Nothing is written anywhere."""
    try:
        parts = entry.whole().parts
    except ConfigurationError as error:
        return Checked(entry.id, False, (error.message,))
    faults = []
    for part in parts:
        try:
            require_intact(entry.path / part.file, part)
            if identities:
                _open(entry.path / part.file, part, identities, Nowhere())
        except ConfigurationError as error:
            faults.append(error.message)
    return Checked(entry.id, bool(identities), tuple(faults))


def decrypt(entry: Entry, identities: Sequence[Identity], into: Path) -> dict[PartName, Path]:
    """Every part in the clear, each a file of its own in ``into``; all were checked when this returns.

    Raises:
        ConfigurationError: A part is missing or damaged, is another backup's, or no key opens it.
        DependencyUnavailable: The disk is full.
    """
    parts = entry.whole().parts
    for part in parts:
        require_intact(entry.path / part.file, part)
    found: dict[PartName, Path] = {}
    for part in parts:
        found[part.name] = into / part.name
        with on_disk(), found[part.name].open("xb") as plain:
            _open(entry.path / part.file, part, identities, plain)
    return found


def require_intact(file: Path, part: Part) -> None:
    """Raise ConfigurationError unless a file is the one that the manifest names."""
    with on_disk():
        there = file.exists() and digest_of_file(file) == part.sha256
    if not there:
        raise ConfigurationError(f"{file.parent.name}: {file.name} is not the one that the manifest names.")


def _open(file: Path, part: Part, identities: Sequence[Identity], sink: Sink) -> None:
    found = unseal(file, sink, identities)
    if found.plain_sha256 != part.plain_sha256:
        raise ConfigurationError(f"{file.parent.name}: what is in {file.name} is not what was put into it.")
