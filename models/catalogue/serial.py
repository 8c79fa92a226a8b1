"""Cards as JSON: what lies beside the default weights and travels with a registered model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from models.catalogue.card import (
    Calibration,
    CropRule,
    Figure,
    InputSpec,
    Licence,
    ModelCard,
    Task,
    WeightFile,
)
from models.errors import ModelUnavailable

_SIMPLE = ("name", "version", "summary", "recipe", "sha256")


def card_to_json(card: ModelCard) -> dict[str, Any]:
    """Plain JSON values; keys that are numbers become text."""
    plain: dict[str, Any] = _plain(card)
    return plain


def card_from_json(data: Mapping[str, Any]) -> ModelCard:
    """The card that ``card_to_json`` wrote.

    Raises:
        ModelUnavailable: Something is missing, left over or of another kind.
    """
    try:
        return ModelCard(
            **{name: _text(data, name) for name in _SIMPLE},
            task=Task(data["task"]),
            weights=tuple(WeightFile(**weight) for weight in data["weights"]),
            input=InputSpec(**data["input"]),
            crop=_crop(data["crop"]),
            licence=Licence(**data["licence"]),
            decoding=_frozen(data["decoding"]),
            thresholds=MappingProxyType({name: float(value) for name, value in data["thresholds"].items()}),
            calibration=Calibration(**data["calibration"]) if data["calibration"] else None,
            published=tuple(Figure(**figure) for figure in data["published"]),
            measured=tuple(Figure(**figure) for figure in data["measured"]),
            finds=tuple(map(str, data["finds"])),
            misses=tuple(map(str, data["misses"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable(
            f"This is no model card: {type(error).__name__}: {error}. Write cards with `card_to_json`."
        ) from error


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value


def _crop(data: Mapping[str, Any]) -> CropRule:
    template = tuple((float(x), float(y)) for x, y in data["template"])
    return CropRule(kind=data["kind"], scale=float(data["scale"]), template=template)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value


def _frozen(value: Any) -> Any:
    """Lists as tuples; a mapping whose keys are all digits gets its numbers back."""
    if isinstance(value, Mapping):
        numbered = bool(value) and all(key.isdigit() for key in value)
        return MappingProxyType({int(key) if numbered else key: _frozen(v) for key, v in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value
