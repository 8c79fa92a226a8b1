"""What is known of a public set: enough to say what is missing and where it is had."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.catalogue.card import Task
from training_eval.errors import DataMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A set as its makers publish it.

    Attributes:
        name: By which ``open_set`` knows it.
        title: Its makers' name for it.
        task: What its labels are about.
        home: Where it is had, in words. Nothing is downloaded from there.
        needs: How its folder has to look.
        splits: Its parts; the first one is what is measured on.
    """

    name: str
    title: str
    task: Task
    home: str
    needs: str
    splits: tuple[str, ...] = ("all",)

    def missing(self, what: str) -> DataMissing:
        """The error for something that is not there: what, how the folder has to look, where the set is had."""
        return DataMissing(
            f"{self.title}: {what} The folder must hold {self.needs}. It is had from {self.home}."
        )

    def folder(self, path: Path) -> Path:
        """The path, made absolute.

        Raises:
            DataMissing: It is no folder.
        """
        if not path.expanduser().is_dir():
            raise self.missing(f"there is no folder {path}.")
        return path.expanduser().absolute()

    def base(self, path: Path, marker: str, *nested: str) -> Path:
        """The folder, or the one of these in it that archives unpack to, whichever holds ``marker``.

        Raises:
            DataMissing: There is no such folder, or none of them holds it.
        """
        folder = self.folder(path)
        for candidate in (folder, *(folder / name for name in nested)):
            if (candidate / marker).exists():
                return candidate
        raise self.missing(f"{folder / marker} is missing.")

    def file(self, path: Path) -> Path:
        """The path.

        Raises:
            DataMissing: It is no file.
        """
        if not path.is_file():
            raise self.missing(f"{path} is missing.")
        return path

    def subfolder(self, path: Path) -> Path:
        """The path.

        Raises:
            DataMissing: It is no folder.
        """
        if not path.is_dir():
            raise self.missing(f"the folder {path} is missing.")
        return path

    def split(self, asked: str | None) -> str:
        """The part that was asked for; the one that is measured on where none was.

        Raises:
            DataMissing: There is no such part.
        """
        if asked is not None and asked not in self.splits:
            raise DataMissing(f"{self.title} has no part {asked!r}; it has {', '.join(self.splits)}.")
        return asked or self.splits[0]
