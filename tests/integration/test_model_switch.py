"""From training to serving: what is promoted serves at once, what is worse never does, and nobody's request fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from crowd import Crowd
from integration.calls import samples_of
from integration.pictures import encoded, sample
from mlflow_server import MlflowServer
from service_process import ServiceProcess

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")

from models.catalogue import CATALOGUE
from models.catalogue.card import Task
from models.runtime.store import WeightStore
from training_eval.data import open_set
from training_eval.settings import TrainingSettings

NAME = "antispoofing-service"
TASK = Task.ANTISPOOFING.value
LIMIT_S = 60
REFRESH_S = 0.3
FEW, MANY = 3, 120
"""Steps after which a network knows nothing yet, and everything."""


@dataclass(frozen=True)
class Seen:
    """What one answer said."""

    version: str
    score: float


@pytest.fixture(scope="module")
def registry(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A server with three versions, trained and measured: an unripe one, a good one, a wrong one."""
    folder = tmp_path_factory.mktemp("switch")
    with MlflowServer(folder / "mlflow") as server:
        _register(server, mirror, folder)
        yield server


def _register(server: MlflowServer, mirror: Path, folder: Path) -> None:
    from tiny_liveness import Material

    from training_eval.evaluation import evaluate, open_finder
    from training_eval.registry.candidates import log_candidate
    from training_eval.registry.runs import RunFacts
    from training_eval.registry.tracking import opened

    weights = WeightStore(folder / "models", mirror=str(mirror), offline=True)
    weights.resolve(CATALOGUE["yunet-n"])
    finder = open_finder(weights)
    pictures = [np.asarray(sample(name))[:, :, ::-1].copy() for name in ("group", "portrait")]
    material = Material.of(pictures, finder)
    held_out = open_set("manifest", material.write_set(folder / "set", each=3))
    settings = TrainingSettings(state_dir=folder, mlflow_uri=server.uri, mlflow_token=None)
    for number, (steps, mistaken) in enumerate(((FEW, False), (MANY, False), (MANY, True)), start=1):
        bundle = material.trained(folder / str(number), f"{number}.0.0", steps, mistaken=mistaken)
        report = evaluate(bundle, [held_out], finder=finder)
        with opened(settings) as store:
            log_candidate(store, bundle, RunFacts(parameters={"steps": steps}), report=report)


@dataclass(frozen=True)
class Stage:
    """A service that follows a registry, and the commands beside it."""

    service: ServiceProcess
    registry: MlflowServer

    @contextmanager
    def client(self) -> Iterator[Callable[[], Seen]]:
        with httpx.Client(
            base_url=self.service.url, headers=self.service.headers(), timeout=LIMIT_S, trust_env=False
        ) as client:
            yield lambda: _seen(client)

    def until(self, version: str) -> Seen:
        """Ask until a version answers; what it says."""
        limit = time.monotonic() + LIMIT_S
        with self.client() as ask:
            while (seen := ask()).version != version:
                assert time.monotonic() < limit, f"{seen.version} still answers\n{self.said()}"
                time.sleep(0.05)
        return seen

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``facesocial model …`` as somebody types it beside the service."""
        return subprocess.run(
            [sys.executable, "-m", "deploy.local.cli", "model", *words],
            env=self.service.environment(),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    def metric(self, name: str, **labels: str) -> float:
        return samples_of(self.service, name, **labels).get(name, 0.0)

    def said(self) -> str:
        return self.service.output.read_text(errors="replace")[-3000:]


def _seen(client: httpx.Client) -> Seen:
    answer = client.post("/api/v1/check", files={"image": PORTRAIT})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    (version,) = [model["version"] for model in body["meta"]["models"] if model["task"] == TASK]
    return Seen(version, body["data"]["faces"][0]["score"])


PORTRAIT = encoded(sample("portrait"))


@pytest.fixture
def stage_of(registry: MlflowServer, mirror: Path, tmp_path: Path) -> Callable[[Mapping[str, str]], Stage]:
    """Makes a service with some settings in a folder of its own; no version has an alias yet."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=registry.uri, registry_uri=registry.uri)
    for alias in client.get_registered_model(TASK).aliases:
        client.delete_registered_model_alias(TASK, alias)
    for tag in client.get_registered_model(TASK).tags:
        client.delete_registered_model_tag(TASK, tag)

    def make(settings: Mapping[str, str]) -> Stage:
        following = {
            "FACESOCIAL_MODEL_SOURCE": "mlflow",
            "FACESOCIAL_MLFLOW_URI": registry.uri,
            "FACESOCIAL_MODEL_REFRESH_S": str(REFRESH_S),
            "FACESOCIAL_DATABASE_URL": f"sqlite:///{tmp_path / 'facesocial.sqlite'}",
        }
        return Stage(ServiceProcess(NAME, tmp_path / NAME, mirror, {**following, **settings}), registry)

    return make


@pytest.fixture
def limits(tmp_path: Path) -> str:
    """What this machine does beside the measuring says nothing about a model's speed."""
    path = tmp_path / "limits.json"
    path.write_text(json.dumps({"slower": 100}))
    return str(path)


