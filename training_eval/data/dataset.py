"""A set of samples: streamed from its own files, in a fixed order, as often as wanted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np

from models.catalogue.card import Task
from training_eval.data.samples import Sample
from training_eval.errors import DataMissing

T_co = TypeVar("T_co", bound=Sample, covariant=True)
S = TypeVar("S", bound=Sample)
Progress = Callable[[int, int], None]
"""Told after each sample: samples so far, bytes read so far."""


def no_notes() -> Sequence[str]:
    return ()


class DataSet(Generic[T_co]):
    """Labelled samples of one task.

    Iterating reads lists and names of files, no pictures, and begins anew each time. Faults of a list are found where
    the iteration meets them.

    Args:
        name: As reports and the gate call it.
        task: What its labels are about.
        kind: The class of its samples.
        root: Folder that all its files lie in.
        read: Begins the stream.
        notes: What a reader of figures on this set has to know, such as what was left out; asked when needed.

    Raises:
        DataMissing: While iterating: a listed file is missing, a line is malformed, a path leaves the folder, or
            there is not one sample. The message names file and line.
    """

    def __init__(
        self,
        *,
        name: str,
        task: Task,
        kind: type[T_co],
        root: Path,
        read: Callable[[], Iterator[T_co]],
        notes: Callable[[], Sequence[str]] = no_notes,
    ) -> None:
        self.name = name
        self.task = task
        self.root = root
        self._kind = kind
        self._read = read
        self._notes = notes
        self._length: int | None = None

    @property
    def kind(self) -> type[object]:
        """The class of the samples."""
        return self._kind

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of figures on this set has to know."""
        return tuple(self._notes())

    def __iter__(self) -> Iterator[T_co]:
        count = 0
        for sample in self._read():
            count += 1
            yield sample
        if not count:
            raise DataMissing(f"{self.name}: there is not one sample in {self.root}.")
        self._length = count

    def __len__(self) -> int:
        """Samples, counted by a pass over the lists where none has been through them yet."""
        return sum(1 for _ in self) if self._length is None else self._length

    def of(self, kind: type[S]) -> DataSet[S]:
        """The same set, known to hold samples of that class.

        Raises:
            DataMissing: It holds others.
        """
        if not issubclass(self._kind, kind):
            raise DataMissing(f"{self.name} holds samples of {self._kind.__name__}, not of {kind.__name__}.")
        return cast(DataSet[S], self)

    def digest(self, progress: Progress | None = None) -> str:
        """SHA-256 in hexadecimal over labels, names relative to ``root`` and contents of files, in order.

        Two copies of a set in different folders have the same digest. A file that several samples name is read once;
        nothing is kept.

        Raises:
            DataMissing: As iterating, and where a file cannot be read.
        """
        total, seen, size = hashlib.sha256(self._kind.__name__.encode()), set[Path](), 0
        for count, sample in enumerate(self, 1):
            total.update(json.dumps(_labels(sample, self.root), sort_keys=True).encode() + b"\n")
            for path in files(sample):
                if path not in seen:
                    seen.add(path)
                    content, length = _content(path)
                    total.update(content)
                    size += length
            if progress is not None:
                progress(count, size)
        return total.hexdigest()


def files(sample: Sample) -> tuple[Path, ...]:
    """The files that a sample names."""
    values = (getattr(sample, part.name) for part in fields(sample))
    return tuple(value for value in values if isinstance(value, Path))


def _labels(sample: Sample, root: Path) -> dict[str, Any]:
    return {part.name: _plain(getattr(sample, part.name), root) for part in fields(sample)}


def _plain(value: object, root: Path) -> object:
    if isinstance(value, Path):
        return value.relative_to(root).as_posix()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(entry, root) for key, entry in value.items()}
    return value


def _content(path: Path) -> tuple[bytes, int]:
    """Digest and length of a file, read in pieces."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest(), file.tell()
    except OSError as error:
        raise DataMissing(f"{path} cannot be read: {error.strerror}.") from error
