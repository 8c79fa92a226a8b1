"""Brings the database up to date in a process of its own: what that takes in memory goes with it."""

from __future__ import annotations

import subprocess
import sys

from bentos.common.errors import DependencyUnavailable

LIMIT_S = 150.0


def upgrade_apart() -> None:
    """Run the migrations that are missing.

    Raises:
        DependencyUnavailable: They did not run; the message says why.
    """
    command = (sys.executable, "-m", __name__)
    try:
        done = subprocess.run(  # noqa: S603
            command, stderr=subprocess.PIPE, timeout=LIMIT_S, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        raise _failed("the database does not answer") from None
    if done.returncode:
        raise _failed(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])


def _failed(why: str) -> DependencyUnavailable:
    return DependencyUnavailable(f"The database is not up to date: {why}", {"dependency": "database"})


def main() -> None:
    """Run them here."""
    from bentos.common.database import Database
    from bentos.common.database.upgrade import upgrade
    from bentos.common.errors import FaceSocialError
    from bentos.common.settings import Settings

    try:
        upgrade(Database(Settings().database))
    except FaceSocialError as error:
        print(error.message, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
