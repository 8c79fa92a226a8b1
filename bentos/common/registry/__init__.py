"""Following a registry of models: MLflow, spoken to over HTTP."""

from bentos.common.registry.assembly import open_follower

__all__ = ["open_follower"]
