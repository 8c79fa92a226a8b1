from __future__ import annotations

from pathlib import Path

from workbench.settings import CHECKOUT, WorkbenchSettings


def test_data_lies_in_its_own_folder_else_in_the_state_folder_else_in_the_checkout(monkeypatch, tmp_path):
    for name in ("FACESOCIAL_STATE_DIR", "FACESOCIAL_WORKBENCH_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert WorkbenchSettings().data_folder == CHECKOUT / ".facesocial" / "workbench"
    monkeypatch.setenv("FACESOCIAL_STATE_DIR", str(tmp_path))
    assert WorkbenchSettings().data_folder == tmp_path / "workbench"
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_DATA_DIR", "/elsewhere")
    assert WorkbenchSettings().data_folder == Path("/elsewhere")


def test_folders_that_may_be_read_come_as_json(monkeypatch):
    monkeypatch.setenv("FACESOCIAL_WORKBENCH_FOLDERS", '["/data/pictures"]')
    assert WorkbenchSettings().folders == (Path("/data/pictures"),)
