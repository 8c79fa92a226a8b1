"""Model cards in the words of the contract."""

from __future__ import annotations

from collections.abc import Sequence

from bentos.contracts import ModelCards, ModelInfo
from bentos.contracts.service import FigureInfo, LicenceInfo
from models.catalogue.card import Figure, ModelCard


def model_cards(cards: Sequence[ModelCard]) -> ModelCards:
    """All cards of a service; the first is the main one."""
    models = [_info(card) for card in cards]
    main = models[0]
    return ModelCards(
        name=main.name,
        version=main.version,
        digest=main.digest,
        licence=main.licence,
        metrics=main.metrics,
        thresholds=main.thresholds,
        models=models,
    )


def _info(card: ModelCard) -> ModelInfo:
    licence = card.licence
    return ModelInfo(
        task=card.task.value,
        name=card.name,
        version=card.version,
        digest=card.sha256,
        summary=card.summary,
        licence=LicenceInfo(code=licence.code, url=licence.url, training_data=licence.training_data),
        thresholds=dict(card.thresholds),
        metrics=[_figure(figure) for figure in (*card.published, *card.measured)],
        finds=list(card.finds),
        misses=list(card.misses),
    )


def _figure(figure: Figure) -> FigureInfo:
    return FigureInfo(metric=figure.metric, value=figure.value, dataset=figure.dataset, source=figure.source)
