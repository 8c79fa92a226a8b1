"""Videos as jobs through the running service, on both sets of stores. No worker runs here."""

from __future__ import annotations

import threading
import uuid

import httpx
from integration.galleries import API, Caller
from integration.videos import (
    FORM,
    LIMIT_S,
    PIECE,
    Deepfake,
    nothing_stays,
    pieces,
    refused,
    submit,
    submitted,
    uploads,
)
from service_process import ServiceProcess

MB = 1_000_000


def test_a_video_becomes_a_job_that_can_be_seen_and_cancelled(videos: Caller, clip: bytes) -> None:
    answer = submit(videos, clip, sample_fps="0.5", keep_upload="true")
    assert answer.status_code == 202, answer.text
    data = answer.json()["data"]
    assert data["status"] == "queued"
    assert answer.headers["location"] == f"{API}/jobs/{data['job_id']}"
    assert answer.json()["meta"]["request_id"] == answer.headers["x-request-id"]
    assert uploads(videos.service) >= {data["job_id"]}
    seen = videos.as_role("viewer").data("GET", f"/jobs/{data['job_id']}")
    assert (seen["status"], seen["progress"], seen["result"]) == ("queued", 0, None)
    assert seen["upload_kept"]
    second = submitted(videos, clip)
    page = videos.data("GET", "/jobs?limit=1")
    assert [job["job_id"] for job in page["jobs"]] == [second]
    rest = videos.data("GET", f"/jobs?limit=1&cursor={page['next_cursor']}")
    assert [job["job_id"] for job in rest["jobs"]] == [data["job_id"]]
    assert videos.data("GET", "/jobs?status=succeeded")["jobs"] == []
    assert videos.error("GET", "/jobs?status=odd", 400) == "INVALID_REQUEST"
    assert videos.error("GET", "/jobs?cursor=odd", 400) == "INVALID_REQUEST"
    assert videos.data("DELETE", f"/jobs/{second}") == {"job_id": second, "status": "cancelled"}
    assert videos.data("GET", f"/jobs/{second}")["status"] == "cancelled"
    assert second not in uploads(videos.service)
    assert videos.data("DELETE", f"/jobs/{second}") == {"job_id": second, "status": "deleted"}
    assert videos.error("GET", f"/jobs/{second}", 404) == "NOT_FOUND"


def test_a_repeat_with_the_same_key_finds_the_first_job(videos: Caller, clip: bytes) -> None:
    key = uuid.uuid4().hex
    first = submit(videos, clip, key, sample_fps="3")
    assert "idempotency-replayed" not in first.headers
    with nothing_stays(videos.service):
        again = submit(videos, clip, key, sample_fps="3")
        assert again.status_code == 202
        assert again.json()["data"] == first.json()["data"]
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["idempotency-replayed"] == "true"
        refused(submit(videos, clip + b"more", key, sample_fps="3"), 409, "CONFLICT")
        refused(submit(videos, clip, key, sample_fps="4"), 409, "CONFLICT")
        refused(submit(videos, clip, "not a key"), 400, "INVALID_REQUEST")
    other = submit(Caller(videos.service, uuid.uuid4().hex), clip, key, sample_fps="4")
    assert other.json()["data"]["job_id"] != first.json()["data"]["job_id"]
    assert len(videos.data("GET", "/jobs")["jobs"]) == 1


def test_ten_repeats_at_once_make_one_job(videos: Caller, clip: bytes) -> None:
    key = uuid.uuid4().hex
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(submit(videos, clip, key))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert [answer.status_code for answer in answers] == [202] * 10
    (job_id,) = {answer.json()["data"]["job_id"] for answer in answers}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert job_id in uploads(videos.service)
    assert not any(name.endswith(".part") for name in uploads(videos.service))


