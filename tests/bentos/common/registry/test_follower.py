"""What serves, as the registry's aliases move."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_registry import OTHER, TASK, Service

from bentos.common.errors import DependencyUnavailable
from models.catalogue.card import Task
from models.errors import FaceSocialError, ModelUnavailable, Overloaded


def _until(holds: Callable[[], bool], limit_s: float = 20) -> None:
    limit = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.01)


def _began(service: Service, number: str = "1") -> Service:
    service.registry.put(number)
    service.registry.name("champion", number)
    service.follower.first()
    return service


def test_begins_with_the_champion(service: Service) -> None:
    assert _began(service, "3").serving == "3.0.0"
    assert service.metric("ai_model_registry_up") == 1


def test_a_task_that_the_registry_does_not_know_is_the_catalogues(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "bentos"):
        service.follower.first()
    assert service.serving == "catalogue"
    assert "has no champion of antispoofing" in caplog.text


def test_without_a_registry_the_last_champion_serves(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    _began(service)
    service.registry.down = True
    service.restart()
    with caplog.at_level(logging.WARNING, "bentos"):
        service.follower.first()
    assert service.serving == "1.0.0"
    assert "version 1 served last" in caplog.text
    assert service.metric("ai_model_registry_up") == 0


def test_without_a_registry_what_the_catalogue_served_serves(service: Service) -> None:
    service.follower.first()
    service.registry.down = True
    service.restart()
    service.follower.first()
    assert service.serving == "catalogue"


def test_with_neither_a_registry_nor_a_champion_it_is_not_ready(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.registry.down = True
    for _ in range(2):
        with pytest.raises(DependencyUnavailable, match="FACESOCIAL_MODEL_SOURCE=auto"):
            service.follower.first()
    assert caplog.text.count("no answer") == 1  # said once, not every five seconds
    service.registry.down = False
    assert _began(service).serving == "1.0.0"


def test_a_damaged_champion_on_disk_is_not_served(service: Service, tmp_path: Path) -> None:
    _began(service)
    (graph,) = (tmp_path / "kept").rglob("*.onnx")
    graph.write_bytes(b"damaged")
    service.registry.down = True
    service.restart()
    with pytest.raises(DependencyUnavailable):
        service.follower.first()
    service.registry.down = False
    service.follower.first()
    assert service.serving == "1.0.0"


@pytest.mark.parametrize("fault", ["load", "bundle", "arrival"])
def test_a_champion_that_cannot_begin_leaves_the_one_before(fault: str, service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.restart()
    match fault:
        case "load":
            service.generations.refused["2.0.0"] = ModelUnavailable("does not run")
        case "bundle":
            service.registry.damage("2")
        case "arrival":
            service.registry.faults.append(DependencyUnavailable("broke off"))
    service.follower.first()
    assert service.serving == "1.0.0"
    service.follower.look()
    assert service.serving == ("2.0.0" if fault == "arrival" else "1.0.0")


def test_a_champion_that_cannot_begin_and_none_before(service: Service) -> None:
    service.generations.refused["1.0.0"] = ModelUnavailable("does not run")
    with pytest.raises(FaceSocialError, match="does not run"):
        _began(service)


def test_a_moved_alias_is_followed_and_back(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.follower.look()
    assert service.serving == "2.0.0"
    service.registry.name("champion", "1")
    service.follower.look()
    assert service.serving == "1.0.0"
    assert service.registry.downloads == ["1", "2"]  # the way back needs no download
    service.follower.look()
    assert service.generations.tries == ["1.0.0", "2.0.0", "1.0.0"]


def test_a_first_champion_takes_the_catalogues_place(service: Service) -> None:
    service.follower.first()
    service.registry.put("1")
    service.registry.name("champion", "1")
    service.follower.look()
    assert service.serving == "1.0.0"


def test_an_alias_that_goes_leaves_what_serves(service: Service) -> None:
    _began(service)
    service.registry.name("champion", None)
    service.follower.look()
    assert service.serving == "1.0.0"
    assert service.failures("unreachable") == 0


def test_what_serves_is_remembered_for_the_next_start(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.follower.look()
    service.registry.down = True
    service.restart()
    service.follower.first()
    assert service.serving == "2.0.0"


def test_a_registry_that_goes_and_comes(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    _began(service)
    caplog.set_level(logging.INFO, "bentos")
    service.registry.down = True
    for _ in range(3):
        service.follower.look()
    assert service.serving == "1.0.0"
    assert service.metric("ai_model_registry_up") == 0
    assert service.failures("unreachable") == 3
    assert caplog.text.count("no answer") == 1
    service.registry.down = False
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.follower.look()
    assert service.serving == "2.0.0"
    assert service.metric("ai_model_registry_up") == 1


@pytest.mark.parametrize("fault", ["load", "unexpected", "bundle", "task"])
def test_a_version_that_cannot_serve_is_tried_once(
    fault: str, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    _began(service)
    service.registry.put("2", *((Task.FACE_DETECTION, TASK) if fault == "task" else ()))
    match fault:
        case "load":
            service.generations.refused["2.0.0"] = ModelUnavailable("does not run")
        case "unexpected":
            service.generations.refused["2.0.0"] = RuntimeError("the library's own")
        case "bundle":
            service.registry.damage("2")
    service.registry.name("champion", "2")
    for _ in range(3):
        service.follower.look()
    assert service.serving == "1.0.0"
    assert service.failures("load" if fault in ("load", "unexpected") else "bundle") == 1
    assert caplog.text.count("antispoofing version 2") == 1
    assert service.registry.downloads.count("2") == 1
    # Once more after the alias has moved, where what was wrong may be gone.
    service.registry.name("champion", "1")
    service.follower.look()
    service.generations.refused.clear()
    service.registry.name("champion", "2")
    service.follower.look()
    assert service.serving == ("2.0.0" if fault in ("load", "unexpected") else "1.0.0")


@pytest.mark.parametrize(
    "fault", [DependencyUnavailable("broke off"), OSError(28, "No space left on device")]
)
def test_a_version_that_does_not_arrive_is_asked_for_again(fault: Exception, service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.registry.faults = [fault, fault]
    service.follower.look()
    service.follower.look()
    assert service.registry.downloads == ["1", "2"]  # not at once
    service.now += 6
    service.follower.look()
    service.now += 6
    service.follower.look()  # the pause has grown
    assert service.registry.downloads == ["1", "2", "2"]
    service.now += 6
    service.follower.look()
    assert service.serving == "2.0.0"
    assert service.failures("delayed") == 2


def test_a_service_without_time_for_a_trial_tries_later(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("champion", "2")
    service.generations.refused["2.0.0"] = Overloaded("no time")
    service.follower.look()
    service.generations.refused.clear()
    service.now += 6
    service.follower.look()
    assert service.serving == "2.0.0"
    assert service.failures("load") == 0


def test_what_collections_are_made_with_waits_for_a_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = _began(Service(tmp_path, (TASK, OTHER), frozenset({TASK})))
    service.registry.put("2")
    service.registry.put("5", OTHER)
    service.registry.name("champion", "2")
    service.registry.name("champion", "5", OTHER)
    for _ in range(3):
        service.follower.look()
    assert service.serving == "1.0.0"
    assert service.generations.serving[OTHER] == "5.0.0"
    waiting = {"model_name": "minifasnet-v2", "model_version": "2.0.0"}
    assert service.metric("ai_model_waiting", **waiting) == 1
    assert caplog.text.count("waits for the next start") == 1
    service.registry.name("champion", "1")
    service.follower.look()
    assert service.metric("ai_model_waiting", **waiting) == 0
    service.registry.name("champion", "2")
    service.restart()
    service.follower.first()
    assert service.serving == "2.0.0"


def test_one_task_does_not_keep_the_other(tmp_path: Path) -> None:
    service = Service(tmp_path, (TASK, OTHER))
    service.registry.put("5", OTHER)
    service.registry.name("champion", "5", OTHER)
    _began(service)
    assert service.generations.serving == {TASK: "1.0.0", OTHER: "5.0.0"}
    service.registry.down = True
    service.restart()
    service.follower.first()
    assert service.generations.serving == {TASK: "1.0.0", OTHER: "5.0.0"}


def test_a_challenger_is_tried_and_withdrawn(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("challenger", "2")
    service.follower.look()
    service.follower.look()
    assert service.trial.trying == {TASK: "2.0.0"}
    assert service.trial.begun == 1
    assert service.serving == "1.0.0"
    service.registry.name("challenger", None)
    service.follower.look()
    assert service.trial.trying == {}
    service.registry.name("challenger", "2")
    service.follower.look()
    assert service.trial.trying == {TASK: "2.0.0"}


def test_a_challenger_that_was_promoted_is_not_compared_with_itself(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.registry.name("challenger", "2")
    service.follower.look()
    service.registry.name("champion", "2")
    service.follower.look()
    assert service.serving == "2.0.0"
    assert service.trial.trying == {}


def test_a_challenger_is_tried_with_what_serves_now(service: Service) -> None:
    _began(service)
    for number in ("2", "3"):
        service.registry.put(number)
    service.registry.name("challenger", "2")
    service.follower.look()
    service.registry.name("champion", "3")
    service.follower.look()
    assert service.trial.begun == 2


def test_a_challenger_that_does_not_run_is_tried_once(service: Service) -> None:
    _began(service)
    service.registry.put("13")
    service.registry.name("challenger", "13")
    for _ in range(3):
        service.follower.look()
    assert service.trial.begun == 1
    assert service.serving == "1.0.0"


def test_the_thread_follows_until_it_is_closed(service: Service) -> None:
    _began(service)
    service.registry.put("2")
    service.follower.start()
    service.follower.start()
    assert service.trial.started
    service.registry.name("champion", "2")
    _until(lambda: service.serving == "2.0.0")
    service.follower.close()
    assert service.registry.closed
    assert service.trial.closed
    service.registry.name("champion", "1")
    time.sleep(0.1)
    assert service.serving == "2.0.0"


def test_the_thread_outlives_a_fault(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    _began(service)
    service.registry.put("2")
    good, calls = service.registry.aliases, []

    def aliases(name: str) -> object:
        calls.append(name)
        if len(calls) < 3:
            raise RuntimeError("nobody thought of this")
        return good(name)

    monkeypatch.setattr(service.registry, "aliases", aliases)
    service.registry.name("champion", "2")
    service.follower.start()
    _until(lambda: service.serving == "2.0.0")
    service.follower.close()


def test_it_can_be_closed_before_it_began(service: Service) -> None:
    service.follower.close()
    service.follower.start()
    assert service.registry.closed
