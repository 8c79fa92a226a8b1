"""Runs that are paused, cancelled, deleted, and interrupted at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_runs import accounted, batches, folder_run, over, states, until, wanted
from contract_stub import ContractStub
from small_pictures import picture_folder

from workbench.runs.access import Access
from workbench.runs.manager import RunManager
from workbench.runs.model import Wanted

Restart = Callable[[], RunManager]


def test_pause_lets_nothing_more_out_and_resume_goes_on(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    run_id = folder_run(manager, access, tmp_path, 200, together=1)
    until(lambda: manager.overview.counts(run_id).answered > 5, "some are answered")
    manager.pause(run_id)
    until(lambda: not manager.is_working(run_id), "the run pauses")
    before, asked = states(manager, run_id), len(stub.seen)
    assert before.keys() == {"waiting", "done"}
    manager.open(run_id, access)
    assert not manager.is_working(run_id)
    assert len(stub.seen) == asked
    manager.resume(run_id, access)
    assert over(manager, run_id) == {"done": 200}
    assert len(stub.seen) == 200, "none was sent twice"


def test_cancel_skips_the_rest_and_nothing_is_lost(
    manager: RunManager, access: Access, tmp_path: Path
) -> None:
    run_id = folder_run(manager, access, tmp_path, 200, together=1, tasks=("detect", "demographics"))
    until(lambda: manager.overview.counts(run_id).answered > 5, "some are answered")
    manager.cancel(run_id)
    until(lambda: not manager.is_working(run_id), "the run ends")
    assert accounted(manager, run_id) == 200
    assert states(manager, run_id)["skipped"] > 0
    assert {item.reason for item in manager.overview.items(run_id) if item.reason} == {
        "The run was cancelled"
    }


def test_a_deleted_run_leaves_nothing(manager: RunManager, access: Access, tmp_path: Path) -> None:
    run_id = folder_run(manager, access, tmp_path, 300, together=1)
    until(lambda: manager.overview.counts(run_id).answered > 2, "some are answered")
    manager.delete(run_id)
    assert manager.ledger.find(run_id) is None
    until(lambda: manager.ledger.wanted(run_id) is None, "it is gone")
    assert manager.overview.items(run_id) == []
    assert not manager.pictures(run_id).folder.exists()


def test_a_restart_of_the_workbench_waits_for_a_token_and_goes_on(
    managers: Restart, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    manager = managers()
    run_id = folder_run(manager, access, tmp_path, 150, together=2)
    until(lambda: manager.overview.counts(run_id).answered > 10, "some are answered")
    manager = managers()
    assert not manager.is_working(run_id)
    assert wanted(manager, run_id) is Wanted.RUN
    assert states(manager, run_id)["waiting"] > 0
    manager.open(run_id, access)
    assert over(manager, run_id) == {"done": 150}
    assert accounted(manager, run_id) == 150
    assert sum(batches(stub)) == 150, "none was sent twice"


def test_an_interrupted_reading_begins_anew(managers: Restart, access: Access, tmp_path: Path) -> None:
    manager = managers()
    run_id = folder_run(manager, access, tmp_path, 700)
    until(lambda: manager.overview.counts(run_id).total > 0, "the first are read")
    manager = managers()
    run = manager.ledger.find(run_id)
    assert run is not None
    manager.open(run_id, access)
    assert over(manager, run_id) == {"done": 700}
    assert accounted(manager, run_id) == 700


def test_two_workbenches_do_not_work_on_one_run(manager: RunManager, access: Access, tmp_path: Path) -> None:
    run_id = folder_run(manager, access, tmp_path, 200, together=1)
    until(lambda: manager.overview.counts(run_id).answered > 2, "some are answered")
    other = RunManager(tmp_path / "data")
    other.open(run_id, access)
    until(lambda: not other.is_working(run_id), "the second one gives up")
    run = other.ledger.find(run_id)
    assert run is not None
    assert "Another workbench" in run.reason
    assert over(manager, run_id) == {"done": 200}
    other.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from workbench.endpoints import Endpoints
from workbench.runs.access import Access
from workbench.runs.items import ItemStore
from workbench.runs.manager import RunManager
from workbench.runs.model import RunSettings, Source

data, drawn, address, when = sys.argv[1:]
write, count = ItemStore.write, 0

def dies(self, run_id, answers):
    global count
    count += 1
    if when == "before" and count == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, run_id, answers)
    if when == "after" and count == 4:
        os.kill(os.getpid(), signal.SIGKILL)

ItemStore.write = dies
manager = RunManager(Path(data))
source = Source(kind="folder", title="drawn", folder=drawn)
access = Access(Endpoints(gateway=address), "a.b.c")
run_id = manager.begin("local", source, RunSettings(together=4, at_once=2), access)
manager._workers[run_id].join(60)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_between_answer_and_writing_loses_nothing(
    tmp_path: Path, stub: ContractStub, access: Access, when: str
) -> None:
    drawn = picture_folder(tmp_path / "drawn", 40)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(drawn), stub.url, when]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    child = subprocess.run(command, timeout=60, check=False, capture_output=True, env=environment)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    manager = RunManager(tmp_path / "data")
    (run,) = manager.ledger.all()
    found = manager.overview.counts(run.run_id)
    assert 0 < found.answered < 40
    manager.open(run.run_id, access)
    assert over(manager, run.run_id) == {"done": 40}
    assert accounted(manager, run.run_id) == 40
    assert len(manager.overview.answers(run.run_id)) == 40
    sent = [data for seen in stub.seen for _, data in seen.files]
    assert len(set(sent)) == 40
    assert len(sent) > 40 if when == "before" else len(sent) >= 40
    manager.close()


def test_pages_may_open_a_run_from_many_threads_at_once(
    manager: RunManager, access: Access, tmp_path: Path, stub: ContractStub
) -> None:
    run_id = folder_run(manager, access, tmp_path, 60, together=1)
    threads = [
        threading.Thread(target=lambda: [manager.open(run_id, access) for _ in range(50)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert over(manager, run_id) == {"done": 60}
    assert len(stub.seen) == 60


def test_pictures_and_answers_are_read_of_one_moment(
    manager: RunManager, access: Access, tmp_path: Path
) -> None:
    run_id = folder_run(manager, access, tmp_path, 400)
    while manager.ledger.wanted(run_id) is Wanted.RUN:
        items, answers = manager.overview.results(run_id)
        assert {answer["number"] for answer in answers} == {item.number for item in items}
    assert over(manager, run_id) == {"done": 400}
