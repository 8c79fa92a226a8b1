"""Where published files stand: one commit of a public repository."""

from __future__ import annotations

from dataclasses import dataclass

from models.catalogue.card import WeightFile

_RAW = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit, so that a file's address can never mean other bytes.

    Attributes:
        name: ``owner/repository``.
        commit: At least 12 hexadecimal digits.
    """

    name: str
    commit: str

    @property
    def url(self) -> str:
        """Address for a reader."""
        return f"https://github.com/{self.name}/tree/{self.commit}"

    def file(self, path: str, name: str, sha256: str, size: int) -> WeightFile:
        """Return the card entry of the file at ``path``, known in a mirror as ``name``."""
        return WeightFile(name=name, sha256=sha256, size=size, url=f"{_RAW}/{self.name}/{self.commit}/{path}")
