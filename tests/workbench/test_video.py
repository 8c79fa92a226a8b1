"""Videos in the workbench: sending one, following its job, and its verdict over time."""

from __future__ import annotations

import io

import pytest
from contract_stub import JOB, VIDEO, ContractStub, refusal, success
from streamlit.testing.v1 import AppTest

from bentos.contracts import ErrorCode, JobFault, JobPage, JobStatus
from workbench.client import Endpoints, FaceSocialClient
from workbench.components import timeline

LIMIT_S = 30


def _script(address: str) -> None:
    from bentos.contracts import SERVICES
    from workbench.client import Endpoints, FaceSocialClient
    from workbench.components.bench import Bench
    from workbench.views import video

    services = {service.name: address for service in SERVICES}
    video.render(Bench("local", FaceSocialClient(Endpoints(services, None), token="a.b.c")))


def draw(stub: ContractStub, job: str | None = None) -> AppTest:
    page = AppTest.from_function(_script, kwargs={"address": stub.url}, default_timeout=LIMIT_S)
    if job is not None:
        page.query_params["job"] = job
    return page


def client_of(stub: ContractStub) -> FaceSocialClient:
    return FaceSocialClient(Endpoints({"deepfake-detection-service": stub.url}, None), token="a.b.c")


def test_without_a_job_it_asks_for_a_video(stub: ContractStub) -> None:
    stub.will_answer("jobs", success(JobPage(jobs=[])))
    page = draw(stub).run()
    assert not page.exception
    assert "Upload a video" in page.info[0].value
    assert "never evidence" in page.warning[0].value


def test_the_end_of_a_job_is_shown_over_time(stub: ContractStub) -> None:
    page = draw(stub, "job-1").run()
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["83%", "0:04.0", "5", "2"]
    assert [button.label for button in page.button if button.label.startswith("0:")] == [
        "0:02.0, 90%, face 1",
        "0:04.0, 30%, face 2",
    ]
    assert list(page.dataframe[0].value["Face"]) == ["face 1", "face 2"]


def test_a_moment_is_jumped_to(stub: ContractStub) -> None:
    page = draw(stub, "job-1").run()
    (button,) = (button for button in page.button if button.label.startswith("0:02.0"))
    button.click().run()
    assert page.session_state["jump to"] == 2.0


def test_a_running_job_shows_its_progress_and_can_be_cancelled(stub: ContractStub) -> None:
    running = success(JOB.model_copy(update={"status": JobStatus.RUNNING, "progress": 0.25, "result": None}))
    stub.will_answer("job-1", running, running, running, running)
    page = draw(stub, "job-1").run()
    assert not page.exception
    assert not page.metric
    (button,) = (button for button in page.button if button.label == "Cancel")
    button.click().run()
    assert [seen.method for seen in stub.seen if seen.method == "DELETE"] == ["DELETE"]


def test_a_failed_job_says_why(stub: ContractStub) -> None:
    fault = JobFault(code="NO_FACE", message="There is no face in the video.")
    failed = {"status": JobStatus.FAILED, "result": None, "error": fault, "attempts": 3}
    stub.will_answer("job-1", success(JOB.model_copy(update=failed)))
    page = draw(stub, "job-1").run()
    assert "NO_FACE" in page.error[0].value
    assert "There is no face in the video. It was begun 3 times." in page.error[0].value


def test_a_job_of_another_tenant_is_an_error_and_no_crash(stub: ContractStub) -> None:
    stub.will_answer("job-2", refusal(404, ErrorCode.NOT_FOUND, "There is no such job."))
    page = draw(stub, "job-2").run()
    assert not page.exception
    assert "There is no such job." in page.error[0].value


def test_an_earlier_job_is_opened(stub: ContractStub) -> None:
    page = draw(stub).run()
    page.button_group[0].set_value("job-1").run()
    assert page.query_params["job"] in ("job-1", ["job-1"])
    assert page.metric


@pytest.mark.parametrize("video", [b"bytes of a video", io.BytesIO(b"bytes of a video")])
def test_the_client_sends_a_video_once_and_follows_its_job(stub: ContractStub, video: bytes) -> None:
    with client_of(stub) as client:
        assert client.submit_video(video).data.job_id == "job-1"
        assert client.job("job-1").data == JOB
        assert client.jobs().data.jobs[0].job_id == "job-1"
        assert client.delete_job("job-1").data.status == "deleted"
    sent, asked, listed, _ = stub.seen
    assert sent.files == [("video", b"bytes of a video")]
    assert sent.fields == {"sample_fps": "2.0", "keep_upload": "False", "keep_thumbnails": "False"}
    assert (asked.path, listed.path) == ("/api/v1/jobs/job-1", "/api/v1/jobs")


def test_a_frame_without_a_face_has_no_score_in_the_chart() -> None:
    assert timeline.scores_of(VIDEO)["score"].isna().tolist() == [False, False, False, True, False]


def test_a_face_that_was_seen_once_has_a_bar() -> None:
    until = timeline.bars_of(VIDEO)["Until"].tolist()
    assert until == [3.0, 4.0], "a frame longer than it was seen, and not beyond the end"


def test_both_charts_have_the_players_axis() -> None:
    scores, tracks = timeline.score_chart(VIDEO, 0.5, 2.0), timeline.track_chart(VIDEO, 2.0)
    domains = [
        layer["encoding"]["x"]["scale"]["domain"] for layer in (scores["layer"][0], tracks["layer"][0])
    ]
    assert domains == [[0, 4.0], [0, 4.0]]
    assert timeline.clock(125.25) == "2:05.2"
