"""Each state of the workbench, drawn by Streamlit against a server that answers the contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract_stub import HEALTH, RESULT, ContractStub, refusal, success
from service_process import free_port
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from bentos.contracts import ErrorCode

LIMIT_S = 30


def _script(address: str, token: str | None, token_file: str | None) -> None:
    from workbench.app import main
    from workbench.settings import Environment, WorkbenchSettings

    services = {"face-detection-service": address}
    here = Environment(services=services, token_file=token_file)
    there = Environment(gateway="http://127.0.0.1:9")
    main(WorkbenchSettings(environments={"local": here, "far": there}, token=token))


def app(address: str, *, token: str | None = "a.b.c", token_file: Path | None = None) -> AppTest:
    names = {"address": address, "token": token, "token_file": str(token_file) if token_file else None}
    return AppTest.from_function(_script, kwargs=names, default_timeout=LIMIT_S)


def html(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def said(page: AppTest) -> str:
    kinds = (page.error, page.warning, page.info, page.caption, page.markdown)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_a_picture_is_sent_and_its_faces_are_drawn(stub: ContractStub):
    page = app(stub.url).run()
    assert not page.exception
    assert page.metric[0].value == "2"
    (sent,) = [seen for seen in stub.seen if seen.path.endswith("detect")]
    samples = Path(__file__).parents[2] / "workbench" / "samples"
    assert sent.files == [("image", (samples / "group.jpg").read_bytes())]
    assert html(page).count('class="fs-box"') == 2
    assert html(page).count('class="fs-dot fs-eye" style') == 4
    assert "left:20.000%;top:12.500%;width:30.000%;height:50.000%" in html(page)
    assert 'alt="Group: 2 faces found"' in html(page)


def test_timings_quality_request_id_and_json_stand_beside_it(stub):
    page = app(stub.url).run()
    assert "| Decode | 1.5 |" in said(page)
    assert "| Service in all | 4.2 |" in said(page)
    assert "Round trip" in said(page)
    assert "stub-request" in said(page)
    assert "`stub` 1.2.3" in said(page)
    table = page.dataframe[0].value
    assert list(table["Face"]) == [1, 2]
    assert list(table["Score"]) == [0.93, 0.71]
    assert str(table["Pitch"][0]) == "0.0"
    assert '"request_id"' in page.json[0].value


def test_sliders_are_sent(stub):
    page = app(stub.url).run()
    page.slider(key="min_score").set_value(0.3).run()
    page.slider(key="min_size").set_value(40).run()
    page.slider(key="max_faces").set_value(3).run()
    assert stub.seen[-2].fields == {"min_score": "0.3", "min_size": "40.0", "max_faces": "3"}


def test_a_link_carries_the_settings(stub):
    page = app(stub.url)
    page.query_params["min_score"] = "0.75"
    page.query_params["max_faces"] = "2"
    page.query_params["picture"] = "Portrait"
    page.run()
    assert page.slider(key="min_score").value == 0.75
    sent = stub.seen[0]
    assert (sent.fields["min_score"], sent.fields["max_faces"]) == ("0.75", "2")
    samples = Path(__file__).parents[2] / "workbench" / "samples"
    assert sent.files[0][1] == (samples / "portrait.jpg").read_bytes()


def test_a_link_with_nonsense_shows_the_page_with_usual_settings(stub):
    page = app(stub.url)
    page.query_params["min_score"] = "eleven"
    page.query_params["max_faces"] = "-5"
    page.query_params["picture"] = "../../etc/passwd"
    page.query_params["environment"] = "moon"
    page.run()
    assert not page.exception
    assert stub.seen[0].fields == {"min_score": "0.6", "min_size": "0.0", "max_faces": "0"}


def test_nothing_chosen(stub):
    page = app(stub.url).run()
    before = len(stub.seen)
    page.button_group(key="picture").set_value(None).run()
    assert "Choose a sample picture" in page.info[0].value
    assert [seen.path for seen in stub.seen[before:]] == ["/health"]


def test_no_face(stub):
    stub.will_answer("detect", success(RESULT.model_copy(update={"faces": []})))
    page = app(stub.url).run()
    assert "No face was found" in page.info[0].value
    assert not page.dataframe
    assert 'class="fs-box"' not in html(page)


@pytest.mark.parametrize(
    ("status", "code", "title", "remedy"),
    [
        (400, ErrorCode.INVALID_IMAGE, "cannot be read", "JPEG, PNG, WebP and BMP"),
        (401, ErrorCode.MISSING_TOKEN, "No token yet", "sidebar"),
        (401, ErrorCode.INVALID_TOKEN_FORMAT, "That is no token", "sidebar"),
        (401, ErrorCode.INVALID_TOKEN, "not accepted", "facesocial token"),
        (403, ErrorCode.FORBIDDEN, "role", "higher role"),
        (413, ErrorCode.PAYLOAD_TOO_LARGE, "too large", "20 MB and 50 megapixels"),
        (500, ErrorCode.INTERNAL_ERROR, "failed", "request id"),
        (418, "TEAPOT", "TEAPOT", "Said by the stub"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(stub, status, code, title, remedy):
    stub.will_answer("detect", refusal(status, code))
    page = app(stub.url).run()
    assert not page.exception
    (box,) = page.error
    assert title in box.value
    assert remedy in box.value
    assert "Said by the stub." in box.value
    assert "stub-error" in said(page)
    assert not page.metric


@pytest.mark.parametrize("code", [ErrorCode.OVERLOADED, ErrorCode.MODEL_UNAVAILABLE, ErrorCode.RATE_LIMITED])
def test_a_busy_service_says_how_long_and_can_be_asked_again(stub, code):
    stub.will_answer(
        "detect", refusal(429 if code == ErrorCode.RATE_LIMITED else 503, code, Retry_After="30")
    )
    page = app(stub.url).run()
    assert "asks to wait 30 s" in page.error[0].value
    page.button(key="detect again").click().run()
    assert not page.error
    assert page.metric[0].value == "2"


def test_a_service_that_is_down_is_named_with_its_address():
    address = f"http://127.0.0.1:{free_port()}"
    page = app(address).run()
    assert not page.exception
    assert address in page.error[0].value
    assert "make up" in page.error[0].value
    assert "**Face detection** does not answer" in said(page)


def test_an_answer_of_another_program_is_said_so(stub):
    stub.will_answer("detect", Response("<h1>It works!</h1>", media_type="text/html"))
    page = app(stub.url).run()
    assert "cannot be understood" in page.error[0].value


def test_a_token_is_typed_and_stays_out_of_the_link(stub):
    page = app(stub.url, token=None).run()
    assert "No token yet" in page.error[0].value
    field = page.text_input(key="token of local")
    assert field.proto.type == field.proto.PASSWORD
    field.set_value("  Bearer typed.by.hand \n").run()
    assert not page.error
    assert [seen.headers.get("authorization") for seen in stub.seen if seen.path.endswith("detect")] == [
        None,
        "Bearer typed.by.hand",
    ]
    assert "typed.by.hand" not in str(dict(page.query_params))


def test_text_that_is_no_token_is_not_sent(stub):
    page = app(stub.url, token=None).run()
    page.text_input(key="token of local").set_value("not a tökén").run()
    assert not page.exception
    assert "The token is none" in said(page)
    assert all("authorization" not in seen.headers for seen in stub.seen)


def test_a_token_file_is_read_anew(stub, tmp_path):
    file = tmp_path / "token"
    file.write_text("old.old.old")
    page = app(stub.url, token_file=file).run()
    file.write_text("new.new.new")
    page.run()
    assert stub.seen[0].headers["authorization"] == "Bearer old.old.old"
    assert stub.seen[-1].headers["authorization"] == "Bearer new.new.new"


def test_a_typed_token_goes_before_the_file(stub, tmp_path):
    file = tmp_path / "token"
    file.write_text("old.old.old")
    page = app(stub.url, token_file=file).run()
    field = page.text_input(key="token of local")
    assert "old.old.old" not in str(field.proto)
    field.set_value("typed.by.hand").run()
    assert stub.seen[-1].headers["authorization"] == "Bearer typed.by.hand"


def test_a_token_file_that_is_gone_leaves_the_field(stub, tmp_path):
    page = app(stub.url, token_file=tmp_path / "nowhere").run()
    assert not page.exception
    assert "cannot be read" in page.warning[0].value
    assert page.text_input(key="token of local")


def test_another_environment_gets_no_token_of_this_one(stub):
    page = app(stub.url).run()
    page.selectbox(key="environment").set_value("far").run()
    assert not page.exception
    assert page.text_input(key="token of far").value == ""
    assert "does not answer" in page.error[0].value


@pytest.mark.parametrize(
    ("health", "line"),
    [
        (HEALTH, "**Face detection** is ready"),
        (HEALTH.model_copy(update={"status": "starting"}), "is starting"),
        (
            HEALTH.model_copy(update={"status": "degraded", "dependencies": {"redis": "unavailable"}}),
            "without redis",
        ),
    ],
)
def test_health_of_the_services(stub, health, line):
    stub.will_answer("health", Response(health.model_dump_json(), media_type="application/json"))
    assert line in said(app(stub.url).run())


def test_a_service_without_an_address(stub):
    def script() -> None:
        from workbench.app import main
        from workbench.settings import Environment, WorkbenchSettings

        other = Environment(services={"antispoofing-service": "http://127.0.0.1:9"})
        main(WorkbenchSettings(environments={"local": other}))

    page = AppTest.from_function(script, default_timeout=LIMIT_S).run()
    assert not page.exception
    assert "Choose another environment" in page.error[0].value
    assert "**Face detection** has no address here" in said(page)
