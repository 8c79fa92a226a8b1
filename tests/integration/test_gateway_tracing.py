"""One id finds a request everywhere; the log of the gateway says who and what, and nothing that it must not."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

import pytest
from gateway_process import GatewayProcess
from integration.pictures import encoded, sample
from service_process import ServiceProcess

Five = Mapping[str, ServiceProcess]
BASE = "/api/v1/face-recognition/collections"
NAME = "face-recognition-service"


@pytest.mark.parametrize("sent", ["trace-me.1:2_3", "not a valid id", None])
def test_one_id_everywhere(gateway: GatewayProcess, five: Five, sent: str | None) -> None:
    """In the gateway's log, the service's, the audit event and the answer."""
    tenant = f"tracing-{secrets.token_hex(4)}"
    headers = gateway.headers("tracer", role="admin", tenant=tenant)
    with gateway.client(headers=headers) as client:
        traced = {"X-Request-ID": sent} if sent else {}
        made = client.post(BASE, json={"name": "traced"}, headers=traced)
        assert made.status_code in (200, 201), made.text
        events = client.get("/api/v1/face-recognition/audit").json()["data"]["events"]
    (given,) = made.headers.get_list("x-request-id")
    assert given == sent if sent and " " not in sent else re.fullmatch("[0-9a-f]{32}", given)
    assert made.json()["meta"]["request_id"] == given
    assert [event["request_id"] for event in events if event["action"].endswith("create")] == [given]
    (line,) = gateway.log(f'"{given}"')
    assert (line["user"], line["role"], line["tenant"]) == ("tracer", "admin", tenant)
    assert f"[{given}] POST" in five[NAME].output.read_text()


def test_the_log_has_what_a_slow_request_is_judged_by(gateway: GatewayProcess, five: Five) -> None:
    with gateway.client(headers=gateway.headers("ann", tenant="acme")) as client:
        answer = client.post(
            "/api/v1/face-detection/detect",
            files={"image": encoded(sample("portrait"))},
            headers={"X-Request-ID": "judged"},
        )
    (line,) = gateway.log('"judged"')
    assert answer.status_code == line["status"] == int(line["upstream_status"]) == 200
    assert line["upstream"] == f"127.0.0.1:{five['face-detection-service'].port}"
    assert line["bytes_received"] > len(encoded(sample("portrait")))
    assert line["bytes_sent"] > 0
    assert (line["method"], line["protocol"], line["limit"]) == ("POST", "HTTP/1.1", "PASSED")
    connect, header, whole = (
        float(line[f"upstream_{name}_time"]) for name in ("connect", "header", "response")
    )
    assert 0 <= connect <= header <= whole <= float(line["request_time"]) + 0.002


def test_the_log_names_no_person(gateway: GatewayProcess) -> None:
    headers = gateway.headers("operator-1", role="admin", tenant="private")
    person, place = "erikamustermann", "wardseven"
    with gateway.client(headers=headers) as client:
        client.post(BASE, json={"name": place})
        paths = [
            f"{BASE}/{place}",
            f"{BASE}/{place}?{person}",
            f"{BASE}/{place}/subjects",
            f"{BASE}/{place}/subjects?cursor={person}",
            f"{BASE}/{place}/subjects/{person}",
            f"{BASE}/{place}/subjects/{person}/faces/{person}",
            f"{BASE}/{place}/subjects/{person}/else/{person}",
            f"{BASE}/{place}/{person}",
            f"{BASE}/{place}/{person}/{person}",
            f"{BASE}/{place}/export/{person}",
            f"{BASE}/{place}/",
            f"{BASE}//{place}",
            f"{BASE}/{place}//subjects/{person}",
            f"{BASE}/../collections/{place}",
            f"/api/v1/face-recognition/./collections/{place}",
            f"/api/v1//face-recognition/collections/{place}",
            f"/api/v1/face-recognition/%63ollections/{place}",
            f"/api/v1/%66ace-recognition/collections/{place}/subjects/{person}",
            f"/api/v1/deepfake-detection/jobs/{person}",
            f"/api/v1/deepfake-detection/jobs/{person}/events",
            f"/health?{person}",
            f"/nothing?{person}",
        ]
        for path in paths:
            client.get(path)
            client.delete(path)
        client.post(f"{BASE}/{place}/subjects/{person}", files={"image": b"x" * 4_000_000})
        client.get("/health", headers={"X-Request-ID": "the-last-one"})
    assert gateway.log("the-last-one")
    text = gateway.access_log.read_text() + gateway.error_log.read_text()
    logged = {line["path"] for line in gateway.log()}
    assert {f"{BASE}/{{name}}/subjects", f"{BASE}/{{name}}/subjects/{{subject_id}}", "/health"} <= logged
    assert person not in text
    assert place not in text
    assert headers["Authorization"].split()[1] not in text
    assert "?" not in "".join(logged)
