"""From a source to the items of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.runs.entry import Entry
from workbench.runs.items import Found, ItemStore
from workbench.runs.ledger import RunLedger
from workbench.runs.model import Run, Source
from workbench.runs.pictures import RunPictures, digest_of, refusal_of
from workbench.runs.source_folder import folder_entries
from workbench.runs.source_video import video_entries
from workbench.runs.source_zip import zip_entries

CHUNK = 50


def read_source(
    run: Run, ledger: RunLedger, items: ItemStore, pictures: RunPictures, halted: Callable[[], bool]
) -> bool:
    """Make an item of every entry of the source. Nothing is sent before, so an interrupted reading begins anew.

    Returns:
        Whether all of it was read; False where it was halted.

    Raises:
        SourceUnreadable: As the sources do.
    """
    items.clear(run.run_id)
    first, chunk = 1, list[Found]()
    for entry in _entries(run.source, pictures):
        if halted():
            return False
        chunk.append(_found(entry, pictures))
        if len(chunk) == CHUNK:
            items.add(run.run_id, first, chunk, run.settings.tasks)
            first, chunk = first + CHUNK, []
    items.add(run.run_id, first, chunk, run.settings.tasks)
    ledger.all_read(run.run_id)
    pictures.drop_source()
    return True


def _found(entry: Entry, pictures: RunPictures) -> Found:
    if entry.data is None:
        return Found(entry.name, reason=entry.reason)
    if reason := refusal_of(entry.data):
        return Found(entry.name, reason=reason)
    digest = digest_of(entry.data)
    if entry.path is None:
        pictures.put(digest, entry.data)
    return Found(entry.name, digest, entry.path)


def _entries(source: Source, pictures: RunPictures) -> Iterator[Entry]:
    if source.kind == "folder":
        return folder_entries(Path(source.folder or ""))
    files = [pictures.source / f"{number:06d}" for number in range(len(source.names))]
    if source.kind == "zip":
        return zip_entries(files[0])
    if source.kind == "video":
        return video_entries(files[0], source.title, source.fps, pictures.source / "frames")
    return _uploads(files, source.names)


def _uploads(files: list[Path], names: tuple[str, ...]) -> Iterator[Entry]:
    for file, name in zip(files, names, strict=True):
        yield Entry(name, file.read_bytes())