def test_another_tenant_and_a_viewer_can_do_nothing(embedded_videos: Caller, clip: bytes) -> None:
    job_id = submitted(embedded_videos, clip)
    theirs = Caller(embedded_videos.service, uuid.uuid4().hex, "admin")
    routes = [("GET", f"/jobs/{job_id}"), ("DELETE", f"/jobs/{job_id}"), ("GET", f"/jobs/{job_id}/events")]
    for method, path in routes:
        assert theirs.error(method, path, 404) == "NOT_FOUND", (method, path)
    _every_route_with_an_id_was_tried(embedded_videos.service, len(routes))
    assert theirs.data("GET", "/jobs")["jobs"] == []
    viewer = embedded_videos.as_role("viewer")
    with nothing_stays(embedded_videos.service):
        refused(submit(viewer, clip), 403, "FORBIDDEN")
    assert viewer.error("DELETE", f"/jobs/{job_id}", 403) == "FORBIDDEN"
    assert embedded_videos.data("GET", f"/jobs/{job_id}")["status"] == "queued"
    assert job_id in uploads(embedded_videos.service)


def _every_route_with_an_id_was_tried(service: ServiceProcess, tried: int) -> None:
    paths = httpx.get(f"{service.url}/docs.json", trust_env=False).json()["paths"]
    assert sum(len(methods) for path, methods in paths.items() if "{" in path) == tried


def test_limits_are_said_with_their_codes(deepfake: Deepfake, clip: bytes) -> None:
    settings = {"FACESOCIAL_VIDEO_MAX_BYTES": str(PIECE), "FACESOCIAL_VIDEO_JOBS_PER_TENANT": "1"}
    with deepfake(**settings) as service:
        caller = Caller(service)
        with nothing_stays(service):
            for size in (2 * PIECE, 10 * PIECE):
                for headers in (FORM, FORM | {"Content-Length": str(sum(map(len, pieces(size))))}):
                    answer = caller.call("POST", "/videos", content=pieces(size), headers=headers)
                    error = refused(answer, 413, "PAYLOAD_TOO_LARGE")
                    assert error["details"]["limit_bytes"] in (PIECE, PIECE + MB)
        job_id = submitted(caller, clip)
        with nothing_stays(service):
            answer = submit(caller, clip)
            refused(answer, 429, "RATE_LIMITED")
            assert int(answer.headers["retry-after"]) >= 1
        caller.data("DELETE", f"/jobs/{job_id}")
        submitted(caller, clip)


def test_a_full_disk_is_overloaded_before_anything_is_read(deepfake: Deepfake, clip: bytes) -> None:
    with deepfake(FACESOCIAL_VIDEO_MIN_FREE_BYTES=str(1 << 60)) as service, nothing_stays(service):
        answer = submit(Caller(service), clip)
        refused(answer, 503, "OVERLOADED")
        assert int(answer.headers["retry-after"]) >= 1


def test_the_document_says_what_the_contract_says(embedded_deepfake: ServiceProcess) -> None:
    document = httpx.get(f"{embedded_deepfake.url}/docs.json", trust_env=False).json()
    paths = document["paths"]
    submit = paths[f"{API}/videos"]["post"]
    assert {"202", "400", "401", "403", "409", "413", "415", "429", "503"} <= submit["responses"].keys()
    assert list(submit["requestBody"]["content"]) == ["multipart/form-data"]
    form = submit["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["video"]
    assert {"video", "sample_fps", "webhook_url"} <= form["properties"].keys()
    assert form["properties"]["sample_fps"]["default"] == 2
    assert {one["name"] for one in paths[f"{API}/jobs"]["get"]["parameters"]} == {"limit", "cursor", "status"}
    assert paths[f"{API}/jobs/{{job_id}}"].keys() == {"get", "delete"}
    events = paths[f"{API}/jobs/{{job_id}}/events"]["get"]
    assert list(events["responses"]["200"]["content"]) == ["text/event-stream"]
    assert "Location" in submit["responses"]["202"]["headers"]


def test_the_database_is_a_dependency(videos: Caller) -> None:
    found = httpx.get(f"{videos.service.url}/health", trust_env=False).json()
    assert found["status"] == "ok"
    assert found["dependencies"]["database"] == "ok"
