"""Reading a registry that is down, refuses, or is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_stub import ContractStub
from service_process import free_port
from starlette.responses import JSONResponse, Response

from workbench.registry.client import RegistryFailed, RegistryReader

TASK = "antispoofing"


@pytest.fixture
def reader(stub: ContractStub) -> Iterator[RegistryReader]:
    with RegistryReader(stub.url, "secret") as reader:
        yield reader


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(status_code=401), "refuses access"),
        (Response(status_code=403), "REGISTRY_TOKEN"),
        (Response(status_code=500), "answers 500"),
        (Response("<h1>"), "no MLflow server"),
        (JSONResponse([]), "no MLflow server"),
        (JSONResponse({"registered_model": None}), "no MLflow server"),
        (JSONResponse({"registered_model": {"aliases": [{"alias": "champion"}]}}), "no MLflow server"),
        (Response(b"{" + b" " * 9_000_000), "more than a registry would"),
        (JSONResponse({"error_code": "ELSE"}, 404), "answers 404"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    stub: ContractStub, reader: RegistryReader, answer: Response, words: str
) -> None:
    stub.will_answer("get", answer)
    with pytest.raises(RegistryFailed, match=words):
        reader.versions(TASK)
    assert stub.seen[0].headers["authorization"] == "Bearer secret"


def test_a_task_that_is_unknown_has_no_versions(stub: ContractStub, reader: RegistryReader) -> None:
    stub.will_answer("get", JSONResponse({"error_code": "RESOURCE_DOES_NOT_EXIST"}, 404))
    assert reader.versions(TASK) == []


def test_pages_are_gone_through(stub: ContractStub, reader: RegistryReader) -> None:
    stub.will_answer(
        "get", JSONResponse({"registered_model": {"aliases": [{"alias": "champion", "version": "2"}]}})
    )
    entity = {"creation_timestamp": 1, "run_id": "r", "tags": [{"key": "models", "value": "tiny 1"}]}
    pages = ({"model_versions": [entity | {"version": "1"}], "next_page_token": "t"}, {"model_versions": [entity | {"version": "2"}]})  # fmt: skip  # noqa: E501
    stub.will_answer("search", *map(JSONResponse, pages))
    assert [(one.number, one.aliases) for one in reader.versions(TASK)] == [(2, ("champion",)), (1, ())]
    assert stub.seen[-1].query["page_token"] == "t"


def test_a_password_in_the_address_is_not_said() -> None:
    reader = RegistryReader(f"http://ann:secret@127.0.0.1:{free_port()}")
    with reader, pytest.raises(RegistryFailed, match="does not answer") as caught:
        reader.versions(TASK)
    assert "secret" not in caught.value.message
    with pytest.raises(RegistryFailed, match="no http or https address"):
        RegistryReader("sqlite:///x")
