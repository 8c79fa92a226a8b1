"""Remembered answers of a real service, in its own process and in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
from integration.pictures import encoded, sample
from redis_server import RedisServer
from service_process import ServiceProcess

CACHE = {"FACESOCIAL_MODEL_CACHE_SIZE": "8"}
Detection = Callable[[Mapping[str, str]], ServiceProcess]


class Caller:
    """Somebody with a token for a tenant."""

    def __init__(self, service: ServiceProcess, tenant: str = "acme") -> None:
        self._service = service
        self._headers = {"Authorization": f"Bearer {service.token(tenant=tenant)}"}

    def detect(self, image: bytes, **options: object) -> tuple[bytes, bool]:
        """The bytes of ``data``, and ``cached``."""
        return self._ask("detect", [("image", image)], options)

    def batch(self, *images: bytes) -> tuple[bytes, bool]:
        return self._ask("batch", [("images", image) for image in images], {})

    def _ask(
        self, path: str, files: list[tuple[str, bytes]], options: Mapping[str, Any]
    ) -> tuple[bytes, bool]:
        answer = httpx.post(
            f"{self._service.url}/api/v1/{path}",
            files=[(name, ("picture", image)) for name, image in files],
            data=options,
            headers=self._headers,
            timeout=60,
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return answer.content.partition(b',"meta":')[0], answer.json()["meta"]["cached"]


def get(service: ServiceProcess, path: str) -> httpx.Response:
    return httpx.get(f"{service.url}{path}", timeout=30, trust_env=False)


@pytest.fixture(scope="module", params=["process", "redis"])
def remembering(
    request: pytest.FixtureRequest, detection: Detection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """The detection service with each store."""
    if request.param == "process":
        with detection(CACHE) as service:
            yield service
        return
    with (
        RedisServer(tmp_path_factory.mktemp("redis")) as server,
        detection({**CACHE, "FACESOCIAL_REDIS_URL": server.url}) as service,
    ):
        yield service


def test_the_same_picture_is_remembered_and_nothing_else_is(remembering: ServiceProcess) -> None:
    caller, other = Caller(remembering), Caller(remembering, "acme2")
    group, portrait = encoded(sample("group")), encoded(sample("portrait"))
    first, cached = caller.detect(group)
    assert not cached
    assert first.count(b'"landmarks"') == 5
    assert caller.detect(group) == (first, True)
    assert caller.detect(group, max_faces=1)[1] is False
    assert caller.detect(group, max_faces=1)[1] is True
    assert caller.detect(portrait)[1] is False
    assert other.detect(group) == (first, False)
    assert other.detect(group) == (first, True)
    both, cached = caller.batch(group, portrait)
    assert not cached
    assert caller.batch(group, portrait) == (both, True)
    assert caller.batch(portrait, group)[1] is True
    assert caller.batch(portrait, b"no picture", group)[1] is False


def test_no_request_fails_while_redis_is_away(
    detection: Detection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    image = encoded(sample("portrait"))
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        with detection({**CACHE, "FACESOCIAL_REDIS_URL": f"{server.url}/3"}) as service:
            caller = Caller(service)
            first, _ = caller.detect(image)
            assert caller.detect(image) == (first, True)
            assert get(service, "/health").json()["dependencies"] == {"redis": "ok"}
            server.stop()
            assert [caller.detect(image) for _ in range(5)] == [(first, False)] * 5
            report = get(service, "/health").json()
            assert (report["status"], report["dependencies"]) == ("degraded", {"redis": "unavailable"})
            refused = get(service, "/readyz")
            assert (refused.status_code, refused.json()["error"]["details"]) == (503, {"dependency": "redis"})
            server.start()
            assert get(service, "/readyz").status_code == 200
        assert "nothing is remembered for 5 s" in service.output.read_text()
        assert "Traceback" not in service.output.read_text()
