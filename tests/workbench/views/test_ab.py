"""The A/B page, against two servers that answer the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_stub import CHECKED, ContractStub, refusal, success
from service_process import ServiceProcess, free_port
from single_view import cells, html, said
from streamlit.testing.v1 import AppTest
from workbench_pages import page_of, workbench_at

from bentos.contracts import CheckResult, ErrorCode

OTHER = CheckResult(faces=[CHECKED.model_copy(update={"live": True, "score": 0.9})])


@pytest.fixture
def challenger() -> Iterator[ContractStub]:
    with ContractStub() as server:
        yield server


@pytest.fixture(autouse=True)
def settings(
    stub: ContractStub, challenger: ContractStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    with workbench_at(monkeypatch, tmp_path / "data", stub.url):
        both(monkeypatch, stub.url, challenger.url)
        yield


def both(monkeypatch: pytest.MonkeyPatch, first: str, second: str) -> None:
    named = {"local": {"gateway": first}, "staging": {"gateway": second}}
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_ENVIRONMENTS", json.dumps(named))


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    return button.click()


def started(token: str = "d.e.f", **query: str) -> AppTest:
    page = page_of("ab", **{"ab task": "Liveness", **query}).run()
    for box in [box for box in page.text_input if box.key == "token of staging"][:1]:
        box.set_value(token)
    press(page, "Start").run()
    assert not page.exception
    return page


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_nothing_is_asked_before_somebody_starts(stub: ContractStub) -> None:
    page = page_of("ab").run()
    assert not page.exception
    assert "press Start" in said(page)
    assert [seen for seen in stub.seen if seen.method == "POST"] == []


def test_the_disagreement_comes_first_beside_both_pictures(challenger: ContractStub) -> None:
    challenger.will_answer("check", None, success(OTHER))
    page = started()
    assert metrics(page)["Agreement"] == "66.7%"
    assert "66.7% (9.4% to 99.2%)" in said(page)
    assert metrics(page)["Compared"] == "3 of 3"
    table = page.dataframe[-1].value
    assert table["kind"][0] == "verdict differs"
    assert (table["A"][0], table["B"][0]) == ("not live 31%, not judged", "live 90%")
    assert html(page).count('class="fs-box"') == 2
    assert "portrait.jpg: verdict differs" in said(page)
    assert {"stub", "1.2.3", "A", "B"} <= set(cells(page))
    assert page.get("vega_lite_chart")
    assert page.get("download_button")


def test_each_side_has_its_own_token(stub: ContractStub, challenger: ContractStub) -> None:
    started()
    sent = [
        {seen.headers["authorization"] for seen in server.seen if seen.path.endswith("check")}
        for server in (stub, challenger)
    ]
    assert sent == [{"Bearer a.b.c"}, {"Bearer d.e.f"}]


def test_a_side_that_is_down_leaves_the_others_answers(
    challenger: ContractStub, monkeypatch: pytest.MonkeyPatch, stub: ContractStub
) -> None:
    both(monkeypatch, stub.url, f"http://127.0.0.1:{free_port()}")
    page = started()
    assert "B (staging): The service does not answer" in page.error[0].value
    assert metrics(page)["A: mean latency"].endswith("ms")
    assert set(page.dataframe[-1].value["A"]) == {"not live 31%, not judged"}
    assert html(page).count('class="fs-box"') == 1
    assert "Not answered yet." in said(page)
    both(monkeypatch, stub.url, challenger.url)
    press(page, "Go on").run()
    assert not page.error
    assert metrics(page)["Agreement"] == "100.0%"
    assert len([seen for seen in stub.seen if seen.path.endswith("check")]) == 3


def test_an_expired_token_says_where_to_put_another(challenger: ContractStub) -> None:
    challenger.will_answer("check", refusal(401, ErrorCode.INVALID_TOKEN, "The token has expired."))
    page = started()
    assert "B (staging): The token is not accepted" in page.error[0].value
    assert "belongs under What to compare" in page.error[0].value
    page.text_input(key="token of staging").set_value("new.token.now")
    press(page, "Go on").run()
    assert not page.error
    assert challenger.seen[-1].headers["authorization"] == "Bearer new.token.now"


def test_one_deployment_before_and_after(stub: ContractStub) -> None:
    page = started(b="local")
    assert "A is answered by stub 1.2.3" in said(page)
    assert len([seen for seen in stub.seen if seen.path.endswith("check")]) == 3
    press(page, "Ask B now").run()
    assert not page.exception
    assert metrics(page)["Agreement"] == "100.0%"
    assert "Both sides run the same models and versions." in said(page)
    assert len([seen for seen in stub.seen if seen.path.endswith("check")]) == 6


@pytest.mark.parametrize("task", ["Detect", "Deepfake", "Demographics"])
def test_every_task_can_be_compared(task: str) -> None:
    page = started(**{"ab task": task})
    assert metrics(page)["Agreement"] == "100.0%"
    assert set(page.dataframe[-1].value["kind"]) == {"same"}


def test_a_real_service_agrees_with_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, name = tmp_path / "service", "face-detection-service"
    folder.mkdir()
    own = {"FACESOCIAL_MODEL_SOURCE": "own", "FACESOCIAL_BATCH_MODE": "process"}
    with ServiceProcess(name, folder, folder, own) as service:
        named = {"local": {"services": {name: service.url}}}
        monkeypatch.setenv("FACESOCIAL_WORKBENCH_ENVIRONMENTS", json.dumps(named))
        monkeypatch.setenv("FACESOCIAL_WORKBENCH_TOKEN", service.token())
        page = press(started(**{"ab task": "Detect"}), "Ask B now").run()
    assert not page.exception
    assert metrics(page)["Agreement"] == "100.0%"
    table = page.dataframe[-1].value.set_index("picture")
    assert set(table["kind"]) == {"same"}
    assert len(table.loc["portrait.jpg", "A"].split(", ")) == 1
    assert table.loc["landscape.jpg", "A"] == "no face"


def test_an_upload_without_pictures_is_said() -> None:
    page = page_of("ab", **{"ab source": "Upload"}).run()
    page.file_uploader(key="ab upload").set_value(("letter.jpg", b"Dear Sir", "image/jpeg")).run()
    press(page, "Start").run()
    assert "no picture in it that could be sent" in page.warning[0].value


def test_a_picture_can_be_chosen_and_kinds_filtered(challenger: ContractStub) -> None:
    challenger.will_answer("check", None, success(OTHER))
    page = started()
    page.button_group(key="ab kinds").set_value(["same"]).run()
    assert not page.exception
    assert set(page.dataframe[-1].value["kind"]) == {"same"}
