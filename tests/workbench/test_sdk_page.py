"""Every example of the SDK's page, in its order, against a real service."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from service_process import ServiceProcess

from workbench.calls import RECOGNITION
from workbench.client import AsyncFaceSocialClient, Endpoints, FaceSocialClient

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "workbench" / "SDK.md").read_text()
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`([a-z_]+)`")


@pytest.fixture
def beside_the_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the examples write goes into a folder of the test's own."""
    (tmp_path / "workbench").symlink_to(ROOT / "workbench")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_the_samples")
def test_all_examples_run(recognition: ServiceProcess, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"endpoints": Endpoints({RECOGNITION: recognition.url}), "token": _token(recognition)}
    examples = BLOCK.findall(PAGE)
    assert len(examples) >= 9
    for example in examples:
        assert example.count("\n") <= 13, "ten lines or so, and the empty ones that the formatter wants"
        exec(compile(example, "SDK.md", "exec"), names)
    said = capsys.readouterr().out
    assert said.startswith("5 faces")
    assert "['ann']" in said
    assert "the whole group There are 5 faces" in said
    assert "ann 2 {'team': 'night'}" in said
    assert "MULTIPLE_FACES 422" in said
    assert "# HELP" in said
    assert "collection.erase" in said
    assert "['ann', 'bob']" in said
    assert os.path.getsize("staff.ndjson") > 1000


def test_the_table_names_every_operation_and_no_other() -> None:
    table = PAGE[PAGE.index("## All operations") : PAGE.index("`help(")]
    named = set(NAME.findall(table)) - {"client"}
    named |= {f"{name}_batch" for name in ("detect", "embed", "check", "analyze", "estimate")}
    assert named == {*_operations(FaceSocialClient), *_operations(FaceSocialClient(Endpoints()).galleries)}


def test_both_clients_have_them_all() -> None:
    both = FaceSocialClient(Endpoints()), AsyncFaceSocialClient(Endpoints())
    assert _operations(both[0]) - {"close", "send"} == _operations(both[1]) - {"aclose", "send"}
    assert _operations(both[0].galleries) == _operations(both[1].galleries)


def _operations(of: object) -> set[str]:
    names = {name for name in dir(of) if not name.startswith("_") and callable(getattr(of, name))}
    return names - {"close", "aclose", "send", "galleries"}


def _token(service: ServiceProcess) -> str:
    return service.token("admin", tenant="sdk-page")
