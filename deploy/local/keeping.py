"""Keeping the vector index in order: here where its files are free, else by the service that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from bentos.common.cache import ResultCache
from bentos.common.errors import ConfigurationError
from bentos.common.keyvalue import open_key_value
from bentos.common.model_set import choose
from bentos.common.settings import Settings
from bentos.contracts import GalleryFindings
from bentos.face_recognition.gallery.assembly import Keeping, open_stores
from deploy.local.folders import COLUMNS
from deploy.local.recognition import RecognitionService
from models.catalogue.card import Task


def verify(settings: Settings) -> GalleryFindings:
    """Compare index and kept pictures with the database."""
    return _here_or_there(settings, "verify", lambda keeping: keeping.verification.verify())


def rebuild(settings: Settings) -> GalleryFindings:
    """Make the index anew from the database."""

    def here(keeping: Keeping) -> GalleryFindings:
        _rebuild(keeping)
        return keeping.verification.verify()

    return _here_or_there(settings, "rebuild", here)


def purge(settings: Settings) -> GalleryFindings:
    """Let nothing erased stay in any file."""

    def here(keeping: Keeping) -> GalleryFindings:
        keeping.verification.purge()
        return keeping.verification.verify()

    return _here_or_there(settings, "purge", here)


def after_restore(settings: Settings, console: Console) -> None:
    """Erase again what had been erased since the backup was made, and rebuild the index."""
    with _opened(settings) as keeping:
        erased = keeping.upkeep.erase_again()
        _rebuild(keeping)
    if erased:
        said = f"{erased} faces had been erased after this backup was made: they are erased again."
        console.print(said, highlight=False)


def _rebuild(keeping: Keeping) -> None:
    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        bar = progress.add_task("rebuilding the index", total=keeping.verification.count())
        keeping.verification.rebuild(progress=lambda count: progress.advance(bar, count))


def _here_or_there(
    settings: Settings, operation: str, here: Callable[[Keeping], GalleryFindings]
) -> GalleryFindings:
    """Milvus Lite's folder belongs to one process, perhaps a running service; a server is shared."""
    with _opened(settings) as keeping:
        try:
            keeping.ping_index()
        except ConfigurationError as held:
            return RecognitionService(settings).all_tenants(operation, held)
        return here(keeping)


@contextmanager
def _opened(settings: Settings) -> Iterator[Keeping]:
    (card,) = choose(Task.FACE_RECOGNITION, settings)
    cache = ResultCache(open_key_value(settings.key_value), settings.cache)
    keeping = Keeping.of(open_stores(settings, lambda: card, cache))
    try:
        keeping.prepare()
        yield keeping
    finally:
        keeping.close()
