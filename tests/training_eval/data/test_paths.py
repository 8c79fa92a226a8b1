from __future__ import annotations

import os
from pathlib import Path

import pytest

from training_eval.data.paths import PICTURES, Root, listed, subfolders
from training_eval.errors import DataMissing


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "set" / "inner").mkdir(parents=True)
    (tmp_path / "set" / "inner" / "a.png").write_bytes(b"a")
    (tmp_path / "secret.png").write_bytes(b"s")
    return Root(tmp_path / "set")


def test_a_name_inside_is_found(root: Root) -> None:
    assert root.file("inner/a.png", "list, line 1") == root.folder / "inner" / "a.png"
    assert root.inside(root.folder / "inner" / "a.png") == root.folder / "inner" / "a.png"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "inner/../../secret.png",
        "inner/../inner/a.png",
        "..\\secret.png",
        "/etc/passwd",
        "C:\\a.png",
        "\\a",
    ],
)
def test_a_name_that_leads_out_is_refused(root: Root, name: str) -> None:
    with pytest.raises(DataMissing, match=r"list, line 7: .* leads out of the set's folder"):
        root.file(name, "list, line 7")


@pytest.mark.parametrize("name", ["", " ", "a\0.png"])
def test_a_name_that_is_none_is_refused(root: Root, name: str) -> None:
    with pytest.raises(DataMissing, match="line 7: the name of a file is missing"):
        root.file(name, "list, line 7")


def test_links_that_lead_out_are_refused(root: Root) -> None:
    (root.folder / "link.png").symlink_to(root.folder.parent / "secret.png")
    (root.folder / "up").symlink_to(root.folder.parent)
    for name in ("link.png", "up/secret.png"):
        with pytest.raises(DataMissing, match="is a link that leads out"):
            root.file(name, "list, line 7")
    with pytest.raises(DataMissing, match="is a link that leads out"):
        root.inside(root.folder / "link.png")


def test_links_inside_and_a_link_to_the_folder_itself_are_followed(root: Root) -> None:
    (root.folder / "b.png").symlink_to("inner/a.png")
    (root.folder.parent / "elsewhere").symlink_to(root.folder)
    assert Root(root.folder.parent / "elsewhere").file("b.png", "here").read_bytes() == b"a"


def test_what_is_no_file_is_refused(root: Root) -> None:
    os.mkfifo(root.folder / "pipe.png")
    (root.folder / "loop.png").symlink_to("loop.png")
    for name in ("pipe.png", "inner", "loop.png", "none.png", "x" * 5000):
        with pytest.raises(DataMissing, match="line 7"):
            root.file(name, "list, line 7")


def test_a_sibling_with_the_same_beginning_is_outside(root: Root) -> None:
    (root.folder.parent / "set2").mkdir()
    (root.folder.parent / "set2" / "a.png").write_bytes(b"a")
    (root.folder / "a.png").symlink_to(root.folder.parent / "set2" / "a.png")
    with pytest.raises(DataMissing, match="leads out"):
        root.file("a.png", "here")


def test_folders_are_listed_by_name_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "z").mkdir()
    (tmp_path / ".cache").mkdir()
    assert [path.name for path in listed(tmp_path, PICTURES)] == ["a.jpg", "b.PNG"]
    assert [path.name for path in subfolders(tmp_path)] == ["z"]
    with pytest.raises(DataMissing, match="nowhere cannot be read: No such file"):
        listed(tmp_path / "nowhere", PICTURES)
