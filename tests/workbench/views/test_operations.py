"""Operations, against a server that answers as it is told, and against a real service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest
from contract_stub import HEALTH, ContractStub, refusal, success
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from service_process import ServiceProcess, free_port
from single_view import cells, said, single_view
from starlette.responses import Response

from bentos.contracts import AuditPage, ErrorCode
from bentos.contracts.audit import AuditEventInfo
from workbench.calls import RECOGNITION
from workbench.client import Endpoints, FaceSocialClient
from workbench.components.events import newest
from workbench.components.picture import sample
from workbench.metrics.figures import models_of, queues_of, traffic_of
from workbench.metrics.scrape import Scrape, increase_over

SERVICES = 5


def metrics(good: int = 10, bad: int = 0, refused: int = 0, **gauges: float) -> Response:
    registry = CollectorRegistry()
    labels = ("service", "method", "path", "status")
    requests = Counter("http_requests", "h", labels, registry=registry)
    for status, count in (("200", good), ("500", bad), ("401", refused)):
        requests.labels("s", "POST", "/api/v1/detect", status).inc(count)
    requests.labels("s", "GET", "/readyz", "503").inc(100)
    names = ("service", "method", "path")
    durations = Histogram("http_request_duration_seconds", "h", names, buckets=(0.1, 1), registry=registry)
    for _ in range(good):
        durations.labels("s", "POST", "/api/v1/detect").observe(0.05)
    for name, value in gauges.items():
        Gauge(name, "g", registry=registry).set(value)
    return Response(generate_latest(registry), media_type="text/plain")


def everywhere(stub: ContractStub, operation: str, *replies: Response) -> None:
    for reply in replies:
        stub.will_answer(operation, *[reply] * SERVICES)


def event(number: int) -> AuditEventInfo:
    return AuditEventInfo(
        tenant="t", seq=number, at=datetime(2026, 1, 1, tzinfo=UTC), actor=f"actor {number}", role="admin",
        action="subject.delete", target={"id": number}, request_id="r", outcome="ok", details={}, previous="", hash="",
    )  # fmt: skip


def test_figures_come_with_the_second_look(stub: ContractStub) -> None:
    everywhere(stub, "metrics", metrics(10), metrics(16, bad=2, refused=2))
    page = single_view("operations", stub.url).run()
    assert not page.exception
    assert "Rates come with the second look" in said(page)
    page.run()
    assert not page.exception
    row = page.dataframe[0].value.iloc[0]
    assert (row["State"], row["Requests"], row["Failed"], row["Refused"]) == (
        "✓ ready",
        "10",
        "25.0%",
        "20.0%",
    )
    assert row["p50"] == "50 ms"
    assert float(row["Requests/s"]) > 0
    assert "25.0% of the requests fail" in page.error[0].value


def test_since_the_start_needs_one_look(stub: ContractStub) -> None:
    everywhere(stub, "metrics", metrics(12, bad=3))
    page = single_view("operations", stub.url, window="Since its start").run()
    row = page.dataframe[0].value.iloc[0]
    assert (row["Requests"], row["Failed"], row["Requests/s"]) == ("15", "20.0%", "-")


def test_what_is_wrong_stands_first(stub: ContractStub) -> None:
    down = HEALTH.model_copy(update={"status": "degraded", "dependencies": {"database": "unavailable"}})
    everywhere(stub, "health", Response(down.model_dump_json(), media_type="application/json"))
    bad = {"audit_chains_broken": 2, "backup_last_success_timestamp_seconds": 0, "ai_model_registry_up": 0}
    everywhere(stub, "metrics", metrics(1, **bad, gallery_outbox_oldest_seconds=900))
    page = single_view("operations", stub.url).run()
    assert not page.exception
    for wrong in (
        "works without database",
        "2 chains of audit events are broken",
        "index is 15 minutes behind",
    ):
        assert wrong in page.error[0].value
    for wrong in ("The last backup: never", "registry of models does not answer"):
        assert wrong in page.warning[0].value


def test_services_that_are_down_are_named_with_what_to_do() -> None:
    page = single_view("operations", f"http://127.0.0.1:{free_port()}").run()
    assert not page.exception
    assert page.error[0].value.count("does not answer") >= SERVICES
    assert "make up" in page.error[0].value
    assert cells(page).count("✗ no answer") == SERVICES


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response("Forbidden", 403), "given to private networks only"),
        (Response("<h1>Hello</h1>"), "is not an answer of the contract"),
        (Response('# HELP a b\na{b="} 1'), "cannot be read"),
        (Response("# HELP a b\n"), "Nothing is wrong that can be seen from here"),
    ],
)
def test_metrics_that_are_none_are_said(stub: ContractStub, answer: Response, words: str) -> None:
    everywhere(stub, "metrics", answer)
    page = single_view("operations", stub.url).run()
    assert not page.exception
    assert words in said(page)
    assert cells(page).count("✓ ready") == SERVICES


def test_looking_by_itself_can_be_switched_off(stub: ContractStub) -> None:
    everywhere(stub, "metrics", metrics(1), metrics(2))
    page = single_view("operations", stub.url).run()
    page.toggle(key="automatic").set_value(False).run()
    assert not page.exception


def asked_for_audit(stub: ContractStub) -> Sequence[dict[str, str]]:
    return [dict(seen.query) for seen in stub.seen if seen.path.endswith("/audit")]


def test_audit_events_are_read_when_asked_for_the_newest_first(stub: ContractStub) -> None:
    everywhere(stub, "metrics", metrics(1), metrics(2))
    pages = (
        AuditPage(events=[event(1), event(2)], next_cursor="c"),
        AuditPage(events=[event(3)], next_cursor=None),
    )
    stub.will_answer("audit", *map(success, pages))
    page = single_view("operations", stub.url).run()
    assert asked_for_audit(stub) == []
    page.button(key="read audit").click().run()
    assert not page.exception
    assert [cell for cell in cells(page) if cell.startswith("actor")] == [
        f"actor {n} (admin)" for n in (3, 2, 1)
    ]
    assert [query.get("cursor") for query in asked_for_audit(stub)] == [None, "c"]


def test_reading_events_goes_on_before_the_last_page(stub: ContractStub) -> None:
    pages = [AuditPage(events=[event(n)], next_cursor=f"c{n}" if n < 3 else None) for n in (1, 2, 3)]
    stub.will_answer("audit", *map(success, pages))
    with FaceSocialClient(Endpoints({RECOGNITION: stub.url}), token="a.b.c") as client:
        events, cursor, more = newest(client, None)
    assert ([one.seq for one in events], cursor, more) == ([3, 2, 1], "c1", False)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (refusal(403, ErrorCode.FORBIDDEN, "Not you."), "role is not enough"),
        (refusal(401, ErrorCode.INVALID_TOKEN, "Expired."), "The token is not accepted"),
    ],
)
def test_who_may_not_read_events_is_told(stub: ContractStub, refused: Response, words: str) -> None:
    everywhere(stub, "metrics", metrics(1), metrics(2))
    stub.will_answer("audit", refused)
    page = single_view("operations", stub.url).run()
    page.button(key="read audit").click().run()
    assert not page.exception
    assert words in said(page)


def test_a_real_service_is_looked_at(recognition: ServiceProcess) -> None:
    with FaceSocialClient(Endpoints({RECOGNITION: recognition.url}), token=recognition.token()) as client:
        before = Scrape.of(client.metrics(RECOGNITION), 0.0)
        for _ in range(3):
            client.embed(sample("Portrait").data)
        after = Scrape.of(client.metrics(RECOGNITION), 2.0)
    httpx.get(f"{recognition.url}/api/v1/model", timeout=30)
    increase = increase_over([before, after])
    assert increase is not None
    traffic = traffic_of(increase)
    assert (traffic.requests, traffic.per_s, traffic.failed, traffic.refused) == (3, 1.5, 0, 0)
    assert traffic.durations.observed == 3
    assert {"workers"} <= queues_of(increase).keys()
    assert {work.name: work.batch_sizes.observed for work in models_of(increase)}["facesocial-embedder"] == 3
    page = single_view(
        "operations",
        recognition.url,
        recognition.token("admin"),
        service="Face recognition",
        window="Since its start",
    ).run()
    for _ in range(2):  # the first reading is an event that the second one finds
        page.button(key="read audit").click().run()
    assert not page.exception
    assert "embed" in cells(page)
    assert "facesocial-embedder 1.0.0" in cells(page)
    assert any("audit" in cell for cell in cells(page))
