"""Paths that NGINX and a service could read differently, and paths that are nobody's business."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from gateway_process import GatewayProcess
from integration.raw_requests import assert_contract, sent_raw
from prometheus_client.parser import text_string_to_metric_families
from recording_upstream import RecordingUpstream

API = "/api/v1/face-detection"
CONFUSING = (
    f"{API}/..%2f..%2fmetrics",
    f"{API}/../../metrics",
    f"{API}/../face-recognition/embed",
    f"{API}/x/../detect",
    f"{API}/./detect",
    f"{API}/%2e%2e/face-recognition/embed",
    f"{API}/%2E%2E%2Fmetrics",
    f"{API}/.%2e/detect",
    f"{API}/detect/..",
    f"{API}/detect/%2e",
    f"{API}//detect",
    "//api/v1/face-detection/detect",
    f"{API}/\\..\\metrics",
    f"{API}/%5cmetrics",
    f"{API}%2fdetect",
    f"{API}/a%2Fb",
    f"{API}/detect%00",
    "/api/v1/x/../face-recognition/embed",
    "/api/v1/face-recognition/collections/a%2f..%2fb/identify",
    "/api/v1/face-recognition/collections/../../metrics",
    "/api/v1/face-recognition/collections/%2e%2e/identify",
    f"{API}/health/../../metrics",
    f"{API}/health/%2e%2e/detect",
)
INNER = ("metrics", "livez", "readyz")


@pytest.mark.parametrize("path", CONFUSING)
def test_confusing_paths_reach_nobody(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, path: str
) -> None:
    answer = sent_raw(front, source, f"GET {path}?{source} HTTP/1.1")
    assert_contract(answer, 400, 404)
    assert not recorder.requests(f"?{source}")


def test_a_query_may_hold_what_a_path_may_not(
    front: GatewayProcess, recorder: RecordingUpstream, source: str
) -> None:
    query = f"?a=//../%2f%5c&b={source}"
    answer = sent_raw(front, source, f"GET {API}/detect{query} HTTP/1.1")
    assert answer is not None
    assert answer.status == 200
    assert [one.target for one in recorder.requests(source)] == [f"/api/v1/detect{query}"]


@pytest.mark.parametrize("target", [f"https://localhost{API}/detect", f"http://evil.example{API}/detect"])
def test_an_absolute_address_is_that_path_and_no_other_host(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, target: str
) -> None:
    answer = sent_raw(front, source, f"GET {target}?{source} HTTP/1.1")
    assert answer is not None
    assert answer.status == 200
    (request,) = recorder.requests(f"?{source}")
    assert request.target == f"/api/v1/detect?{source}"


def everywhere(inner: str) -> Sequence[str]:
    """Ways to an inner path of a service that somebody might try."""
    return (
        f"/{inner}/",
        f"{API}/{inner}",
        f"{API}/../{inner}",
        f"{API}/..%2f{inner}",
        f"/api/v1/{inner}",
        f"{API}/health/{inner}",
        f"{API}/api/v1/{inner}",
        f"{API}/health;/{inner}",
        f"{API}/docs.json/..;/{inner}",
    )


@pytest.mark.parametrize("inner", INNER)
def test_inner_paths_of_a_service_are_not_reached(
    front: GatewayProcess, recorder: RecordingUpstream, source: str, inner: str
) -> None:
    """What passes arrives below /api/v1, where a service has nothing of the kind."""
    for path in everywhere(inner):
        sent_raw(front, source, f"GET {path}?{source} HTTP/1.1")
    targets = [one.target for one in recorder.requests(f"?{source}")]
    assert all(target.startswith("/api/v1/") for target in targets), targets


def test_a_real_service_keeps_its_inner_paths(gateway: GatewayProcess) -> None:
    with gateway.client() as client:
        for path in (path for inner in INNER for path in everywhere(inner)):
            assert client.get(path, headers=gateway.headers(role="admin")).status_code in (400, 404), path


def test_metrics_are_for_private_networks(front: GatewayProcess) -> None:
    with front.client() as client:
        text = client.get("/metrics").text
        families = {family.name: family for family in text_string_to_metric_families(text)}
        states = {sample.labels["state"]: sample.value for sample in families["gateway_connections"].samples}
        assert states["writing"] >= 1
        stranger = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        friend = client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"})
    assert (stranger.status_code, friend.status_code) == (403, 200)
    assert stranger.json()["error"]["code"] == "FORBIDDEN"
    assert stranger.json()["meta"]["request_id"] == stranger.headers["x-request-id"]
