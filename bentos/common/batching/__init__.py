"""One interface for batching and its two implementations; the deployment picks."""

from bentos.common.batching.base import Batcher
from bentos.common.batching.process import ProcessBatcher
from bentos.common.batching.service import ServiceBatcher, model_service

__all__ = ["Batcher", "ProcessBatcher", "ServiceBatcher", "model_service"]
