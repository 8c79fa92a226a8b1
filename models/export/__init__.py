"""Recipes: published weight files in, one serialised ONNX graph out, the same bytes every time.

A recipe needs neither torch nor a network connection. ``onnx`` and ``h5py`` are imported when a recipe runs,
so that a service which finds its graphs in the cache never loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import cast

Recipe = Callable[[Mapping[str, Path]], bytes]
"""Names of the weight files with their local paths (digests checked before) -> serialised ModelProto."""


def _recipe(module: str, function: str = "build") -> Recipe:
    """Name a recipe without importing what it needs."""

    def run(files: Mapping[str, Path]) -> bytes:
        build = cast(Recipe, getattr(import_module(f"{__name__}.{module}"), function))
        return build(files)

    return run


RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "yunet": _recipe("yunet"),
        "ultralight": _recipe("ultralight"),
        "mobilefacenet": _recipe("mobilefacenet"),
        "minifasnet": _recipe("minifasnet"),
        "meso4": _recipe("mesonet", "build_meso4"),
        "mesoinception": _recipe("mesonet", "build_mesoinception"),
        "age-gender-xception": _recipe("age_gender_xception"),
        "ssrnet-age": _recipe("ssrnet", "build_age"),
        "ssrnet-gender": _recipe("ssrnet", "build_gender"),
    }
)
