"""Pulls the catalogue's models with a progress bar."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from bentos.common.settings import Settings
from models.catalogue.card import ModelCard
from models.runtime.store import WeightStore


class Bar:
    """Draws what the weight store reports."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def start(self, name: str, total: int) -> None:
        self._task = self._progress.add_task(name, total=total)

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, count)

    def finish(self) -> None:
        self._task = None


def pull(cards: Iterable[ModelCard], settings: Settings, console: Console) -> int:
    """Bring the cards' graphs into the cache.

    Returns:
        How many were not there before.

    Raises:
        ModelUnavailable: A model cannot be had; the message names the remedy.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:
        store = WeightStore(
            settings.store.cache,
            mirror=settings.store.mirror,
            offline=settings.store.offline,
            progress=Bar(progress),
        )
        missing = [card for card in cards if store.find(card) is None]
        for card in missing:
            path = store.resolve(card)
            console.print(f"{card.name} {card.version}: {path.name}", highlight=False)
    return len(missing)
