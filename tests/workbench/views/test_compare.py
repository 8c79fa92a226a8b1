"""Two faces compared, against a server that answers the contract and against the real one."""

from __future__ import annotations

import pytest
from contract_stub import CARDS, FACE, ContractStub, refusal, success
from service_process import ServiceProcess
from single_view import html, said, single_view
from streamlit.testing.v1 import AppTest

from bentos.contracts import ErrorCode, VerifyOptions, VerifyResult
from workbench.calls import RECOGNITION
from workbench.client import Endpoints, FaceSocialClient
from workbench.components.far import RATES
from workbench.components.picture import sample

TABLE = {"0.1": 0.3, "0.01": 0.47, "0.001": 0.62, "0.0001": 0.8}


@pytest.fixture
def carded(stub: ContractStub) -> ContractStub:
    """The model's card has thresholds by rate."""
    stub.will_answer("model", *[success(CARDS.model_copy(update={"thresholds": TABLE})) for _ in range(20)])
    return stub


def asked(stub: ContractStub) -> list[dict[str, str]]:
    return [dict(seen.fields) for seen in stub.seen if seen.path.endswith("verify")]


def values(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def test_the_verdict_stands_beside_both_faces(carded: ContractStub) -> None:
    page = single_view("compare", carded.url).run()
    assert not page.exception
    assert values(page) == ["No match", "0.610", "0.620", "97%"]
    assert html(page).count("<figure><img src=") == 2
    assert html(page).count('class="fs-box"') == 2
    assert "About 1 in 860 pairs of two people are as alike or more." in said(page)
    assert "no measured rates for pairs of one person" in said(page)
    assert "Request id `stub-request`" in said(page)


def test_moving_the_threshold_moves_the_verdict_and_asks_nobody(carded: ContractStub) -> None:
    page = single_view("compare", carded.url).run()
    page.select_slider(key="far").set_value(0.01).run()
    assert values(page)[:3] == ["One person", "0.610", "0.470"]
    page.select_slider(key="far").set_value(0.0001).run()
    assert values(page)[:3] == ["No match", "0.610", "0.800"]
    assert len(asked(carded)) == 1


def test_another_picture_or_choice_of_faces_is_asked_about(carded: ContractStub) -> None:
    page = single_view("compare", carded.url).run()
    page.toggle(key="clearest").set_value(False).run()
    page.button_group(key="second").set_value("Landscape").run()
    assert [fields["max_faces"] for fields in asked(carded)] == ["1", "0", "0"]
    verified = [seen for seen in carded.seen if seen.path.endswith("verify")]
    assert [name for name, _ in verified[0].files] == ["image_a", "image_b"]
    assert verified[1].files[1] != verified[2].files[1]


def test_a_model_that_was_replaced_is_asked_anew(stub: ContractStub) -> None:
    old, new = (CARDS.model_copy(update={"thresholds": TABLE, "digest": digit * 64}) for digit in "12")
    stub.will_answer("model", success(old), success(new))
    page = single_view("compare", stub.url).run()
    page.run()
    assert len(asked(stub)) == 2


def test_without_a_table_the_service_is_asked_for_each_rate(stub: ContractStub) -> None:
    page = single_view("compare", stub.url).run()
    assert values(page) == ["One person", "0.610", "0.470", "97%"]
    assert not page.get("vega_lite_chart")
    page.select_slider(key="far").set_value(0.0001).run()
    assert [fields["far"] for fields in asked(stub)] == ["0.001", "0.0001"]


def test_what_failed_is_asked_again(carded: ContractStub) -> None:
    carded.will_answer("verify", refusal(503, ErrorCode.OVERLOADED, Retry_After="7"))
    page = single_view("compare", carded.url).run()
    assert "asks to wait 7 s" in page.error[0].value
    page.button(key="compare again").click().run()
    assert not page.error
    assert values(page)[1] == "0.610"


def test_several_faces_are_explained(carded: ContractStub) -> None:
    carded.will_answer("verify", refusal(422, ErrorCode.MULTIPLE_FACES, "There are 5 faces in image_a."))
    page = single_view("compare", carded.url).run()
    assert "There are 5 faces in image_a." in page.error[0].value
    assert not page.metric


def test_a_name_with_markup_is_shown_as_it_is(carded: ContractStub) -> None:
    page = single_view("compare", carded.url).run()
    page.file_uploader(key="first upload").set_value(
        ("<b>x</b>.jpg", sample("Portrait").data, "image/jpeg")
    ).run()
    assert "&lt;b&gt;x" in html(page)
    assert "<b>x" not in html(page)


def test_what_cannot_be_shown_is_still_judged(carded: ContractStub) -> None:
    page = single_view("compare", carded.url).run()
    page.file_uploader(key="first upload").set_value(("odd.jpg", b"no picture", "image/jpeg")).run()
    assert not page.exception
    assert values(page)[1] == "0.610"
    assert html(page).count("<figure><img src=") == 1


def test_a_negative_similarity_has_its_place(carded: ContractStub) -> None:
    odd = VerifyResult(similarity=-0.4, threshold=0.6, match=False, probability=0, face_a=FACE, face_b=FACE)
    carded.will_answer("verify", success(odd))
    page = single_view("compare", carded.url).run()
    assert not page.exception
    assert "More than 1 in 10 pairs" in said(page)


def test_the_threshold_found_here_is_the_services_own(recognition: ServiceProcess) -> None:
    page = single_view("compare", recognition.url, recognition.token(), first="Portrait").run()
    assert not page.exception
    assert values(page)[0] == "One person"
    portrait = sample("Portrait").data
    with FaceSocialClient(Endpoints({RECOGNITION: recognition.url}), token=recognition.token()) as client:
        for far in RATES:
            page.select_slider(key="far").set_value(far).run()
            theirs = client.verify(portrait, portrait, VerifyOptions(far=far)).data
            assert values(page)[2] == f"{theirs.threshold:.3f}"
