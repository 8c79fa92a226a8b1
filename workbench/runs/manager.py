"""All runs of a workbench: begun, opened with a token, paused, resumed, cancelled, deleted."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from workbench.runs.access import Access
from workbench.runs.database import RunDatabase
from workbench.runs.items import ItemStore
from workbench.runs.ledger import RunLedger
from workbench.runs.model import ItemState, RunSettings, Source, Wanted
from workbench.runs.overview import Overview
from workbench.runs.pictures import RunPictures
from workbench.runs.waiting import Wait
from workbench.runs.worker import RunWorker, Stores

CANCELLED = "The run was cancelled"
CHUNK = 1 << 20
ABANDONED_S = 24 * 3600


class RunManager:
    """Owns the threads of the runs; one object a process and data folder.

    Args:
        folder: Holds the database and the pictures; made where it is missing, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder / "runs"
        self._folder.mkdir(exist_ok=True)
        self._database = RunDatabase(folder / "runs.sqlite")
        self._stores = Stores(RunLedger(self._database), ItemStore(self._database), Overview(self._database))
        self._lock = threading.RLock()
        self._workers: dict[str, RunWorker] = {}
        self._barred: dict[str, Access] = {}
        for run_id in self.ledger.unwanted():
            self._erase(run_id)
        self._sweep()

    @property
    def ledger(self) -> RunLedger:
        """The runs themselves."""
        return self._stores.ledger

    @property
    def overview(self) -> Overview:
        """What is in them."""
        return self._stores.overview

    def pictures(self, run_id: str) -> RunPictures:
        """The folder of a run."""
        return RunPictures(self._folder / run_id)

    def begin(
        self,
        environment: str,
        source: Source,
        settings: RunSettings,
        access: Access,
        files: Sequence[BinaryIO] = (),
    ) -> str:
        """A new run; it goes on when this returns.

        Args:
            environment: Name of the deployment.
            source: Where its pictures come from.
            settings: How they are sent.
            access: To the deployment.
            files: What was uploaded, in the order of ``source.names``; it is copied.

        Returns:
            The run's id.
        """
        run_id = secrets.token_hex(6)
        pictures = self.pictures(run_id)
        if files:
            pictures.source.mkdir(parents=True)
        for number, file in enumerate(files):
            _copy(file, pictures.source / f"{number:06d}")
        self.ledger.add(run_id, environment, source, settings)
        self.open(run_id, access)
        return run_id

    def open(self, run_id: str, access: Access) -> None:
        """Somebody with access looks at the run: it goes on if it is wanted and nobody works on it.

        A token that was refused is not tried again until another one comes, or ``resume`` is called.
        """
        with self._lock:
            worker = self._workers.get(run_id)
            if worker is not None and worker.alive:
                if worker.access != access:
                    worker.access = access
                return
            run = self.ledger.find(run_id)
            if run is None or run.wanted is not Wanted.RUN or self._barred.get(run_id) == access:
                return
            worker = RunWorker(run, self._stores, self.pictures(run_id), access, self._ended)
            self._workers[run_id] = worker
            worker.start()

    def pause(self, run_id: str) -> None:
        """Send nothing more; what is under way is still answered."""
        self._halt(run_id, Wanted.PAUSE)

    def resume(self, run_id: str, access: Access) -> None:
        """Go on; with the same token too. While last requests are under way, it is the next ``open`` that does it."""
        self._barred.pop(run_id, None)
        self.ledger.want(run_id, Wanted.RUN)
        self.open(run_id, access)

    def cancel(self, run_id: str) -> None:
        """End it: pictures that have no answer are skipped."""
        self._halt(run_id, Wanted.CANCEL)

    def again(self, run_id: str, access: Access) -> None:
        """Send once more what failed."""
        self._stores.items.again(run_id)
        self.resume(run_id, access)

    def delete(self, run_id: str) -> None:
        """The run with its pictures and answers; at once, or when its last request is answered."""
        self._halt(run_id, Wanted.DELETE)

    def drop_pictures(self, run_id: str) -> None:
        """Delete the pictures that the run keeps and does not need to go on."""
        self.pictures(run_id).keep_only(self._needed(run_id))

    def is_working(self, run_id: str) -> bool:
        """Whether somebody works on it in this process."""
        worker = self._workers.get(run_id)
        return worker is not None and worker.alive

    def waits(self, run_id: str) -> Mapping[str, Wait]:
        """By service, those that the run waits for."""
        worker = self._workers.get(run_id)
        return worker.patience.waits if worker is not None and worker.alive else {}

    def close(self) -> None:
        """Let the threads end; what they had under way is written down, and the runs stay wanted."""
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            worker.halt()
        for worker in workers:
            worker.join()
        self._database.close()

    def _halt(self, run_id: str, wanted: Wanted) -> None:
        with self._lock:
            self.ledger.want(run_id, wanted)
            worker = self._workers.get(run_id)
            if worker is not None and worker.alive:
                worker.halt()
            else:
                self._settle(run_id)

    def _ended(self, worker: RunWorker) -> None:
        """Called from the worker's thread, at its very end."""
        with self._lock:
            worker.ended = True
            if worker.barred:
                self._barred[worker.run_id] = worker.access
            self._settle(worker.run_id)

    def _settle(self, run_id: str) -> None:
        """What a run leaves behind when nobody works on it."""
        wanted = self.ledger.wanted(run_id)
        if wanted is Wanted.DELETE:
            self._erase(run_id)
            return
        if wanted is Wanted.CANCEL:
            run = self.ledger.find(run_id)
            self._stores.items.skip_rest(run_id, run.reason if run and run.reason else CANCELLED)
            self.pictures(run_id).drop_source()
        run = self.ledger.find(run_id)
        if run is not None and run.read and not run.settings.keep_pictures:
            self.drop_pictures(run_id)

    def _needed(self, run_id: str) -> set[str]:
        ended = (ItemState.DONE, ItemState.SKIPPED)
        items = self.overview.items(run_id)
        return {item.digest for item in items if item.digest and item.state not in ended}

    def _sweep(self) -> None:
        """Delete what was uploaded for runs that never began."""
        for folder in self._folder.iterdir():
            if self.ledger.wanted(folder.name) is None and folder.stat().st_mtime < time.time() - ABANDONED_S:
                RunPictures(folder).drop_all()

    def _erase(self, run_id: str) -> None:
        self.pictures(run_id).drop_all()
        self.ledger.erase(run_id)


def _copy(file: BinaryIO, path: Path) -> None:
    file.seek(0)
    with path.open("wb") as copy:
        while chunk := file.read(CHUNK):
            copy.write(chunk)
