"""``python -m deploy.scaling``: print the tables of SCALING.md, write them into it, or measure rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.scaling.document import filled
from deploy.scaling.tables import TABLES
from models.errors import FaceSocialError

DOCUMENT = Path(__file__).parents[1] / "SCALING.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; without one the tables are printed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.scaling", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("write", help="write the tables into deploy/SCALING.md")
    measuring = commands.add_parser(
        "measure", help="fill an empty PostgreSQL and say what a face takes in it"
    )
    measuring.add_argument(
        "--url", required=True, help="postgresql://USER:PASSWORD@HOST/NAME of an empty one"
    )
    measuring.add_argument("--faces", type=int, default=20_000)
    measuring.add_argument("--dimension", type=int, default=128)
    chosen = parser.parse_args(arguments)
    try:
        _run(chosen)
    except FaceSocialError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def _run(chosen: argparse.Namespace) -> None:
    if chosen.command == "measure":
        from deploy.scaling.measure import measure, report

        print(report(measure(chosen.url, chosen.faces, chosen.dimension)))
    elif chosen.command == "write":
        DOCUMENT.write_text(filled(DOCUMENT.read_text(), TABLES))
    else:
        print("\n\n".join(f"{name}\n\n{table()}" for name, table in TABLES.items()))


if __name__ == "__main__":
    sys.exit(main())
