"""The real service over HTTP: batches, hostile pictures, tokens, lost requests."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from integration.calls import at_once, client_of, post, post_batch, samples_of
from integration.pictures import (
    encoded,
    png_that_claims,
    rotated_by_exif,
    sample,
    sixteen_bit_grey,
    transparent,
)
from service_process import ServiceProcess

MEMORY_JUMP = 300e6


def boxes(data: dict[str, Any]) -> list[list[float]]:
    return [[face["box"][key] for key in ("x", "y", "width", "height")] for face in data["faces"]]


def assert_same_faces(first: dict[str, Any], second: dict[str, Any], tolerance: float = 0.5) -> None:
    assert len(first["faces"]) == len(second["faces"])
    for one, other in zip(sorted(boxes(first)), sorted(boxes(second)), strict=True):
        assert one == pytest.approx(other, abs=tolerance)


@pytest.fixture(scope="module")
def in_process(detection: Callable[[Mapping[str, str]], ServiceProcess]) -> Iterator[ServiceProcess]:
    """The same service with batching in its own process."""
    with detection({"FACESOCIAL_BATCH_MODE": "process"}) as service:
        yield service


@pytest.fixture(scope="module")
def gathering(detection: Callable[[Mapping[str, str]], ServiceProcess]) -> Iterator[ServiceProcess]:
    """As on a GPU: many threads hand their items to one model, in which batches form."""
    with detection({"FACESOCIAL_WORKER_THREADS": "32", "FACESOCIAL_BATCH_WORKERS": "1"}) as service:
        yield service


@pytest.fixture(params=["running_service", "gathering"])
def batching(request: pytest.FixtureRequest) -> ServiceProcess:
    """Each way in which requests share batches."""
    service: ServiceProcess = request.getfixturevalue(request.param)
    return service


@pytest.fixture(params=["service", "process"])
def either(request: pytest.FixtureRequest) -> ServiceProcess:
    """The service in each batch mode."""
    name = "running_service" if request.param == "service" else "in_process"
    service: ServiceProcess = request.getfixturevalue(name)
    return service


async def test_concurrent_requests_form_batches_and_answers_do_not_depend_on_them(
    batching: ServiceProcess,
) -> None:
    group = sample("group")
    images = [encoded(group.resize((640 - 4 * i, 400 - 2 * i))) for i in range(16)] * 4
    async with client_of(batching) as client:
        alone = [await post(client, "detect", image) for image in images[:16]]
        before = samples_of(batching, "ai_model_batch_size")
        together = await at_once(32, [partial(post, client, "detect", image) for image in images])
        after = samples_of(batching, "ai_model_batch_size")
    assert alone[0]["faces"]
    for index, answer in enumerate(together):
        assert_same_faces(answer, alone[index % 16])
    items = after["ai_model_batch_size_sum"] - before["ai_model_batch_size_sum"]
    batches = after["ai_model_batch_size_count"] - before["ai_model_batch_size_count"]
    assert items == 64
    assert batches < 48


@pytest.mark.timeout(600)
async def test_2000_requests_at_concurrency_32_lose_none(either: ServiceProcess) -> None:
    image = encoded(sample("portrait").resize((320, 240)))
    async with client_of(either) as client:
        answers = await at_once(32, [partial(post, client, "detect", image) for _ in range(2000)])
    assert len(answers) == 2000
    assert {len(answer["faces"]) for answer in answers} == {len(answers[0]["faces"])}


async def test_each_picture_of_a_mixed_batch_gets_its_own_answer(running_service: ServiceProcess) -> None:
    group = sample("group")
    good = encoded(group)
    sent: dict[str, tuple[bytes, str | None]] = {
        "good": (good, None),
        "truncated": (good[: len(good) // 2], "INVALID_IMAGE"),
        "text": (b"I am called photo.jpg, and I am a text.", "INVALID_IMAGE"),
        "1x1": (encoded(group.resize((1, 1)), "PNG"), None),
        "bomb": (png_that_claims(60_000, 60_000), "PAYLOAD_TOO_LARGE"),
        "turned": (rotated_by_exif(group), None),
        "16 bit": (sixteen_bit_grey(group), None),
        "grey": (encoded(group.convert("L")), None),
        "cmyk": (encoded(group.convert("CMYK")), None),
        "transparent": (transparent(group), None),
        "webp": (encoded(group, "WEBP", quality=92), None),
        "bmp": (encoded(group, "BMP"), None),
        "empty": (b"", "INVALID_IMAGE"),
    }
    memory = sum(process.memory_info().rss for process in running_service.processes())
    async with client_of(running_service) as client:
        results = dict(
            zip(sent, await post_batch(client, [image for image, _ in sent.values()]), strict=True)
        )
    grown = sum(process.memory_info().rss for process in running_service.processes()) - memory
    for name, (_, code) in sent.items():
        error = results[name].get("error") or {}
        assert error.get("code") == code, (name, error)
    expected = results["good"]["data"]
    assert len(expected["faces"]) >= 3
    for name in ("turned", "16 bit", "grey", "cmyk", "transparent", "webp", "bmp"):
        found = results[name]["data"]
        assert (found["width"], found["height"]) == group.size, name
        assert_same_faces(found, expected, tolerance=8)
    assert results["1x1"]["data"]["faces"] == []
    assert grown < MEMORY_JUMP


async def test_json_with_base64_gives_the_same_answer(running_service: ServiceProcess) -> None:
    image = encoded(sample("portrait"))
    async with client_of(running_service) as client:
        form = await post(client, "detect", image, max_faces="1")
        body = {"image": base64.b64encode(image).decode(), "max_faces": 1}
        answer = await client.post("/api/v1/detect", json=body)
    assert answer.json()["data"] == form


def forged_tokens(service: ServiceProcess) -> dict[str, tuple[str | None, str]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    claims = {"sub": "tests", "role": "admin", "exp": 4_102_444_800}
    return {
        "no token": (None, "MISSING_TOKEN"),
        "no scheme": (service.token(), "INVALID_TOKEN_FORMAT"),
        "other scheme": ("Basic dGVzdHM6dGVzdHM=", "INVALID_TOKEN_FORMAT"),
        "not a token": ("Bearer abc", "INVALID_TOKEN_FORMAT"),
        "expired": (f"Bearer {service.token(ttl=-3600)}", "INVALID_TOKEN"),
        "without expiry": (f"Bearer {service.token(exp=None)}", "INVALID_TOKEN"),
        "forged": (f"Bearer {jwt.encode(claims, 'f' * 64, 'HS256')}", "INVALID_TOKEN"),
        "alg none": (f"Bearer {jwt.encode(claims, '', 'none')}", "INVALID_TOKEN"),
        "RS256": (f"Bearer {jwt.encode(claims, pem, 'RS256')}", "INVALID_TOKEN"),
    }


async def test_what_is_no_valid_token_gets_401_and_its_code(running_service: ServiceProcess) -> None:
    async with httpx.AsyncClient(base_url=running_service.url, trust_env=False) as client:
        for name, (header, code) in forged_tokens(running_service).items():
            headers = {"Authorization": header} if header else {}
            answer = await client.post("/api/v1/detect", files={"image": b"x"}, headers=headers)
            assert answer.status_code == 401, name
            assert answer.json()["error"]["code"] == code, name
            assert answer.headers["x-request-id"] == answer.json()["meta"]["request_id"]


async def test_the_photograph_of_six(running_service: ServiceProcess, photos: Path) -> None:
    async with client_of(running_service) as client:
        data = await post(client, "detect", (photos / "groups" / "multiface.jpg").read_bytes())
    assert len(data["faces"]) == 6


async def test_the_inner_service_is_not_exposed(running_service: ServiceProcess) -> None:
    async with client_of(running_service) as client:
        for path in ("/predict", "/detector", "/schema.json"):
            answer = await client.post(
                path, content=b"\x80\x04N.", headers={"Content-Type": "application/vnd.bentoml+pickle"}
            )
            assert answer.status_code == 404, path
