"""Bundles as they are registered, small enough to be made by the dozen."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from models.catalogue import CATALOGUE
from models.catalogue.card import Task
from models.runtime.bundle import Bundle, write_bundle

NAMES = {
    Task.ANTISPOOFING: "minifasnet-v2",
    Task.FACE_DETECTION: "yunet-n",
    Task.FACE_RECOGNITION: next(
        name for name, card in CATALOGUE.items() if card.task is Task.FACE_RECOGNITION
    ),
}


def a_bundle(folder: Path, graph: bytes, task: Task = Task.ANTISPOOFING, version: str = "1.0.0") -> Bundle:
    """A bundle of one model whose graph is no graph; nothing here runs it."""
    card = replace(CATALOGUE[NAMES[task]], sha256=hashlib.sha256(graph).hexdigest(), version=version)
    return write_bundle(folder, [(card, graph)])
