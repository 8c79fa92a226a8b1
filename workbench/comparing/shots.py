"""Pictures of one trial, in memory, or where they lie already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.runs.entry import Entry, SourceUnreadable
from workbench.runs.pictures import digest_of, refusal_of

MOST_SHOTS = 5_000
MOST_BYTES = 512 * 1024**2
"""Of pictures that have to stay in memory."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture.

    Attributes:
        name: As its source calls it.
        digest: SHA-256 of its file.
        data: Its bytes; None where it lies in a folder of this machine.
        path: Where it lies.
    """

    name: str
    digest: str
    data: bytes | None = field(default=None, repr=False)
    path: str | None = None

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            OSError: It is not there any more, or another picture by now.
        """
        if self.data is not None:
            return self.data
        data = Path(self.path or "").read_bytes()
        if digest_of(data) != self.digest:
            raise OSError(f"{self.name} is another picture by now.")
        return data


@dataclass(frozen=True, slots=True)
class Shots:
    """What was taken out of a source.

    Attributes:
        shots: Pictures, each once, in the order of the source.
        skipped: Why the others were left out, by name.
    """

    shots: tuple[Shot, ...]
    skipped: dict[str, str]


def gather(entries: Iterable[Entry], *, once: bool = True) -> Shots:
    """Take pictures out of a source.

    Args:
        entries: Of the source.
        once: Whether a picture under a second name is left out.

    Raises:
        SourceUnreadable: The source cannot be read, or holds more than a session keeps.
    """
    shots, skipped, seen, held = list[Shot](), dict[str, str](), dict[str, str](), 0
    for entry in entries:
        reason = entry.reason if entry.data is None else refusal_of(entry.data)
        if reason or entry.data is None:
            skipped[entry.name] = reason
            continue
        digest = digest_of(entry.data)
        if once and digest in seen:
            skipped[entry.name] = f"The same picture as {seen[digest]}"
            continue
        seen.setdefault(digest, entry.name)
        kept = entry.data if entry.path is None else None
        held += len(kept or b"")
        shots.append(Shot(entry.name, digest, kept, entry.path))
        _check(len(shots), held)
    return Shots(tuple(shots), skipped)


def _check(count: int, held: int) -> None:
    if count > MOST_SHOTS:
        raise SourceUnreadable(f"These are more than {MOST_SHOTS:,} pictures; take fewer, or a batch run.")
    if held > MOST_BYTES:
        size = f"{MOST_BYTES >> 20} MB"
        raise SourceUnreadable(
            f"A session keeps {size} of pictures; take fewer, or a folder of this machine."
        )
