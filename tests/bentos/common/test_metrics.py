"""Metrics of queues and of what models say: there from the start, and in their limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from made_models import cards_of, drawn_generations
from metering import sampled, value_of
from together import ROOT

from bentos.common.metrics import QUEUE_BUCKETS, SCORE_BUCKETS, Metrics
from bentos.common.spec import DETECTOR, FACES, ServiceSpec
from models.catalogue.card import Task

TASKS = {FACES: Task.AGE_GENDER, DETECTOR: Task.FACE_DETECTION}
SPEC = ServiceSpec("the-service", "Test", TASKS, routes="", scores=("age", "female"))
CARD = cards_of(Task.AGE_GENDER, 1)[0]


def text_of(metrics: Metrics) -> str:
    return metrics.render().decode()


def test_a_queue_is_there_before_anything_waited() -> None:
    metrics = Metrics("the-service")
    waited = metrics.waiting("workers")
    labels = {"service": "the-service", "queue": "workers"}
    assert value_of(text_of(metrics), "ai_queue_duration_seconds_count", **labels) == 0
    waited(0.03)
    waited(60.0)
    text = text_of(metrics)
    assert value_of(text, "ai_queue_duration_seconds_bucket", **labels, le="0.05") == 1
    assert value_of(text, "ai_queue_duration_seconds_bucket", **labels, le="10.0") == 1
    assert value_of(text, "ai_queue_duration_seconds_count", **labels) == 2
    assert len(sampled(text, "ai_queue_duration_seconds_bucket")) == len(QUEUE_BUCKETS) + 1


def test_scores_are_in_twenty_buckets_up_to_one() -> None:
    assert len(SCORE_BUCKETS) == 20
    assert (SCORE_BUCKETS[0], SCORE_BUCKETS[-1]) == (0.05, 1.0)


@pytest.mark.parametrize(
    ("score", "bucket", "total"),
    [
        (0.05, "0.05", 0.05),
        (0.951, "1.0", 0.951),
        (1.7, "1.0", 1.0),
        (-0.4, "0.05", 0.0),
        (float("nan"), "0.05", 0),
    ],
)
def test_a_score_is_counted_within_its_limits(score: float, bucket: str, total: float) -> None:
    metrics = Metrics("the-service")
    metrics.scored(CARD, [("similarity", score)])
    text = text_of(metrics)
    labels = {
        "service": "the-service",
        "model_name": CARD.name,
        "model_version": CARD.version,
        "score": "similarity",
    }
    assert value_of(text, "ai_model_score_sum", **labels) == pytest.approx(total)
    assert value_of(text, "ai_model_score_bucket", **labels, le=bucket) == 1
    below = [value for key, value in sampled(text, "ai_model_score_bucket").items() if value == 0]
    assert len(below) == SCORE_BUCKETS.index(float(bucket))


async def test_scores_of_the_main_model_are_there_once_it_serves() -> None:
    metrics = Metrics(SPEC.name)
    generations = drawn_generations(SPEC, 1, metrics)
    assert sampled(text_of(metrics), "ai_model_score_count") == {}
    await generations.start()
    found = sampled(text_of(metrics), "ai_model_score_count")
    assert {dict(labels)["score"] for labels in found} == {"age", "female"}
    assert {dict(labels)["model_name"] for labels in found} == {CARD.name}
    assert set(found.values()) == {0}


def test_processes_of_a_service_add_up(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from bentos.common.metrics import Metrics
metrics = Metrics("the-service", Path(sys.argv[1]))
metrics.waiting("faces")(0.5)
print(metrics.render().decode())
"""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            cwd=ROOT,
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert value_of(done.stdout, "ai_queue_duration_seconds_sum", queue="faces") == 1.0
