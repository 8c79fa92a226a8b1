"""The gateway before the five real services: where a path leads, and that answers are the services' own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from gateway_process import GatewayProcess
from integration.pictures import encoded, sample
from integration.test_five_services import assert_same
from service_process import ServiceProcess

from bentos.contracts import SERVICES

Five = Mapping[str, ServiceProcess]
SERVICE_NAMES = {address.prefix: address.name for address in SERVICES}
OPERATIONS = {
    "face-detection": "detect",
    "face-recognition": "embed",
    "antispoofing": "check",
    "deepfake-detection": "analyze",
    "demographics": "estimate",
}
CHANGING = ("request_id", "timings_ms")


def without_meta(answer: httpx.Response) -> Any:
    """The body without what no two requests share."""
    body = answer.json()
    for name in CHANGING:
        body.get("meta", {}).pop(name, None)
    return body


def both(
    gateway: GatewayProcess, five: Five, prefix: str, method: str, operation: str, **options: Any
) -> tuple[httpx.Response, httpx.Response]:
    """The same request through the gateway and to the service's own port."""
    headers = options.pop("headers", None) or gateway.headers(role="operator")
    service = five[SERVICE_NAMES[prefix]].url
    with gateway.client() as through, httpx.Client(trust_env=False, timeout=60) as direct:
        return (
            through.request(method, f"/api/v1/{prefix}{operation}", headers=headers, **options),
            direct.request(method, f"{service}/api/v1{operation}", headers=headers, **options),
        )


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return encoded(sample("portrait"))


@pytest.mark.parametrize("prefix", OPERATIONS)
def test_operation_batch_and_card(gateway: GatewayProcess, five: Five, prefix: str, portrait: bytes) -> None:
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/{OPERATIONS[prefix]}", {"files": {"image": portrait}}),
        ("POST", "/batch", {"files": [("images", ("a", portrait)), ("images", ("b", b"no image"))]}),
        ("GET", "/model", {}),
    ]
    for method, operation, options in calls:
        through, direct = both(gateway, five, prefix, method, operation, **options)
        assert through.status_code == 200, through.text
        assert_same(without_meta(through), without_meta(direct))
        assert through.json()["data"].keys() == direct.json()["data"].keys()
    (logged,) = gateway.log(f"/{prefix}/batch")
    assert logged["upstream"] == f"127.0.0.1:{five[SERVICE_NAMES[prefix]].port}"


@pytest.mark.parametrize("prefix", OPERATIONS)
def test_what_a_service_says_of_itself_needs_no_token(
    gateway: GatewayProcess, five: Five, prefix: str
) -> None:
    service = five[SERVICE_NAMES[prefix]]
    with gateway.client() as client:
        health = client.get(f"/api/v1/{prefix}/health").json()
        described = client.get(f"/api/v1/{prefix}/docs.json").json()
    assert (health["service"], health["status"]) == (SERVICE_NAMES[prefix], "ok")
    assert described == httpx.get(f"{service.url}/docs.json", trust_env=False).json()


def test_the_gateways_own_health(gateway: GatewayProcess) -> None:
    with gateway.client() as client:
        assert client.get("/health").json() == {"status": "ok", "service": "gateway"}


def test_galleries_from_the_first_face_to_the_last(
    gateway: GatewayProcess, five: Five, portrait: bytes
) -> None:
    headers = gateway.headers(role="admin", tenant="routing")
    base = "/api/v1/face-recognition/collections"
    with gateway.client(headers=headers) as client:
        assert client.post(base, json={"name": "staff"}).status_code in (200, 201)
        enrolled = client.post(
            f"{base}/staff/batch", files=[("images", ("a", portrait))], data={"subject_ids": "ann lee"}
        )
        assert enrolled.json()["data"]["results"][0]["success"], enrolled.text
        subject = client.get(f"{base}/staff/subjects/ann%20lee")
        assert subject.json()["data"]["subject_id"] == "ann lee"
        found = client.post(f"{base}/staff/identify", files={"image": portrait}).json()["data"]["faces"]
        assert found[0]["matches"][0]["subject_id"] == "ann lee"
        lines = client.get(f"{base}/staff/export").text
        assert "ann lee" in lines
        assert client.post(f"{base}/other/import", content=lines).status_code == 200
        assert client.get(f"{base}/other/subjects/ann%20lee").status_code == 200
        assert client.delete(f"{base}/staff/subjects/ann%20lee").status_code == 200
        assert client.delete(f"{base}/staff").status_code == 200
        assert client.get(f"{base}/staff").json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("prefix", OPERATIONS)
def test_an_unknown_operation_is_the_services_to_refuse(
    gateway: GatewayProcess, five: Five, prefix: str
) -> None:
    through, direct = both(gateway, five, prefix, "POST", "/no-such-thing")
    assert through.status_code == direct.status_code == 404
    assert without_meta(through) == without_meta(direct)
    wrong, own = both(gateway, five, prefix, "PUT", f"/{OPERATIONS[prefix]}")
    assert wrong.status_code == own.status_code == 405
    assert without_meta(wrong) == without_meta(own)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/face-detection",
        "/api/v1/nobody/detect",
        "/api/v2/face-detection/detect",
        "/API/v1/face-detection/detect",
        "/docs.json",
        "/_token",
        "/_error/404",
        "/face-detection/detect",
    ],
)
def test_an_unknown_path_is_the_gateways_to_refuse(gateway: GatewayProcess, path: str) -> None:
    with gateway.client(headers=gateway.headers()) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert answer.json()["meta"]["request_id"] == answer.headers["x-request-id"]
    assert gateway.log(answer.headers["x-request-id"])[0]["upstream"] == ""
