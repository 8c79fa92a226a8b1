"""What the running services say of their queues and of what their models said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from integration.calls import client_of, post, post_batch
from integration.pictures import encoded, sample
from metering import sampled, value_of
from service_process import ServiceProcess

Five = Mapping[str, ServiceProcess]
Path = tuple[str, ...]
FIRST = {
    "face-detection-service": ("detect", {"detection": lambda face: face["score"]}),
    "antispoofing-service": ("check", {"live": lambda face: face["score"]}),
    "deepfake-detection-service": ("analyze", {"fake": lambda face: face["score"]}),
    "age-gender-service": (
        "estimate",
        {
            "age": lambda face: face["age"] / 100,
            "female": lambda face: (
                face["gender"]["confidence"]
                if face["gender"]["label"] == "female"
                else 1 - face["gender"]["confidence"]
            ),
        },
    ),
}


def metrics_of(service: ServiceProcess) -> str:
    return httpx.get(f"{service.url}/metrics", timeout=30, trust_env=False).text


def counted(text: str, score: str) -> tuple[float, float]:
    """How many there were, and what they add up to; of the one model that says them."""
    found = [value_of(text, f"ai_model_score_{what}", score=score) for what in ("count", "sum")]
    assert None not in found
    return found[0] or 0, found[1] or 0


@pytest.mark.parametrize("name", FIRST)
async def test_scores_are_those_of_the_answers(five: Five, name: str) -> None:
    path, scores = FIRST[name]
    service, image = five[name], encoded(sample("group"))
    before = metrics_of(service)
    async with client_of(service) as client:
        faces: list[dict[str, Any]] = (await post(client, path, image))["faces"]
        for result in await post_batch(client, [image, b"no picture"]):
            faces += result["data"]["faces"] if result["success"] else []
        card = (await client.get("/api/v1/model")).json()["data"]
    after = metrics_of(service)
    assert len(faces) >= 6
    for score, said in scores.items():
        (count, total), (old_count, old_total) = counted(after, score), counted(before, score)
        assert count - old_count == len(faces)
        assert total - old_total == pytest.approx(sum(map(said, faces)), abs=1e-6)
        labels = {"model_name": card["name"], "model_version": card["version"], "service": name}
        assert value_of(after, "ai_model_score_count", score=score, **labels) == count


async def test_a_comparison_is_one_score(five: Five) -> None:
    service, image = five["face-recognition-service"], encoded(sample("portrait"))
    before, total_before = counted(metrics_of(service), "similarity")
    async with client_of(service) as client:
        answer = await client.post(
            "/api/v1/verify", files={"image_a": image, "image_b": image}, data={"max_faces": 1}
        )
        assert answer.status_code == 200, answer.text
        await post(client, "embed", image)
    after, total = counted(metrics_of(service), "similarity")
    assert after - before == 1
    assert total - total_before == pytest.approx(1, abs=1e-3)


async def test_queues_are_there_and_tell_of_each_request(five: Five) -> None:
    for name, service in five.items():
        queues = {"workers", "detector"} | ({"faces"} if name != "face-detection-service" else set())
        found = sampled(metrics_of(service), "ai_queue_duration_seconds_count", service=name)
        assert {dict(labels)["queue"] for labels in found} == queues
    service = five["face-detection-service"]
    before = {queue: waits(service, queue) for queue in ("workers", "detector")}
    async with client_of(service) as client:
        await post_batch(client, [encoded(sample("group"))] * 3)
    assert {queue: waits(service, queue) - count for queue, count in before.items()} == {
        "workers": 3,
        "detector": 3,
    }


async def test_an_inner_service_tells_how_long_items_were_on_their_way(
    running_service: ServiceProcess,
) -> None:
    before = waits(running_service, "detector")
    async with client_of(running_service) as client:
        await post(client, "detect", encoded(sample("group")))
    assert waits(running_service, "detector") - before == 1
    total = value_of(metrics_of(running_service), "ai_queue_duration_seconds_sum", queue="detector")
    assert total is not None
    assert 0 < total < 60 * (before + 1)


def waits(service: ServiceProcess, queue: str) -> float:
    found = value_of(metrics_of(service), "ai_queue_duration_seconds_count", queue=queue)
    assert found is not None
    return found


async def test_galleries_chains_and_backups_are_told_by_face_recognition(five: Five) -> None:
    text = metrics_of(five["face-recognition-service"])
    for name in (
        "gallery_faces",
        "gallery_outbox_oldest_seconds",
        "audit_chains_broken",
        "audit_chains_checked_timestamp_seconds",
        "backup_last_success_timestamp_seconds",
    ):
        assert value_of(text, name) is not None, name
    assert "gallery_faces" not in metrics_of(five["antispoofing-service"])
