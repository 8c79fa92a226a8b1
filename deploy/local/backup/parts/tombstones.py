"""The list of erased faces: it only grows, so that two lists are always put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from bentos.common.database import Database
from bentos.common.database.tables import Tombstone
from bentos.common.settings import DatabaseSettings
from bentos.common.tombstones import Tombstones
from deploy.local.backup.parts.piece import Piece
from deploy.local.backup.sealing import Chunks


@contextmanager
def read(file: Path) -> Iterator[Piece]:
    """The list as it is; a line is appended at once, and one that is not whole was promised to nobody."""
    counts = {"faces": 0}

    def lines() -> Iterator[bytes]:
        if file.exists():
            with file.open("rb") as opened:
                for line in opened:
                    if line.endswith(b"\n"):
                        counts["faces"] += 1
                        yield line

    yield Piece("tombstones", "NDJSON", Chunks(lines()), counts)


def merge(file: Path, into: Path, scratch: Path) -> tuple[int, int]:
    """Bring a list's faces into another one, with their times; what is in that already stays.

    Returns:
        How many the other list knew before, and how many of them it did not.

    Raises:
        ConfigurationError: One of the lists is damaged.
        DependencyUnavailable: The other one cannot be written.
    """
    target = Tombstones(into)
    before = target.ids()
    settings = DatabaseSettings(
        url=SecretStr(f"sqlite:///{scratch / 'union.sqlite'}"), pool_size=1, timeout_s=30
    )
    database = Database(settings)
    try:
        with database.engine.execution_options(writes=True).begin() as connection:
            Tombstone.metadata.create_all(connection, tables=[Tombstone.__table__])  # type: ignore[list-item]
        for one in (Tombstones(file), target):
            with database.write() as session:
                one.sync(session)
    finally:
        database.close()
    return len(before), len(target.ids() - before)
