"""The page of the batch runs, each state drawn against a server that answers the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_runs import over, states, until
from contract_stub import ContractStub, refusal
from single_view import cells, said
from small_pictures import picture_folder, small_picture, zip_of
from streamlit.testing.v1 import AppTest
from workbench_pages import page_of, workbench_at

from bentos.contracts import ErrorCode
from workbench.components.stores import run_manager
from workbench.runs.model import Wanted


@pytest.fixture(autouse=True)
def settings(stub: ContractStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with workbench_at(monkeypatch, tmp_path / "data", stub.url):
        yield


def started(tmp_path: Path, count: int = 20, **query: str) -> AppTest:
    picture_folder(tmp_path / "drawn", count)
    page = page_of("batch_run", source="Folder", **query).run()
    page.text_input(key="folder").set_value(str(tmp_path / "drawn")).run()
    press(page, "Start on local").run()
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    button.click()
    return page


def run_of(page: AppTest) -> str:
    return carried(page, "run")


def carried(page: AppTest, name: str) -> str:
    """What the link carries, whether the page or the test put it there."""
    value = page.query_params[name]
    return value if isinstance(value, str) else value[0]


def ended(page: AppTest) -> AppTest:
    over(run_manager(), run_of(page))
    page.run()
    assert not page.exception
    return page


def test_before_the_first_run(stub: ContractStub) -> None:
    page = page_of("batch_run").run()
    assert not page.exception
    assert "None yet." in said(page)
    assert [button.disabled for button in page.button if button.label == "Start on local"] == [True]


def test_a_folder_is_sent_and_its_results_stand_in_a_table(tmp_path: Path) -> None:
    page = ended(started(tmp_path))
    assert {metric.label.split()[-1]: metric.value for metric in page.metric} == {
        "waiting": "0", "sent": "0", "done": "20", "failed": "0", "skipped": "0",
    }  # fmt: skip
    assert "20 of 20 pictures" in said(page)
    assert list(page.dataframe[0].value["picture"])[:2] == ["00000.png", "00001.png"]
    assert all(str(value).startswith("data:image/jpeg") for value in page.dataframe[0].value["thumbnail"])


def test_another_browser_sees_the_same_run(tmp_path: Path) -> None:
    first = started(tmp_path)
    second = page_of("batch_run", run=run_of(first)).run()
    ended(second)
    assert "20 of 20 pictures" in said(second)


def test_a_run_that_is_gone_is_said_so() -> None:
    page = page_of("batch_run", run="gone").run()
    assert not page.exception
    assert "There is no such run" in said(page)


def test_filters_leave_what_they_say(tmp_path: Path, stub: ContractStub) -> None:
    page = ended(started(tmp_path, tasks="Liveness"))
    page.text_input(key="text").set_value("00007").run()
    assert "1 of 20 pictures" in said(page)
    page.text_input(key="text").set_value("").run()
    page.multiselect(key="said").set_value(["not judged"]).run()
    assert "20 of 20 pictures" in said(page)
    page.slider(key="scores").set_value((0.9, 1.0)).run()
    assert "No picture is left by these filters." in said(page)


def test_an_item_is_drawn_with_its_faces_and_the_keys_walk_on(tmp_path: Path) -> None:
    page = ended(started(tmp_path))
    page.query_params["item"] = "3"
    page.run()
    assert not page.exception
    assert "3. 00002.png" in said(page)
    html = "".join(element.proto.body for element in page.get("html"))
    assert html.count('class="fs-box"') == 2
    press(page, "Next").run()
    assert carried(page, "item") == "4"
    assert {button.label: button.proto.shortcut for button in page.button if button.proto.shortcut} == {
        "Previous": "k", "Next": "j", "Right": "y", "Wrong": "n",
    }  # fmt: skip


def test_an_item_is_marked_and_the_mark_is_shown(tmp_path: Path) -> None:
    page = ended(started(tmp_path))
    page.query_params["item"] = "1"
    press(page.run(), "Right").run()
    assert not page.exception
    assert "Marked **:material/check_circle: right**" in said(page)
    page.query_params["item"] = "2"
    assert "Marked" not in said(page.run())


def test_uploads_and_what_is_wrong_with_them(stub: ContractStub) -> None:
    page = page_of("batch_run").run()
    page.file_uploader(key="run upload").set_value(
        [("a.png", small_picture(1), "image/png"), ("letter.jpg", b"Dear Sir", "image/jpeg")]
    ).run()
    page = ended(press(page, "Start on local").run())
    assert {"letter.jpg", "No JPEG, PNG, WebP or BMP"} <= set(cells(page))
    assert states(run_manager(), run_of(page)) == {"done": 1, "skipped": 1}


def test_a_zip_beside_pictures_is_refused() -> None:
    page = page_of("batch_run").run()
    files = [("a.png", small_picture(1), "image/png"), ("b.zip", zip_of({"a": b"a"}), "application/zip")]
    page.file_uploader(key="run upload").set_value(files).run()
    assert "one ZIP file, or pictures; not both" in said(page)


def test_a_folder_outside_of_those_that_may_be_read_is_refused() -> None:
    page = page_of("batch_run", source="Folder").run()
    page.text_input(key="folder").set_value("/etc").run()
    assert "not below a folder that the workbench may read" in page.error[0].value


def test_a_workbench_that_others_reach_reads_no_folder_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_FOLDERS", "[]")
    page = page_of("batch_run", source="Folder").run()
    assert "FACESOCIAL_WORKBENCH_FOLDERS" in said(page)


def test_a_service_that_is_away_is_said_and_waited_for(tmp_path: Path, stub: ContractStub) -> None:
    stub.will_answer("batch", *[refusal(503, ErrorCode.DEPENDENCY_UNAVAILABLE, "Starting.")] * 4)
    page = started(tmp_path)
    manager = run_manager()
    until(lambda: bool(manager.waits(run_of(page))), "the run waits")
    page.run()
    assert "Waiting for face-detection-service since" in said(page)
    assert "Starting." in said(page)
    ended(page)
    assert states(manager, run_of(page)) == {"done": 20}


def test_an_expired_token_stops_the_run_and_says_what_to_do(tmp_path: Path, stub: ContractStub) -> None:
    stub.will_answer("batch", *[refusal(401, ErrorCode.INVALID_TOKEN, "The token has expired.")] * 2)
    page = started(tmp_path)
    manager, run_id = run_manager(), run_of(page)
    until(lambda: not manager.is_working(run_id), "the run stops")
    page.run()
    assert "The token has expired." in page.error[0].value
    assert "Paste a valid token for local" in page.error[0].value
    page.text_input(key="token of local").set_value("new.token.now").run()
    ended(page)
    assert states(manager, run_id) == {"done": 20}
    assert stub.seen[-1].headers["authorization"] == "Bearer new.token.now"


def test_pause_go_on_and_cancel(tmp_path: Path, stub: ContractStub) -> None:
    stub.will_answer("batch", *[refusal(503, ErrorCode.OVERLOADED, Retry_After="1")] * 40)
    page = started(tmp_path)
    manager, run_id = run_manager(), run_of(page)
    press(page, "Pause").run()
    until(lambda: not manager.is_working(run_id), "the run pauses")
    page.run()
    assert manager.ledger.wanted(run_id) is Wanted.PAUSE
    press(page, "Go on").run()
    assert manager.ledger.wanted(run_id) is Wanted.RUN
    press(page, "Cancel").run()
    until(lambda: not manager.is_working(run_id), "the run ends")
    page.run()
    assert states(manager, run_id) == {"skipped": 20}
    assert not [button for button in page.button if button.label in ("Pause", "Go on", "Cancel")]


def test_a_run_is_deleted_with_its_folder(tmp_path: Path) -> None:
    page = ended(started(tmp_path))
    press(page, "Delete this run").run()
    assert not page.exception
    assert "None yet." in said(page)
    assert list((tmp_path / "data" / "runs").iterdir()) == []


def test_the_failed_are_sent_again(tmp_path: Path, stub: ContractStub) -> None:
    stub.will_answer("batch", refusal(500, ErrorCode.INTERNAL_ERROR))
    stub.will_answer("detect", *[refusal(500, ErrorCode.INTERNAL_ERROR)] * 3)
    page = ended(started(tmp_path))
    assert states(run_manager(), run_of(page)) == {"done": 17, "failed": 3}
    assert "detect: INTERNAL_ERROR" in cells(page)
    page = ended(press(page, "Run the 3 failed again").run())
    assert states(run_manager(), run_of(page)) == {"done": 20}
