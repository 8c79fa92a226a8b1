"""The client against a real server that answers the contract."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Iterator

import pytest
from contract_stub import ANSWERS, FACE, RESULT, ContractStub, refusal
from service_process import free_port
from starlette.responses import Response

from bentos.contracts import CheckBatchOptions, CheckOptions, ErrorCode, FaceOptions, GivenFace, VerifyOptions
from workbench.client import (
    ApiError,
    AsyncFaceSocialClient,
    ConnectionFailed,
    Endpoints,
    FaceSocialClient,
    NotConfigured,
    RetryPolicy,
    UnexpectedAnswer,
)

DETECTION = "face-detection-service"
QUICK = RetryPolicy(attempts=3, base_s=0.001)


@pytest.fixture
def endpoints(stub: ContractStub) -> Endpoints:
    return Endpoints({DETECTION: stub.url})


@pytest.fixture
def client(endpoints: Endpoints) -> Iterator[FaceSocialClient]:
    with FaceSocialClient(endpoints, token="a.b.c", retry=QUICK) as client:
        yield client


def test_detect_sends_the_image_and_the_options_and_reads_the_answer(client, stub):
    answer = client.detect(b"bytes of a picture", min_score=0.3, min_size=12, max_faces=4)
    assert answer.data == RESULT
    assert answer.meta.request_id == "stub-request"
    assert answer.meta.timings_ms.total == 4.25
    (seen,) = stub.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/detect")
    assert seen.files == [("image", b"bytes of a picture")]
    assert seen.fields == {"min_score": "0.3", "min_size": "12.0", "max_faces": "4"}
    assert seen.headers["authorization"] == "Bearer a.b.c"
    assert len(seen.headers["x-request-id"]) == 32


def test_a_batch_keeps_its_order(client, stub):
    images = [b"first", b"second", b"third"]
    results = client.detect_batch(images).data.results
    assert [result.index for result in results] == [0, 1, 2]
    assert stub.seen[0].files == [("images", image) for image in images]


BATCHES = {
    "embed": "face-recognition",
    "check": "antispoofing",
    "analyze": "deepfake-detection",
    "estimate": "demographics",
}


@pytest.fixture
def gateway(stub: ContractStub) -> Iterator[FaceSocialClient]:
    with FaceSocialClient(Endpoints(gateway=stub.url), token="a.b.c", retry=QUICK) as client:
        yield client


@pytest.mark.parametrize(("operation", "prefix"), BATCHES.items())
def test_every_service_judges_one_image_and_many(gateway, stub, operation, prefix):
    assert getattr(gateway, operation)(b"one").data == ANSWERS[operation]
    results = getattr(gateway, f"{operation}_batch")([b"a", b"b"]).data.results
    assert [result.data for result in results] == [ANSWERS[operation]] * 2
    assert [seen.path for seen in stub.seen] == [f"/api/v1/{prefix}/{operation}", f"/api/v1/{prefix}/batch"]
    assert stub.seen[1].files == [("images", b"a"), ("images", b"b")]


async def test_every_service_judges_asynchronously_as_well(stub):
    async with AsyncFaceSocialClient(Endpoints(gateway=stub.url), token="a.b.c", retry=QUICK) as client:
        for operation in BATCHES:
            assert (await getattr(client, operation)(b"one")).data == ANSWERS[operation]
            (result,) = (await getattr(client, f"{operation}_batch")([b"a"])).data.results
            assert result.data == ANSWERS[operation]
        assert (await client.verify(b"a", b"b")).data == ANSWERS["verify"]


def test_faces_of_an_earlier_answer_travel_as_json(gateway, stub):
    given = GivenFace.model_validate(FACE.model_dump())
    gateway.embed(b"x", FaceOptions(faces=(given,)))
    gateway.verify(b"a", b"b", VerifyOptions(far=0.01, faces_a=(given,)))
    gateway.check_batch([b"x"], CheckBatchOptions(threshold=0.7))
    gateway.check(b"x", CheckOptions())
    embedded, verified, batch, checked = (seen.fields for seen in stub.seen)
    assert FaceOptions.model_validate(embedded).faces == (given,)
    assert VerifyOptions.model_validate(verified) == VerifyOptions(far=0.01, faces_a=(given,))
    assert batch["threshold"] == "0.7"
    assert "threshold" not in checked, "what was not chosen is the card's to say"


def test_health_needs_no_token(endpoints, stub):
    with FaceSocialClient(endpoints) as client:
        assert client.health(DETECTION).status == "ok"
    assert stub.seen[0].path == "/health"
    assert "authorization" not in stub.seen[0].headers


def test_model(client):
    assert client.model(DETECTION).data.name == "stub"


def test_behind_a_gateway_the_prefix_is_in_the_path(stub):
    with FaceSocialClient(Endpoints(gateway=f"{stub.url}/"), token="a.b.c") as client:
        client.detect(b"x")
        client.health(DETECTION)
    assert [seen.path for seen in stub.seen] == [
        "/api/v1/face-detection/detect",
        "/api/v1/face-detection/health",
    ]


def test_an_option_out_of_range_is_refused_before_it_is_sent(client, stub):
    with pytest.raises(ValueError, match="min_score"):
        client.detect(b"x", min_score=1.5)
    assert not stub.seen


def test_an_error_of_the_contract_keeps_all_it_says(client, stub):
    stub.will_answer("detect", refusal(400, ErrorCode.INVALID_IMAGE, "Not a picture."))
    with pytest.raises(ApiError) as caught:
        client.detect(b"x")
    error = caught.value
    assert (error.code, error.status, error.message) == (ErrorCode.INVALID_IMAGE, 400, "Not a picture.")
    assert error.details == {"fact": 7}
    assert error.request_id == "stub-error"
    assert "INVALID_IMAGE (400): Not a picture." in str(error)


def test_a_code_that_this_client_does_not_know_is_passed_on(client, stub):
    stub.will_answer("detect", refusal(418, "TEAPOT"))
    with pytest.raises(ApiError, match="TEAPOT"):
        client.detect(b"x")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_is_tried_again(client, stub, status):
    stub.will_answer("detect", refusal(status, ErrorCode.OVERLOADED), refusal(status, ErrorCode.OVERLOADED))
    assert client.detect(b"x").data == RESULT
    assert len(stub.seen) == 3
    assert len({seen.headers["x-request-id"] for seen in stub.seen}) == 1
    assert {tuple(seen.files) for seen in stub.seen} == {(("image", b"x"),)}


def test_tries_are_bounded(client, stub):
    stub.will_answer("detect", *[refusal(503, ErrorCode.OVERLOADED, Retry_After="0")] * 5)
    with pytest.raises(ApiError) as caught:
        client.detect(b"x")
    assert caught.value.retry_after == 0
    assert len(stub.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
def test_what_would_fail_again_is_sent_once(client, stub, status):
    stub.will_answer("detect", refusal(status, ErrorCode.INTERNAL_ERROR))
    with pytest.raises(ApiError):
        client.detect(b"x")
    assert len(stub.seen) == 1


def test_retry_after_is_waited_for(client, stub):
    stub.will_answer("detect", refusal(503, ErrorCode.OVERLOADED, Retry_After="1"))
    started = time.monotonic()
    client.detect(b"x")
    assert time.monotonic() - started >= 1


def test_a_longer_retry_after_than_anybody_waits_is_final(client, stub):
    stub.will_answer("detect", refusal(429, ErrorCode.RATE_LIMITED, Retry_After="3600"))
    with pytest.raises(ApiError) as caught:
        client.detect(b"x")
    assert caught.value.retry_after == 3600
    assert len(stub.seen) == 1


def test_health_is_asked_once(client, stub):
    stub.will_answer("health", refusal(503, ErrorCode.OVERLOADED))
    with pytest.raises(ApiError):
        client.health(DETECTION)
    assert len(stub.seen) == 1


def test_a_gateway_that_answers_in_its_own_words_is_understood(client, stub):
    page = Response("<h1>Request Entity Too Large</h1>", 413, media_type="text/html")
    stub.will_answer("detect", page)
    with pytest.raises(ApiError) as caught:
        client.detect(b"x")
    assert caught.value.code == ErrorCode.PAYLOAD_TOO_LARGE
    assert caught.value.request_id == stub.seen[0].headers["x-request-id"]


@pytest.mark.parametrize(
    "answer",
    [
        Response("<h1>It works!</h1>", 200, media_type="text/html"),
        Response('{"success": true, "data": {}}', 200, media_type="application/json"),
        Response(b"\xff\xfe", 200, media_type="application/json"),
        Response("null", 200, media_type="application/json"),
        Response("gone", 404),
        Response("", 302, {"Location": "https://example.com/login"}),
    ],
    ids=["page", "half an answer", "no text", "null", "404 of another program", "login"],
)
def test_what_is_no_answer_of_the_contract_is_said_so(client, stub, answer):
    stub.will_answer("detect", answer)
    with pytest.raises(UnexpectedAnswer, match=r"not an answer of the contract") as caught:
        client.detect(b"x")
    assert caught.value.status == answer.status_code


def test_nobody_there_names_service_and_address_and_what_to_do():
    port = free_port()
    client = FaceSocialClient(Endpoints({DETECTION: f"http://127.0.0.1:{port}"}), retry=QUICK)
    with client, pytest.raises(ConnectionFailed, match="make up") as caught:
        client.detect(b"x")
    assert caught.value.service == DETECTION
    assert caught.value.address == f"http://127.0.0.1:{port}"


def test_no_answer_in_time_is_not_tried_again(stub):
    class Never(Response):
        async def __call__(self, scope, receive, send):
            await asyncio.sleep(1)

    stub.will_answer("detect", Never())
    endpoints = Endpoints({DETECTION: stub.url})
    client = FaceSocialClient(endpoints, token="a.b.c", timeout_s=0.2, retry=QUICK)
    with client, pytest.raises(ConnectionFailed, match="in time"):
        client.detect(b"x")
    assert len(stub.seen) == 1


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "café", "\x00"])
def test_a_token_that_no_header_can_carry_is_refused_at_once(endpoints, token):
    with pytest.raises(NotConfigured, match="token"):
        FaceSocialClient(endpoints, token=token)


@pytest.mark.parametrize(
    "address", ["ftp://example.com", "example.com:80", "http://", "http://[", "", "http://h:x"]
)
def test_an_address_that_is_none_is_said_so(address):
    client = FaceSocialClient(Endpoints({DETECTION: address}), token="a.b.c")
    with client, pytest.raises(NotConfigured, match=DETECTION):
        client.detect(b"x")


async def test_the_asynchronous_client_does_the_same(endpoints, stub):
    stub.will_answer("detect", refusal(503, ErrorCode.OVERLOADED))
    async with AsyncFaceSocialClient(endpoints, token="a.b.c", retry=QUICK) as client:
        answers = await asyncio.gather(
            client.detect(b"x"),
            client.detect_batch([b"y"]),
            client.model(DETECTION),
            client.health(DETECTION),
        )
        assert answers[0].data == RESULT
        stub.will_answer("detect", refusal(401, ErrorCode.INVALID_TOKEN))
        with pytest.raises(ApiError, match="INVALID_TOKEN"):
            await client.detect(b"x")


def _operations(client: type) -> dict[str, list[inspect.Parameter]]:
    return {
        name: list(inspect.signature(method).parameters.values())
        for name, method in inspect.getmembers(client, inspect.isfunction)
        if not name.startswith("_") and name not in ("close", "aclose")
    }


def test_both_clients_have_the_same_operations_with_the_same_arguments():
    assert _operations(FaceSocialClient) == _operations(AsyncFaceSocialClient)


def test_threads_may_share_a_client(client, stub):
    async def many() -> list[object]:
        return await asyncio.gather(*(asyncio.to_thread(client.detect, bytes([i])) for i in range(20)))

    assert len(asyncio.run(many())) == 20
    assert sorted(seen.files[0][1] for seen in stub.seen) == [bytes([i]) for i in range(20)]
