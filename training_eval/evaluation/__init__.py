"""Measuring models by the protocols of their fields."""

from training_eval.evaluation.faces import Finder, finder_of, open_finder
from training_eval.evaluation.run import evaluate

__all__ = ["Finder", "evaluate", "finder_of", "open_finder"]
