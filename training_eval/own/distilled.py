"""What the two networks that learn from one published network have in common beside their training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from torch import nn

from models.catalogue.card import Licence, ModelCard
from models.export.torch_graph import export_torch
from models.runtime.session import Session
from training_eval.own.made import Made
from training_eval.own.material import Material
from training_eval.own.opened import opened


def licence(teacher: ModelCard, learned: str) -> Licence:
    """Terms of a network that learned from the teacher; ``learned`` names what of it, such as ``answers``."""
    return Licence(
        code="Apache-2.0",
        url="models/weights",
        training_data=(
            "Distilled: crops of 30 people of the AT&T Database of Faces and of some 430 faces in photographs of "
            "groups, portraits and one video, mixed into new faces, were shown to "
            f"{teacher.name}, and its {learned} were learned. What this model knows comes from that one, and so the "
            f"terms of its data carry over: {teacher.licence.training_data}"
        ),
    )


def finished(
    student: nn.Module,
    outputs: Sequence[str],
    side: int,
    plain: Callable[[str], ModelCard],
    measured: Callable[[str, Session, Material], ModelCard],
    material: Material,
) -> Made:
    """Graph and measured card of a trained network.

    Args:
        student: Takes pictures of one size.
        outputs: Names of its outputs, in order.
        side: Of its pictures, in pixels.
        plain: The card for a digest, before anything is measured.
        measured: The card for a digest, from a session that runs the graph.
        material: What is measured on.

    Raises:
        ModelUnavailable: The graph cannot be loaded.
    """
    graph = export_torch(
        student, height=side, width=side, outputs=outputs, name=plain("").name, example=(side, side)
    )
    sha256 = hashlib.sha256(graph).hexdigest()
    return Made(measured(sha256, opened(plain(sha256), graph), material), graph)
