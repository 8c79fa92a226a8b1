"""Marking answers, and the page of the labels."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from contract_stub import ContractStub
from single_view import cells, said
from small_pictures import small_picture
from streamlit.testing.v1 import AppTest
from workbench_pages import LIMIT_S, page_of, workbench_at

from workbench.components.stores import label_store
from workbench.labels.export import evaluation_set
from workbench.runs.pictures import digest_of

PICTURE = small_picture(3, "JPEG")
TOKEN = jwt.encode({"sub": "ann"}, "a secret that nobody here can check", algorithm="HS256")


@pytest.fixture(autouse=True)
def settings(stub: ContractStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with workbench_at(monkeypatch, tmp_path / "data", stub.url, TOKEN):
        yield


def _script(address: str, task: str, picture: bytes) -> None:
    from workbench.client import Endpoints, FaceSocialClient
    from workbench.components.bench import Bench
    from workbench.components.label import label_answer
    from workbench.runs.model import RunSettings
    from workbench.runs.tasks import TASKS

    client = FaceSocialClient(Endpoints(gateway=address), token="a.b.c")
    if task == "verify":
        answer = client.verify(picture, picture + b"x")
        label_answer(Bench("local", client), task, picture, answer, picture + b"x")
        return
    label_answer(Bench("local", client), task, picture, TASKS[task].one(client, picture, RunSettings()))


def marks(stub: ContractStub, task: str) -> AppTest:
    names = {"address": stub.url, "task": task, "picture": PICTURE}
    page = AppTest.from_function(_script, kwargs=names, default_timeout=LIMIT_S).run()
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    button.click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize("task", ["detect", "liveness", "deepfake", "demographics", "embed", "verify"])
def test_an_answer_of_each_task_is_marked(stub: ContractStub, task: str) -> None:
    press(marks(stub, task), "Right")
    (label,) = label_store().all()
    assert (label.subject.task, label.right, label.who) == (task, True, "ann")
    assert label.subject.digest == digest_of(PICTURE)
    assert (label.model, label.version, label.environment) == ("stub", "1.2.3", "local")
    assert "embedding" not in str(label.answer)
    assert label_store().picture(label.subject.digest) is None, "nobody asked to keep it"


def test_what_would_be_right_and_a_note_are_kept(stub: ContractStub) -> None:
    page = marks(stub, "detect")
    page.multiselect[0].set_value([2]).run()
    page.text_input[0].set_value("50 50 20 20").run()
    page.text_input[1].set_value("one is a lamp").run()
    page.toggle[0].set_value(True).run()
    page = press(page, "Wrong")
    (label,) = label_store().all()
    assert label.truth == {"boxes": "20.00 10.00 30.00 40.00;50.00 50.00 20.00 20.00"}
    assert label.note == "one is a lamp"
    assert label_store().picture(label.subject.digest) == PICTURE
    assert "wrong** by ann" in said(page)
    press(page, "Remove")
    assert label_store().all() == []
    assert label_store().picture(label.subject.digest) is None


def test_what_is_not_understood_is_said_and_nothing_is_kept(stub: ContractStub) -> None:
    page = marks(stub, "demographics")
    page.text_input[0].set_value("old").run()
    page = press(page, "Wrong")
    assert "An age is a number of years" in page.error[0].value
    assert label_store().all() == []


def test_the_page_lists_labels_and_exports_them(stub: ContractStub) -> None:
    assert "No answer of this task was marked yet" in said(page_of("labels").run())
    page = marks(stub, "deepfake")
    page.toggle[0].set_value(True).run()
    press(page, "Wrong")
    page = page_of("labels", labels="Deepfake").run()
    assert not page.exception
    assert {"wrong", "forged 0", "stub 1.2.3", "ann", "True"} <= set(cells(page))
    assert [button.label for button in page.get("download_button")] == ["Evaluation set of 1 samples"]
    made = evaluation_set("deepfake", label_store().all(), label_store().picture)
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert f"pictures/{digest_of(PICTURE)}.jpg" in archive.namelist()
