"""The views that judge faces, each state drawn by Streamlit against a server that answers the contract."""

from __future__ import annotations

import pytest
from contract_stub import ContractStub, refusal
from streamlit.testing.v1 import AppTest

from bentos.contracts import CheckResult, EmbedResult, ErrorCode, EstimateResult

LIMIT_S = 30
JUDGING = {"liveness": "check", "deepfake": "analyze", "demographics": "estimate"}
SAID = {
    "liveness": ["not live", "31%", "60%", "9%"],
    "deepfake": ["suspicious", "83%"],
    "demographics": ["41", "33 to 49", "female", "91%"],
}


def _script(address: str, view: str) -> None:
    from importlib import import_module

    from bentos.contracts import SERVICES
    from workbench.client import Endpoints, FaceSocialClient
    from workbench.components.bench import Bench

    services = {service.name: address for service in SERVICES}
    client = FaceSocialClient(Endpoints(services, None), token="a.b.c")
    import_module(f"workbench.views.{view}").render(Bench("local", client))


def draw(stub: ContractStub, view: str) -> AppTest:
    return AppTest.from_function(_script, kwargs={"address": stub.url, "view": view}, default_timeout=LIMIT_S)


def cells(page: AppTest) -> list[str]:
    return [str(value) for table in page.dataframe for value in table.value.to_numpy().ravel()]


def text(page: AppTest) -> str:
    kinds = (page.error, page.warning, page.info, page.caption, page.markdown)
    return "\n".join(element.value for kind in kinds for element in kind)


def html(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


@pytest.mark.parametrize("view", JUDGING)
def test_a_verdict_stands_in_the_picture_in_a_table_and_as_json(stub: ContractStub, view: str) -> None:
    page = draw(stub, view).run()
    assert not page.exception
    assert set(SAID[view]) <= set(cells(page))
    assert html(page).count('class="fs-box"') == 1
    assert "Request id `stub-request`" in text(page)
    assert "Everything that is no stub" in text(page)
    assert page.json


@pytest.mark.parametrize("view", JUDGING)
def test_a_service_that_refuses_says_what_to_do(stub: ContractStub, view: str) -> None:
    stub.will_answer(JUDGING[view], refusal(422, ErrorCode.NO_FACE, "There is no face in the picture."))
    page = draw(stub, view).run()
    assert not page.exception
    assert "There is no face in the picture." in page.error[0].value
    assert "Choose a picture with a face" in page.error[0].value
    assert page.button


def test_a_face_that_was_not_judged_is_said_with_its_reason(stub: ContractStub) -> None:
    page = draw(stub, "liveness").run()
    assert "A face was not judged** (too_small). It is too small." in text(page)


def test_the_threshold_of_liveness_is_sent(stub: ContractStub) -> None:
    page = draw(stub, "liveness").run()
    page.slider(key="threshold").set_value(0.8).run()
    sent = [seen for seen in stub.seen if seen.path.endswith("check")]
    assert sent[-1].fields["threshold"] == "0.8"


def test_deepfake_warns_that_a_score_is_no_evidence(stub: ContractStub) -> None:
    assert "never evidence" in draw(stub, "deepfake").run().warning[0].value


def test_no_estimate_without_a_face(stub: ContractStub) -> None:
    from contract_stub import success

    stub.will_answer("estimate", success(EstimateResult(faces=[])))
    page = draw(stub, "demographics").run()
    assert not page.exception
    assert "No face was found" in text(page)


def test_all_five_are_asked_about_the_faces_that_detection_found(stub: ContractStub) -> None:
    page = draw(stub, "all_five").run()
    assert not page.exception
    asked = {seen.path.rsplit("/", 1)[-1]: seen for seen in stub.seen}
    assert {"detect", "embed", "check", "analyze", "estimate"} <= asked.keys()
    for operation in ("embed", "check", "analyze", "estimate"):
        assert asked[operation].fields["faces"].startswith('[{"box"')
    assert {"2 numbers", "no (31%)", "suspicious (83%)", "41 (33 to 49)", "female"} <= set(cells(page))


def test_one_service_down_does_not_blank_the_others(stub: ContractStub) -> None:
    stub.will_answer("analyze", refusal(500, ErrorCode.INTERNAL_ERROR, "Something went wrong."))
    page = draw(stub, "all_five").run()
    assert not page.exception
    assert any("Deepfake detection" in warning.value for warning in page.warning)
    assert "41 (33 to 49)" in cells(page)


@pytest.mark.parametrize("result", [CheckResult(faces=[]), EmbedResult(faces=[], dimension=2)])
def test_an_answer_of_another_kind_is_an_error_and_no_crash(stub: ContractStub, result: object) -> None:
    from contract_stub import success

    stub.will_answer("analyze", success(result))  # type: ignore[arg-type]
    page = draw(stub, "deepfake").run()
    assert not page.exception
    assert page.error
