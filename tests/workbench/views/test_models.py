"""Models: cards against a server that answers the contract, the registry against MLflow and the real command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from candidates import bundle_of, measure_of, report_of
from contract_stub import ContractStub, refusal, success
from databases import address_of
from mlflow_server import MlflowServer
from pydantic import SecretStr
from service_process import free_port
from single_view import cells, said, single_view
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.settings import DatabaseSettings
from bentos.contracts import AuditPage, ErrorCode
from workbench.components.deeds import RUNNING
from workbench.registry.client import RegistryReader

TASK = "antispoofing"
COMMAND_LIMIT_S = 120
URI, COMMAND = "FACESOCIAL_WORKBENCH_REGISTRY_URI", "FACESOCIAL_WORKBENCH_MODEL_COMMAND"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an MLflow server with two good versions and a bad one."""
    pytest.importorskip("training_eval.registry.tracking", reason="needs the extra `train`")
    folder = tmp_path_factory.mktemp("registry")
    with MlflowServer(folder / "mlflow") as server:
        _register(server.uri, folder, (0.9, 0.95, 0.5))
        yield server.uri


def _register(uri: str, folder: Path, values: tuple[float, ...]) -> None:
    from training_eval.registry.candidates import log_candidate
    from training_eval.registry.runs import RunFacts
    from training_eval.registry.tracking import opened
    from training_eval.settings import TrainingSettings

    with opened(TrainingSettings(state_dir=folder, mlflow_uri=uri, mlflow_token=None)) as store:
        for value in values:
            bundle = bundle_of(folder / f"bundle-{value}", value)
            report = report_of(bundle.cards, measure_of(value=value))
            log_candidate(store, bundle, RunFacts(), report=report)


@pytest.fixture
def settled(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The workbench at that registry, with a stack's database for the command's audit events."""
    database = Database(
        DatabaseSettings(url=SecretStr(f"sqlite:///{tmp_path / 'db.sqlite'}"), pool_size=2, timeout_s=10)
    )
    upgrade(database)
    monkeypatch.setenv("FACESOCIAL_DATABASE_URL", address_of(database))
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv(URI, registry)
    database.close()
    return registry


def do(page: AppTest, what: str, phrase: str) -> AppTest:
    """Choose a deed, confirm it, and look again when its command has ended."""
    page.selectbox(key=f"deed {TASK}").set_value(what).run()
    page.text_input(key=f"confirm {phrase}").set_value(phrase).run()
    page.button(key="do it").click().run()
    assert not page.exception
    if RUNNING in page.session_state:
        assert page.session_state[RUNNING].wait(COMMAND_LIMIT_S) is not None
    return page.run()


def aliases(uri: str) -> dict[int, tuple[str, ...]]:
    with RegistryReader(uri) as reader:
        return {one.number: one.aliases for one in reader.versions(TASK)}


def test_from_the_first_champion_to_a_refusal_and_back(stub: ContractStub, settled: str) -> None:
    stub.will_answer("audit", *[success(AuditPage(events=[], next_cursor=None))] * 5)
    page = single_view("models", stub.url, task="Antispoofing").run()
    assert not page.exception
    assert "The gate was not asked about this version" in said(page)
    for number in (1, 2):
        do(page, f"Promote version {number}, if the gate lets it", f"promote {TASK} {number}")
        assert f"**promote {TASK} {number}** is done." in said(page)
        assert f"version {number} is the champion" in page.code[0].value
    do(page, "Promote version 3, if the gate lets it", f"promote {TASK} 3")
    assert f"**promote {TASK} 3** was refused" in page.error[0].value
    assert "worse by 0.45" in " ".join(page.code[0].value.split())
    assert "✗ refused" in cells(page)
    assert any("worse by 0.45" in cell for cell in cells(page))
    assert aliases(settled) == {3: (), 2: ("champion",), 1: ()}
    do(page, "Let version 3 challenge the champion", f"challenge {TASK} 3")
    do(page, "Roll back to version 1", f"rollback {TASK}")
    assert not page.exception
    assert aliases(settled) == {3: ("challenger",), 2: (), 1: ("champion",)}
    assert [metric.value for metric in page.metric][:2] == ["Version 1", "Version 3"]


def test_only_an_administrator_may(stub: ContractStub, settled: str) -> None:
    before = aliases(settled)
    stub.will_answer("audit", refusal(403, ErrorCode.FORBIDDEN, "Not you."))
    page = single_view("models", stub.url, task="Antispoofing").run()
    do(page, "Promote version 3, if the gate lets it", f"promote {TASK} 3")
    assert RUNNING not in page.session_state
    assert aliases(settled) == before


def test_nothing_is_done_without_the_typed_words(stub: ContractStub, settled: str) -> None:
    page = single_view("models", stub.url, task="Antispoofing").run()
    page.selectbox(key=f"deed {TASK}").set_value("Promote version 3, if the gate lets it").run()
    assert page.button(key="do it").disabled
    page.text_input(key=f"confirm promote {TASK} 3").set_value(f"promote {TASK} 33").run()
    assert page.button(key="do it").disabled


def test_without_the_command_it_is_read_only(
    stub: ContractStub, settled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMMAND, "no-such-program model")
    page = single_view("models", stub.url, task="Antispoofing").run()
    assert not page.exception
    assert "Looking only" in said(page)
    assert "tiny 1.0.0" in cells(page)


def test_without_a_registry_cards_are_shown(stub: ContractStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URI, raising=False)
    page = single_view("models", stub.url).run()
    assert not page.exception
    for words in ("No registry is set", "A stub.", "Everything that is no stub", "Licence: Apache-2.0"):
        assert words in said(page)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(401, ErrorCode.INVALID_TOKEN, "Expired."), "The token is not accepted"),
        (refusal(403, ErrorCode.FORBIDDEN, "Not you."), "role is not enough"),
        (refusal(503, ErrorCode.OVERLOADED, "Busy."), "The service is busy"),
    ],
)
def test_cards_that_are_not_given(stub: ContractStub, answer: Response, words: str) -> None:
    stub.will_answer("model", answer)
    page = single_view("models", stub.url).run()
    assert not page.exception
    assert words in said(page)


def test_a_registry_and_a_service_that_are_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URI, f"http://127.0.0.1:{free_port()}")
    page = single_view("models", f"http://127.0.0.1:{free_port()}").run()
    assert not page.exception
    assert "The registry cannot be read" in page.error[0].value
    assert "The service does not answer" in page.error[1].value
