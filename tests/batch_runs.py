"""Begins batch runs, and waits for what they do in their own threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from contract_stub import ContractStub
from small_pictures import picture_folder

from workbench.runs.access import Access
from workbench.runs.manager import RunManager
from workbench.runs.model import ItemState, RunSettings, Source, Wanted

LIMIT_S = 60.0


def until(seen: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Returns when it is seen; an error where that does not happen within the limit."""
    end = time.monotonic() + limit_s
    while not seen():
        assert time.monotonic() < end, f"not within {limit_s:.0f} s: {what}"
        time.sleep(0.02)


def states(manager: RunManager, run_id: str) -> dict[str, int]:
    """Pictures by state, those states left out that none has."""
    counts = manager.overview.counts(run_id).states
    return {str(state): count for state, count in counts.items() if count}


def wanted(manager: RunManager, run_id: str) -> Wanted | None:
    run = manager.ledger.find(run_id)
    return None if run is None else run.wanted


def over(
    manager: RunManager, run_id: str, limit_s: float = LIMIT_S, access: Access | None = None
) -> dict[str, int]:
    """Waits for the end; what became of the pictures. With ``access`` the run is opened again and again."""

    def seen() -> bool:
        if access is not None:
            manager.open(run_id, access)
        return wanted(manager, run_id) is not Wanted.RUN and not manager.is_working(run_id)

    until(seen, f"the end of run {run_id}", limit_s)
    return states(manager, run_id)


def accounted(manager: RunManager, run_id: str) -> int:
    """Pictures that are done, failed or skipped; an error where one is anything else."""
    counts = manager.overview.counts(run_id)
    ends = counts.states[ItemState.DONE] + counts.states[ItemState.FAILED] + counts.states[ItemState.SKIPPED]
    assert ends == counts.total
    numbers = [item.number for item in manager.overview.items(run_id)]
    assert numbers == list(range(1, counts.total + 1))
    return ends


def folder_run(
    manager: RunManager, access: Access, tmp_path: Path, count: int = 20, **settings: object
) -> str:
    folder = picture_folder(tmp_path / "drawn", count)
    source = Source(kind="folder", title="drawn", folder=str(folder))
    return manager.begin("local", source, RunSettings.model_validate(settings), access)


def batches(stub: ContractStub) -> list[int]:
    return [len(seen.files) for seen in stub.seen if seen.path.endswith("batch")]
