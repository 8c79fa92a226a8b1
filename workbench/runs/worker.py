"""The thread that works on one run until it is over, halted, or needs people."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from filelock import FileLock, Timeout

from workbench.client import ApiError, ClientError
from workbench.runs.access import Access
from workbench.runs.entry import SourceUnreadable
from workbench.runs.intake import read_source
from workbench.runs.items import GIVEN_UP_AFTER, ItemStore
from workbench.runs.ledger import RunLedger
from workbench.runs.model import Answered, Item, ItemState, Run, Unit, Wanted
from workbench.runs.overview import Overview
from workbench.runs.pictures import RunPictures
from workbench.runs.sending import Delivery, Trouble, deliver
from workbench.runs.tasks import TASKS
from workbench.runs.waiting import Patience

LOG = logging.getLogger(__name__)
LOOK_S = 0.5
"""How often a halt is looked for while requests are under way."""
ELSEWHERE = "Another workbench that uses the same data folder works on this run."


@dataclass(frozen=True, slots=True)
class Stores:
    """Where runs are kept."""

    ledger: RunLedger
    items: ItemStore
    overview: Overview


class Stopped(Exception):
    """The run cannot go on; the message says why. ``barred``: it goes on by itself with another token."""

    def __init__(self, reason: str, *, barred: bool = False) -> None:
        super().__init__(reason)
        self.barred = barred


class RunWorker:
    """Works on one run in a thread of its own.

    Args:
        run: As it was when the work began.
        stores: Where it is kept.
        pictures: Its folder.
        access: Of whoever opened it.
        over: Called from the thread at its end; it may set ``ended``, after which the thread does nothing more.
    """

    def __init__(
        self,
        run: Run,
        stores: Stores,
        pictures: RunPictures,
        access: Access,
        over: Callable[[RunWorker], None] = lambda worker: None,
    ) -> None:
        self.access = access
        self.barred, self.ended = False, False
        self.patience = Patience(run.settings.patience_s)
        self._run, self._stores, self._pictures, self._over = run, stores, pictures, over
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"run {run.run_id}", daemon=True)

    @property
    def run_id(self) -> str:
        return self._run.run_id

    @property
    def alive(self) -> bool:
        """Whether it works, or its last requests are under way."""
        return self._thread.is_alive() and not self.ended

    def start(self) -> None:
        self._thread.start()

    def halt(self) -> None:
        """End when the requests that are under way are answered."""
        self._halt.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the end."""
        self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            self._pictures.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._pictures.folder / "lock", timeout=0):
                self._go()
        except Timeout:
            self._stores.ledger.explain(self.run_id, ELSEWHERE)
        finally:
            self._over(self)

    def _go(self) -> None:
        ledger = self._stores.ledger
        ledger.explain(self.run_id, "")
        try:
            self._stores.items.requeue(self.run_id)
            if self._run.read or self._read():
                self._send_all()
        except Stopped as stop:
            self.barred = stop.barred
            if stop.barred:
                ledger.explain(self.run_id, str(stop))
            else:
                ledger.stop(self.run_id, Wanted.PAUSE, str(stop))
        except SourceUnreadable as error:
            ledger.stop(self.run_id, Wanted.CANCEL, str(error))
        except Exception as error:  # a full disk, a fault of ours: said, and the run can be resumed
            LOG.exception("run %s stopped", self.run_id)
            ledger.stop(self.run_id, Wanted.PAUSE, f"The workbench failed ({type(error).__name__}: {error}).")

    def _read(self) -> bool:
        stores = self._stores
        return read_source(self._run, stores.ledger, stores.items, self._pictures, self._halt.is_set)

    def _send_all(self) -> None:
        under_way: dict[Future[Delivery], Unit] = {}
        try:
            with ThreadPoolExecutor(self._run.settings.at_once, thread_name_prefix=self.run_id) as threads:
                try:
                    while not self._halt.is_set() and self._fill(threads, under_way):
                        self._collect(under_way)
                finally:
                    self._halt.set()
        finally:
            self._put_back(under_way)
        self._finish()

    def _fill(self, threads: ThreadPoolExecutor, under_way: dict[Future[Delivery], Unit]) -> bool:
        """Send as much as may be under way; False at the end of the run."""
        while len(under_way) < self._run.settings.at_once and not self._halt.is_set():
            unit = self._stores.items.take(self.run_id, self._run.settings, self._blocked(under_way.values()))
            if unit is None:
                break
            under_way[threads.submit(self._deliver, unit)] = unit
        counts = self._stores.overview.counts(self.run_id).states
        return bool(under_way) or counts[ItemState.WAITING] + counts[ItemState.SENT] > 0

    def _blocked(self, under_way: Collection[Unit]) -> list[str]:
        """Tasks of services that rest, or that are being tried with one request after they did not answer."""
        waits, tried = self.patience.waits, {TASKS[unit.task].service for unit in under_way}
        return [
            name
            for name in self._run.settings.tasks
            if (service := TASKS[name].service) in waits
            and (self.patience.is_resting(service) or service in tried)
        ]

    def _collect(self, under_way: dict[Future[Delivery], Unit]) -> None:
        if not under_way:
            self._halt.wait(min(max(self.patience.pause_s(), 0.02), LOOK_S))
            return
        done, _ = wait(under_way, LOOK_S, FIRST_COMPLETED)
        for future in done:
            delivery, unit = future.result(), under_way.pop(future)
            self._write(unit.task, delivery.answers)
            self._judge(unit, delivery)

    def _deliver(self, unit: Unit) -> Delivery:
        try:
            client = self.access.client
        except ClientError as error:
            return Delivery((), unit.items, Trouble(error, barred=True))
        return deliver(unit, client, self._run.settings, self._pictures)

    def _judge(self, unit: Unit, delivery: Delivery) -> None:
        service, trouble = TASKS[unit.task].service, delivery.trouble
        if trouble is None:
            if delivery.answers:
                self.patience.answered(service)
            return
        self._let_wait(unit.task, delivery.left, trouble)
        if trouble.barred:
            raise Stopped(_barred(trouble.error), barred=True)
        if not self.patience.refused(service, trouble.error.message, trouble.retry_after):
            minutes = self._run.settings.patience_s / 60
            raise Stopped(f"{service} did not answer for {minutes:.3g} minutes: {trouble.error.message}")

    def _let_wait(self, task: str, left: tuple[Item, ...], trouble: Trouble) -> None:
        items, run_id = self._stores.items, self.run_id
        items.put_back(run_id, Unit(task, left), broke=trouble.broke)
        if trouble.broke:
            lost = [one for one in left if items.breaks(run_id, one.number, task) >= GIVEN_UP_AFTER]
            message = f"The service broke the connection {GIVEN_UP_AFTER} times over this picture."
            self._write(
                task, tuple(Answered(one.number, task, code="NO_ANSWER", message=message) for one in lost)
            )

    def _write(self, task: str, answers: tuple[Answered, ...]) -> None:
        self._stores.items.write(self.run_id, answers)
        if self._run.settings.keep_pictures:
            return
        for one in answers:
            item = self._stores.overview.item(self.run_id, one.number)
            if item is not None and item.state is ItemState.DONE and item.digest is not None:
                self._pictures.drop(item.digest)

    def _put_back(self, under_way: dict[Future[Delivery], Unit]) -> None:
        """After a halt: write what was answered meanwhile, the rest waits for the next time."""
        for future, unit in list(under_way.items()):
            if future.cancelled() or future.exception() is not None:
                self._stores.items.put_back(self.run_id, unit)
                continue
            delivery = future.result()
            self._write(unit.task, delivery.answers)
            self._stores.items.put_back(self.run_id, Unit(unit.task, delivery.left))
            under_way.pop(future)

    def _finish(self) -> None:
        counts = self._stores.overview.counts(self.run_id).states
        if counts[ItemState.WAITING] + counts[ItemState.SENT] == 0:
            self._stores.ledger.stop(self.run_id, Wanted.OVER)


def _barred(error: ClientError) -> str:
    said = f"{error.code}: {error.message}" if isinstance(error, ApiError) else error.message
    return f"The services cannot be asked. {said}"
