"""What all five services have in common, seen from outside, on the project's own pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
import numpy as np
import pytest
from integration.calls import at_once, client_of, post, post_batch
from integration.pictures import encoded, sample
from service_process import ServiceProcess

Five = Mapping[str, ServiceProcess]
OPERATIONS = {
    "face-detection-service": "detect",
    "face-recognition-service": "embed",
    "antispoofing-service": "check",
    "deepfake-detection-service": "analyze",
    "age-gender-service": "estimate",
}
JUDGING = {name: path for name, path in OPERATIONS.items() if path != "detect"}


def numbers(value: object) -> list[float]:
    """All numbers of an answer, in order, so that two answers can be compared."""
    if isinstance(value, bool | str) or value is None:
        return []
    if isinstance(value, int | float):
        return [float(value)]
    parts = value.values() if isinstance(value, dict) else value
    return [number for part in parts for number in numbers(part)]  # type: ignore[attr-defined]


def assert_same(one: Any, other: Any, tolerance: float = 2e-3) -> None:
    assert numbers(one) == pytest.approx(numbers(other), abs=tolerance)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_contract_of_every_service(five: Five, name: str) -> None:
    service = five[name]
    async with client_of(service) as client:
        health = (await client.get("/health")).json()
        assert health["status"] == "ok"
        assert health["service"] == name
        assert {"task", "name", "version"} <= health["models"][0].keys()
        assert (await client.get("/readyz")).status_code == 200
        card = (await client.get("/api/v1/model")).json()["data"]
        assert {"name", "version", "digest", "licence", "metrics", "thresholds"} <= card.keys()
        assert card["models"][0]["misses"]
        paths = (await client.get("/docs.json")).json()["paths"]
        assert {f"/api/v1/{OPERATIONS[name]}", "/api/v1/batch", "/api/v1/model", "/health"} <= paths.keys()
        answer = await client.post(
            f"/api/v1/{OPERATIONS[name]}",
            files={"image": encoded(sample("group"))},
            headers={"X-Request-ID": "abc-123"},
        )
    body = answer.json()
    assert len(body["data"]["faces"]) == 5
    assert body["meta"]["request_id"] == answer.headers["x-request-id"] == "abc-123"
    assert body["meta"]["models"][0]["name"] == card["name"]
    assert set(body["meta"]["timings_ms"]) == {"decode", "detect", "infer", "total"}


@pytest.mark.parametrize("name", JUDGING)
async def test_a_face_from_detect_skips_detection_and_gives_the_same_answer(five: Five, name: str) -> None:
    image = encoded(sample("group"))
    async with client_of(five["face-detection-service"]) as client:
        faces = (await post(client, "detect", image))["faces"]
    async with client_of(five[name]) as client:
        found = await post(client, JUDGING[name], image)
        given = await post(client, JUDGING[name], image, faces=json.dumps(faces))
        one = await post(client, JUDGING[name], image, faces=json.dumps(faces[2:3]))
    assert_same(found, given, tolerance=1e-5)
    assert_same(found["faces"][2], one["faces"][0], tolerance=1e-5)


@pytest.mark.parametrize("name", JUDGING)
async def test_batch_equals_single_under_load_and_a_poisoned_image_fails_alone(five: Five, name: str) -> None:
    group = sample("group")
    images = [encoded(group.resize((1120 - 32 * i, 640))) for i in range(6)]
    poisoned = [*images[:3], b"no image", *images[3:]]
    async with client_of(five[name]) as client:
        single = [await post(client, JUDGING[name], image) for image in images]
        calls = [partial(post_batch, client, poisoned) for _ in range(4)]
        loads = [partial(post, client, JUDGING[name], images[i % 6]) for i in range(28)]
        batches, answers = await at_once(32, calls), await at_once(32, loads)
    for results in batches:
        assert results[3]["error"]["code"] == "INVALID_IMAGE"
        for result, expected in zip([*results[:3], *results[4:]], single, strict=True):
            assert_same(result["data"], expected)
    for index, answer in enumerate(answers):
        assert_same(answer, single[index % 6])


async def test_embeddings_of_a_batch_point_the_same_way(five: Five) -> None:
    images = [encoded(sample("group")), encoded(sample("portrait"))]
    async with client_of(five["face-recognition-service"]) as client:
        single = [await post(client, "embed", image) for image in images]
        batch = [result["data"] for result in await post_batch(client, images * 8)]
    for index, data in enumerate(batch):
        one = np.array([face["embedding"] for face in single[index % 2]["faces"]])
        other = np.array([face["embedding"] for face in data["faces"]])
        assert data["dimension"] == one.shape[1]
        np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
        assert (one * other).sum(axis=1).min() >= 0.9999


async def refusal(five: Five, name: str, path: str, image: bytes, **options: object) -> tuple[int, str]:
    async with client_of(five[name]) as client:
        answer = await client.post(f"/api/v1/{path}", files={"image": image}, data=options)
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_picture_without_a_face(five: Five) -> None:
    empty = encoded(sample("landscape"))
    async with client_of(five["face-recognition-service"]) as client:
        assert (await post(client, "embed", empty))["faces"] == []
    async with client_of(five["age-gender-service"]) as client:
        assert (await post(client, "estimate", empty))["faces"] == []
    assert await refusal(five, "antispoofing-service", "check", empty) == (422, "NO_FACE")
    assert await refusal(five, "deepfake-detection-service", "analyze", empty) == (422, "NO_FACE")


async def test_liveness_is_not_guessed_from_a_tiny_or_cut_off_face(five: Five) -> None:
    portrait = sample("portrait")
    tiny = encoded(portrait.resize((96, 120)))
    async with client_of(five["antispoofing-service"]) as client:
        answer = await client.post("/api/v1/check", files={"image": tiny}, data={"min_score": 0.3})
        (face,) = (await post(client, "check", encoded(portrait)))["faces"]
        y, width, height = (int(face["box"][side]) for side in ("y", "width", "height"))
        moved = {**face, "box": {"x": -width / 2, "y": y, "width": width, "height": height}}
        cut = await client.post(
            "/api/v1/check", files={"image": encoded(portrait)}, data={"faces": json.dumps([moved])}
        )
        both = await post(client, "check", encoded(portrait), faces=json.dumps([face, moved]))
    assert answer.status_code == cut.status_code == 422
    assert answer.json()["error"]["code"] == cut.json()["error"]["code"] == "LOW_QUALITY"
    assert answer.json()["error"]["details"]["reasons"] == ["too_small"]
    assert cut.json()["error"]["details"]["reasons"] == ["cut_off"]
    assert len(both["faces"]) == 1
    assert both["refused"][0]["reasons"] == ["cut_off"]


BAD_FACES = {
    "not JSON": "[{",
    "not a list": "{}",
    "empty": "[]",
    "no landmarks": '[{"box": {"x": 1, "y": 1, "width": 9, "height": 9}}]',
    "no area": None,
    "outside": None,
    "not finite": None,
}


@pytest.mark.parametrize("case", BAD_FACES)
async def test_given_faces_that_are_none(five: Five, case: str) -> None:
    point = [5.0, 5.0]
    marks = dict.fromkeys(("left_eye", "right_eye", "nose", "mouth_left", "mouth_right"), point)
    boxes = {
        "no area": {"x": 1, "y": 1, "width": 0, "height": 9},
        "outside": {"x": 9000, "y": 1, "width": 9, "height": 9},
        "not finite": {"x": 1, "y": 1, "width": 9, "height": float("inf")},
    }
    faces = BAD_FACES[case] or json.dumps([{"box": boxes[case], "landmarks": marks}])
    found = await refusal(five, "face-recognition-service", "embed", encoded(sample("portrait")), faces=faces)
    assert found == (400, "INVALID_REQUEST")


async def verify(five: Five, first: bytes, second: bytes, **options: object) -> httpx.Response:
    async with client_of(five["face-recognition-service"]) as client:
        files = {"image_a": first, "image_b": second}
        return await client.post("/api/v1/verify", files=files, data=options)


async def test_verify_needs_exactly_one_face_in_each_image(five: Five) -> None:
    group, portrait, empty = (encoded(sample(name)) for name in ("group", "portrait", "landscape"))
    several = (await verify(five, portrait, group)).json()["error"]
    assert (several["code"], several["details"]) == ("MULTIPLE_FACES", {"image": "image_b", "faces": 5})
    none = (await verify(five, empty, portrait)).json()["error"]
    assert (none["code"], none["details"]) == ("NO_FACE", {"image": "image_a"})
    best = await verify(five, portrait, group, max_faces=1)
    assert best.status_code == 200


async def test_verify_says_by_which_threshold(five: Five) -> None:
    portrait = sample("portrait")
    first, second = encoded(portrait), encoded(portrait.resize((480, 600)), quality=70)
    strict = (await verify(five, first, second, far=0.0001)).json()["data"]
    loose = (await verify(five, first, second, far=0.1)).json()["data"]
    assert strict["match"]
    assert loose["match"]
    assert strict["threshold"] > loose["threshold"]
    assert strict["similarity"] == loose["similarity"]
    assert 0.9 < strict["probability"] <= 1
    assert (await verify(five, first, second, far=0)).json()["error"]["code"] == "INVALID_REQUEST"
