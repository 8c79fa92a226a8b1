"""A thousand pictures: the service restarts, the page is opened anew, the workbench restarts; each is accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import streamlit as st
from batch_runs import accounted, over, states, until
from contract_stub import ContractStub
from service_process import ServiceProcess
from single_view import said
from small_pictures import picture_folder, small_picture
from workbench_pages import page_of, workbench_at

from models.catalogue import OWN
from models.catalogue.card import Task
from workbench.components.access import session_access
from workbench.components.stores import run_manager
from workbench.endpoints import Endpoints
from workbench.runs.access import Access
from workbench.runs.manager import RunManager
from workbench.runs.model import ItemState, RunSettings, Source

THOUSAND = 1000


def metrics(page: object) -> Mapping[str, str]:
    return {metric.label.split()[-1]: metric.value for metric in page.metric}  # type: ignore[attr-defined]


def test_a_thousand_pictures_survive_restarts_of_service_page_and_workbench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, folder = ContractStub(), picture_folder(tmp_path / "drawn", THOUSAND)
    (folder / "zz letter.txt").write_text("Dear Sir or Madam")
    with workbench_at(monkeypatch, tmp_path / "data", stub.url):
        with stub:
            page = page_of("batch_run", source="Folder").run()
            page.text_input(key="folder").set_value(str(folder)).run()
            (start,) = [button for button in page.button if button.label == "Start on local"]
            start.click().run()
            (run_id,) = [run.run_id for run in run_manager().ledger.all()]
            until(lambda: run_manager().overview.counts(run_id).answered > 200, "a fifth is answered")
            # The service ends in the middle of it.
        until(lambda: bool(run_manager().waits(run_id)), "the run waits for the service")
        reloaded = page_of("batch_run", run=run_id).run()
        assert not reloaded.exception
        assert "Waiting for face-detection-service since" in said(reloaded)
        assert 0 < int(metrics(reloaded)["done"].replace(",", "")) < THOUSAND
        with stub:
            until(lambda: run_manager().overview.counts(run_id).answered > 500, "it goes on by itself")
            # The workbench ends as well: everything that it held in memory is gone.
            run_manager().close()
            st.cache_resource.clear()
            assert states(run_manager(), run_id).get("waiting", 0) > 0
            opened = page_of("batch_run", run=run_id).run()
            assert not opened.exception
            over(run_manager(), run_id, 120)
            ended = opened.run()
        assert metrics(ended) == {"waiting": "0", "sent": "0", "done": "1,000", "failed": "0", "skipped": "1"}
        assert "every picture is accounted for" in "".join(
            str(bar.proto.text) for bar in ended.get("progress")
        )
        assert accounted(run_manager(), run_id) == THOUSAND + 1
        assert len(run_manager().overview.answers(run_id)) == THOUSAND
        sent = Counter(data for seen in stub.seen for _, data in seen.files)
        assert len(sent) == THOUSAND


@pytest.fixture
def detection(mirror_or_own: tuple[Path, Mapping[str, str]], tmp_path: Path) -> ServiceProcess:
    mirror, settings = mirror_or_own
    return ServiceProcess("face-detection-service", tmp_path / "detection", mirror, settings)


@pytest.fixture
def mirror_or_own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Own weights, where the project has some of detection."""
    if Task.FACE_DETECTION in OWN:
        yield tmp_path / "nothing", {"FACESOCIAL_MODEL_SOURCE": "own"}
    else:
        yield request.getfixturevalue("mirror"), {}


def test_a_real_service_that_is_killed_in_the_middle(detection: ServiceProcess, tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "drawn", 120, "JPEG")
    (folder / "broken.png").write_bytes(small_picture(1)[:60])
    manager = RunManager(tmp_path / "data")
    source = Source(kind="folder", title="drawn", folder=str(folder))
    with detection:
        access = Access(Endpoints({detection.service: detection.url}), detection.token(), timeout_s=20)
        run_id = manager.begin("local", source, RunSettings(together=4), access)
        until(lambda: manager.overview.counts(run_id).answered > 20, "some are answered")
        detection.kill()
        until(lambda: bool(manager.waits(run_id)), "the run waits")
        assert manager.is_working(run_id)
    with detection:
        over(manager, run_id, 120)
    counts = manager.overview.counts(run_id).states
    assert counts[ItemState.DONE] == 120
    assert accounted(manager, run_id) == 121
    (failed,) = [one for one in manager.overview.answers(run_id) if one["state"] == ItemState.FAILED]
    assert failed["code"] == "INVALID_IMAGE"
    assert failed["request_id"]
    (model,) = {one["models"] for one in manager.overview.answers(run_id) if one["state"] == ItemState.DONE}
    assert json.loads(model)[0]["task"] == "face-detection"
    manager.close()


def test_the_session_lends_the_run_its_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with workbench_at(monkeypatch, tmp_path / "data", "http://127.0.0.1:9", "x.y.z"):
        access = session_access("local")
        assert access is not None
        assert access.token == "x.y.z"
        assert session_access("elsewhere") is None
