"""Build every graph of the catalogue from a mirror and compare digests with the cards.

``python -m models.export --mirror DIR`` prints one line a card; it ends with status 1 if a digest differs, which
is what a change of a recipe looks like: copy the printed digest into the card and raise its version.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from models.catalogue import CATALOGUE
from models.catalogue.card import ModelCard
from models.export import RECIPES


def build(card: ModelCard, mirror: Path) -> bytes:
    """Return the card's graph, built from the files in ``mirror``.

    Raises:
        ModelUnavailable: A file is missing or not the one that the recipe expects.
    """
    return RECIPES[card.recipe]({weight.name: mirror / weight.name for weight in card.weights})


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.export", description=__doc__)
    parser.add_argument("--mirror", type=Path, required=True, help="folder with the published weight files")
    parser.add_argument("--out", type=Path, help="folder to write the graphs to")
    options = parser.parse_args(arguments)
    differing = 0
    for card in (card for card in CATALOGUE.values() if card.recipe in RECIPES):
        graph = build(card, options.mirror)
        digest = hashlib.sha256(graph).hexdigest()
        differing += digest != card.sha256
        print(f"{card.name:24} {digest} {'as the card' if digest == card.sha256 else 'DIFFERS'}")
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / card.file_name).write_bytes(graph)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