def _require_one_change(crowd: Crowd[Seen], scores: Mapping[str, float], order: Sequence[str]) -> None:
    """No call failed, each answer is of one version throughout, and each client saw one change."""
    assert not crowd.failures
    for got in crowd.got:
        assert all(seen.score == pytest.approx(scores[seen.version], abs=2e-4) for seen in got)
        versions = [seen.version for seen in got]
        changes = [(before, after) for before, after in pairwise(versions) if before != after]
        assert changes == [tuple(order)]


def _switched(stage: Stage, before: Seen, after: str, move: Callable[[], None]) -> Seen:
    """What answers after a move that sixteen clients notice by nothing but the answers."""
    crowd = Crowd(stage.client)
    with crowd.asking():
        move()
        seen = stage.until(after)
        time.sleep(1.0)  # each client gets some answers more
    assert abs(seen.score - before.score) > 0.2  # else the numbers would not tell the two apart
    scores = {before.version: before.score, seen.version: seen.score}
    _require_one_change(crowd, scores, (before.version, after))
    return seen


def _require_served(stage: Stage, version: str) -> None:
    """The service says everywhere that this version answers, and no other."""
    service = stage.service
    told = httpx.get(f"{service.url}/api/v1/model", headers=service.headers(), trust_env=False).json()
    assert (told["data"]["name"], told["data"]["version"]) == ("tiny-liveness", version)
    for number in ("1.0.0", "2.0.0", "3.0.0"):
        labels = {"model_name": "tiny-liveness", "model_version": number}
        assert stage.metric("ai_model_info", **labels) == (number == version)


def _accepted(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(400)
def test_from_promotion_to_rollback_and_without_a_registry(
    stage_of: Callable[[Mapping[str, str]], Stage], limits: str
) -> None:
    stage = stage_of({"FACESOCIAL_SHADOW_SHARE": "1"})
    _accepted(stage.command("promote", TASK, "1"))
    with stage.service:
        first = stage.until("1.0.0")
        _require_served(stage, "1.0.0")
        assert stage.metric("ai_model_registry_up") == 1
        second = _switched(
            stage,
            first,
            "2.0.0",
            lambda: _accepted(stage.command("promote", TASK, "2", "--limits", limits)),
        )
        _require_served(stage, "2.0.0")
        _refuses_what_is_worse(stage, limits)
        again = _switched(stage, second, "1.0.0", lambda: _accepted(stage.command("rollback", TASK)))
        assert again.score == pytest.approx(first.score, abs=2e-4)
        _tries_beside(stage)
        stage.registry.stop()
        _serves_on(stage)
    try:
        _serves_what_is_kept(stage)
    finally:
        stage.registry.start()


@pytest.mark.timeout(300)
def test_a_switch_where_an_inner_service_holds_the_models(
    stage_of: Callable[[Mapping[str, str]], Stage], limits: str
) -> None:
    stage = stage_of({"FACESOCIAL_BATCH_MODE": "service"})
    _accepted(stage.command("promote", TASK, "1"))
    with stage.service:
        first = stage.until("1.0.0")
        promote = ("promote", TASK, "2", "--limits", limits)
        _switched(stage, first, "2.0.0", lambda: _accepted(stage.command(*promote)))
        _require_served(stage, "2.0.0")


def _refuses_what_is_worse(stage: Stage, limits: str) -> None:
    refused = stage.command("promote", TASK, "3", "--limits", limits)
    assert refused.returncode == 1
    assert "APCER" in refused.stdout
    assert "worse" in refused.stdout
    time.sleep(5 * REFRESH_S)
    assert stage.until("2.0.0").version == "2.0.0"


def _tries_beside(stage: Stage) -> None:
    """The good version beside the unripe one, which takes the portrait for an attack."""
    _accepted(stage.command("challenge", TASK, "2"))
    labels = {"model_name": "tiny-liveness", "model_version": "2.0.0"}
    limit = time.monotonic() + LIMIT_S
    with stage.client() as ask:
        while stage.metric("ai_model_shadow_requests_total", outcome="compared") < 3:
            assert ask().version == "1.0.0"
            assert time.monotonic() < limit, stage.said()
    assert stage.metric("ai_model_shadow_flips_total", **labels) >= 3
    count = stage.metric("ai_model_shadow_disagreement_count", **labels)
    assert 0.2 < stage.metric("ai_model_shadow_disagreement_sum", **labels) / count < 1
    assert stage.metric("ai_model_shadow_requests_total", outcome="failed") == 0


def _serves_on(stage: Stage) -> None:
    limit = time.monotonic() + LIMIT_S
    with stage.client() as ask:
        while stage.metric("ai_model_registry_up") == 1:
            assert ask().version == "1.0.0"
            assert time.monotonic() < limit, stage.said()
        assert ask().version == "1.0.0"


def _serves_what_is_kept(stage: Stage) -> None:
    with stage.service:
        assert stage.until("1.0.0").version == "1.0.0"
        _require_served(stage, "1.0.0")
        assert stage.metric("ai_model_registry_up") == 0
        assert "served last" in stage.said()
