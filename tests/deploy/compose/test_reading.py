"""How Compose files are read: laid over each other, variables filled."""

from __future__ import annotations

import pytest

from deploy.checks.composing.reading import filled, is_one_shot, merged, mounts, secrets, words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${NAME:-value}/x:${OTHER:-1}", "value/x:1"),
        ("${NAME}", ""),
        ("${NAME:-}", ""),
        ("${NAME-old}", "old"),
        ("${NAME:?say it}", ""),
        ("$${NAME} $$(cat)", "${NAME} $(cat)"),
        ("no variable", "no variable"),
    ],
)
def test_a_variable_has_its_default(text: str, meant: str) -> None:
    assert filled({"list": [text], "number": 3}) == {"list": [meant], "number": 3}


def test_files_are_laid_over_each_other() -> None:
    below = {
        "a": {"environment": {"X": 1, "Y": 2}, "volumes": ["x:/x"], "command": ["a", "b"], "image": "old"}
    }
    above = {"a": {"environment": {"Y": 3}, "volumes": ["y:/y"], "command": ["c"], "image": "new"}, "b": {}}
    assert merged(below, above) == {
        "a": {
            "environment": {"X": 1, "Y": 3},
            "volumes": ["x:/x", "y:/y"],
            "command": ["c"],
            "image": "new",
        },
        "b": {},
    }


def test_the_short_forms() -> None:
    service = {
        "volumes": ["data:/data", "./a.conf:/etc/a.conf:ro"],
        "secrets": ["one", {"source": "two", "target": "x"}],
    }
    assert list(mounts(service)) == [("data", "/data", "rw"), ("./a.conf", "/etc/a.conf", "ro")]
    assert list(secrets(service)) == ["one", "two"]
    assert words("run it now") == ["run", "it", "now"]
    assert words(None) == []
    assert is_one_shot({"restart": "no"})
    assert not is_one_shot({})
