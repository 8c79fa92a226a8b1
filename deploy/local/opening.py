"""The deployment's database as a command opens it, and lets it go again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bentos.common.settings import Settings

if TYPE_CHECKING:
    from bentos.common.database import Database


@contextmanager
def opened(settings: Settings | None = None, *, upgraded: bool = True) -> Iterator[Database]:
    """The database; ``upgraded`` brings its tables up to date first."""
    from bentos.common.database import Database

    database = Database((settings or Settings()).database)
    try:
        if upgraded:
            from bentos.common.database.upgrade import upgrade

            upgrade(database)
        yield database
    finally:
        database.close()
