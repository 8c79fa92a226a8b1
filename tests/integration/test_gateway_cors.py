"""Which pages of other origins a browser lets read the gateway's answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from gateway_process import ORIGIN, GatewayProcess

DETECT = "/api/v1/face-detection/detect"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
STRANGERS = (
    "https://evil.example",
    "null",
    "http://console.example.test",
    "https://console.example.test.evil.example",
    "https://console.example.test:444",
    "https://xconsole.example.test",
    "https://console.example.test, https://evil.example",
)


def of_cors(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [(DETECT, True, 200), (DETECT, False, 401), ("/nothing", False, 404), ("/health", False, 200)],
)
def test_an_allowed_origin_reads_answers_and_errors(
    front: GatewayProcess, source: str, path: str, token: bool, status: int
) -> None:
    headers = {"Origin": ORIGIN, **(front.headers() if token else {})}
    with front.client(source) as client:
        answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert of_cors(answer) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Request-ID, Retry-After, Location",
    }
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", STRANGERS)
def test_another_origin_reads_nothing(front: GatewayProcess, source: str, origin: str) -> None:
    with front.client(source, headers={"Origin": origin}) as client:
        answers = [
            client.get(DETECT, headers=front.headers()),
            client.get(DETECT),
            client.options(DETECT, headers=PREFLIGHT),
        ]
    assert [answer.status_code for answer in answers] == [200, 401, 204]
    assert [of_cors(answer) for answer in answers] == [{}, {}, {}]
    assert all("Origin" in answer.headers["vary"] for answer in answers)


@pytest.mark.parametrize("path", [DETECT, "/api/v1/face-recognition/collections/a/subjects/b", "/nothing"])
def test_a_preflight_says_what_may_be_sent(front: GatewayProcess, source: str, path: str) -> None:
    with front.client(source) as client:
        answer = client.options(path, headers={"Origin": ORIGIN, **PREFLIGHT})
    assert (answer.status_code, answer.content) == (204, b"")
    found = of_cors(answer)
    assert found["access-control-allow-origin"] == ORIGIN
    assert found["access-control-allow-credentials"] == "true"
    assert {"GET", "POST", "DELETE"} <= set(found["access-control-allow-methods"].split(", "))
    allowed = {name.lower() for name in found["access-control-allow-headers"].split(", ")}
    assert allowed == {"authorization", "content-type", "idempotency-key", "x-request-id"}
    assert int(found["access-control-max-age"]) > 0
    assert "*" not in "".join(found.values())


def test_what_a_service_says_of_origins_is_not_passed_on(front: GatewayProcess, source: str) -> None:
    """A service does not know who may: an answer of its own beside the gateway's would void both."""
    theirs = '{"access-control-allow-origin": "*", "access-control-allow-credentials": "true"}'
    with front.client(source, headers={**front.headers(), "X-Answer-Headers": theirs}) as client:
        stranger = client.get(DETECT, headers={"Origin": STRANGERS[0]})
        friend = client.get(DETECT, headers={"Origin": ORIGIN})
    assert of_cors(stranger) == {}
    assert friend.headers.get_list("access-control-allow-origin") == [ORIGIN]


def test_no_origin_is_allowed_unless_named(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path) as gateway, gateway.client() as client:
        assert of_cors(client.get("/health", headers={"Origin": ORIGIN})) == {}
        assert of_cors(client.get("/health", headers={"Origin": ""})) == {}
