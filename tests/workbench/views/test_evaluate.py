"""The page of evaluations, against a server that answers the contract, a real MLflow and real services."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from contract_stub import CHECKED, ContractStub, refusal, success
from mlflow_server import MlflowServer
from service_process import ServiceProcess
from single_view import cells, said
from small_pictures import small_picture, zip_of
from streamlit.testing.v1 import AppTest
from workbench_pages import page_of, workbench_at

from bentos.contracts import CheckResult, ErrorCode
from workbench.components.picture import sample

LIVE = success(CheckResult(faces=[CHECKED.model_copy(update={"live": True, "score": 0.8})]))
LIVENESS = ("live/a.png", "live/b.png", "spoof/print/c.png", "spoof/replay/d.png")


@pytest.fixture(autouse=True)
def settings(stub: ContractStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with workbench_at(monkeypatch, tmp_path / "data", stub.url):
        yield


def pictures(*names: str) -> dict[str, bytes]:
    return {name: small_picture(number) for number, name in enumerate(names)}


def started(files: Mapping[str, bytes]) -> AppTest:
    page = page_of("evaluate").run()
    page.file_uploader(key="evaluate upload").set_value(("set.zip", zip_of(files), "application/zip")).run()
    return press(page, "Start on local")


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    button.click().run()
    assert not page.exception
    return page


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def by_class(stub: ContractStub) -> None:
    """Answers 0.8 to the first two requests that arrive, 0.31 afterwards."""
    stub.will_answer("check", LIVE, LIVE)


def test_before_anything_is_chosen() -> None:
    page = page_of("evaluate").run()
    assert not page.exception
    assert "Choose a labelled set" in said(page)


def test_liveness_by_folders_has_curves_confusion_and_its_own_rates(stub: ContractStub) -> None:
    by_class(stub)
    page = started(pictures(*LIVENESS))
    shown = metrics(page)
    assert shown["Answered"] == "4 of 4"
    assert {"AUC", "EER", "Accuracy", "APCER, worst", "BPCER"} <= shown.keys()
    assert {"is live", "is attack", "APCER, print", "APCER, replay", "BPCER"} <= set(cells(page))
    assert len(page.get("vega_lite_chart")) >= 1
    assert "Answered by `stub` 1.2.3." in said(page)


def test_the_threshold_moves_figures_and_errors_and_asks_nobody(stub: ContractStub) -> None:
    page = started(pictures(*LIVENESS))
    asked = len([seen for seen in stub.seen if seen.path.endswith("check")])
    (slider,) = [one for one in page.slider if one.label.startswith("Threshold")]
    slider.set_value(0.9).run()
    assert metrics(page)["BPCER"] == "100.0%"
    assert metrics(page)["APCER, worst"] == "0.0%"
    (slider,) = [one for one in page.slider if one.label.startswith("Threshold")]
    slider.set_value(0.1).run()
    assert metrics(page)["APCER, worst"] == "100.0%"
    errors = page.dataframe[-1].value
    assert set(errors["picture"]) == {"spoof/print/c.png", "spoof/replay/d.png"}
    assert all(str(value).startswith("data:image/jpeg") for value in errors["thumbnail 0"])
    assert len([seen for seen in stub.seen if seen.path.endswith("check")]) == asked == 4


def test_ages_and_groups_of_a_manifest() -> None:
    rows = "path,age,gender,group:camera\na.png,41,female,phone\nb.png,20-29,male,web\n"
    page = started({**pictures("a.png", "b.png"), "manifest.csv": rows.encode()})
    assert metrics(page)["MAE, years"] == "6.2"
    assert metrics(page)["CS@5"] == "50.0%"
    assert {"camera", "phone", "web"} <= set(cells(page))


def test_pairs_of_people() -> None:
    page = started(pictures("ann/a.png", "ann/b.png", "bob/c.png"))
    assert metrics(page)["Answered"] == "3 of 3"
    assert {"is one person", "is two people"} <= set(cells(page))


def test_an_archive_without_labels_says_what_is_wanted() -> None:
    page = started(pictures("a.png"))
    assert "manifest.csv" in page.error[0].value


def test_an_expired_token_keeps_what_was_answered_and_goes_on_with_another(stub: ContractStub) -> None:
    stub.will_answer("check", None, *[refusal(401, ErrorCode.INVALID_TOKEN, "The token has expired.")] * 3)
    page = started(pictures(*LIVENESS))
    assert "local: The token is not accepted" in page.error[0].value
    assert "1 of 4 pictures are answered and stay" in page.error[0].value
    page.text_input(key="token of local").set_value("new.token.now").run()
    stub.replies["check"].clear()
    press(page, "Go on")
    assert metrics(page)["Answered"] == "4 of 4"
    assert [seen for seen in stub.seen if seen.path.endswith("check")][-1].headers[
        "authorization"
    ] == "Bearer new.token.now"


def test_a_service_that_is_down_is_said(stub: ContractStub) -> None:
    stub.will_answer("check", *[refusal(503, ErrorCode.OVERLOADED, "Too much.", Retry_After="600")] * 3)
    page = started(pictures(*LIVENESS))
    assert "The service is busy" in page.error[0].value
    stub.replies["check"].clear()
    press(page, "Go on")
    assert metrics(page)["Answered"] == "4 of 4"


def test_without_a_registry_the_button_says_what_to_set(stub: ContractStub) -> None:
    page = started(pictures(*LIVENESS))
    assert [button.disabled for button in page.button if button.label == "Log to MLflow"] == [True]
    assert "FACESOCIAL_WORKBENCH_REGISTRY_URI" in said(page)


def test_the_button_logs_to_a_real_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("mlflow") is None:
        pytest.skip("the extra train is not installed")
    with MlflowServer(tmp_path / "mlflow") as server:
        monkeypatch.setenv("FACESOCIAL_WORKBENCH_REGISTRY_URI", server.uri)
        page = press(started(pictures(*LIVENESS)), "Log to MLflow")
        assert "Logged as [run" in page.success[-1].value
        found = httpx.post(f"{server.uri}/api/2.0/mlflow/runs/search", json={"experiment_ids": ["1"]}).json()
        assert "bpcer" in {metric["key"] for metric in found["runs"][0]["data"]["metrics"]}


def test_pairs_against_the_real_service(
    recognition: ServiceProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workbench_at(monkeypatch, tmp_path / "real", recognition.url, recognition.token()):
        named = json.dumps({"local": {"services": {"face-recognition-service": recognition.url}}})
        monkeypatch.setenv("FACESOCIAL_WORKBENCH_ENVIRONMENTS", named)
        rows = (
            "first,second,same\nportrait.jpg,copy.jpg,1\nportrait.jpg,group.jpg,0\nportrait.jpg,none.jpg,0\n"
        )
        portrait, group = sample("Portrait").data, sample("Group").data
        files = {"portrait.jpg": portrait, "copy.jpg": portrait, "group.jpg": group}
        page = started({**files, "none.jpg": sample("Landscape").data, "manifest.csv": rows.encode()})
        assert metrics(page)["Answered"] == "2 of 3"
        assert metrics(page)["AUC"] == "1.000"
        (slider,) = [one for one in page.slider if one.label.startswith("Threshold")]
        assert 0.2 < slider.value < 0.95
