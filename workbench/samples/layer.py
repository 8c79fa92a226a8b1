"""A person as a picture layer with smooth edges."""

from __future__ import annotations

import numpy as np

from workbench.samples.person import Person
from workbench.samples.render import Placement, colours_at
from workbench.samples.shapes import Floats

TILE = 32768
CONTRAST = 0.04
INSIDE_PIXEL = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))


def person_layer(person: Person, place: Placement, width: int, height: int) -> Floats:
    """float32 [height, width, 4]: display colours times coverage, and coverage."""
    py, px = (axis.ravel().astype(np.float32) for axis in np.indices((height, width)))
    near = np.flatnonzero((np.abs(px - place.x) < 1.75 * place.scale) & (py > place.y - 1.75 * place.scale))
    seen = np.zeros((4, px.size), np.float32)
    seen[:, near] = _tiled(person, place, px[near], py[near])
    rough = np.flatnonzero(_contrast(seen.reshape(4, height, width)).ravel() > CONTRAST)
    finer = [_tiled(person, place, px[rough] + dx, py[rough] + dy) for dx, dy in INSIDE_PIXEL]
    seen[:, rough] = np.mean(finer, axis=0)
    return np.ascontiguousarray(seen.T).reshape(height, width, 4)


def _tiled(person: Person, place: Placement, px: Floats, py: Floats) -> Floats:
    parts = [slice(i, i + TILE) for i in range(0, px.size, TILE)]  # small enough for the processor's cache
    return np.concatenate([colours_at(person, place, px[part], py[part]) for part in parts], axis=1)


def _contrast(seen: Floats) -> Floats:
    """Largest difference to a neighbouring pixel."""
    most = np.zeros(seen.shape[1:], np.float32)
    for axis in (1, 2):
        step = np.abs(np.diff(seen, axis=axis)).max(axis=0)
        pad = ((1, 0), (0, 0)) if axis == 1 else ((0, 0), (1, 0))
        after = tuple((b, a) for a, b in pad)
        most = np.maximum(most, np.maximum(np.pad(step, pad), np.pad(step, after)))
    return most
