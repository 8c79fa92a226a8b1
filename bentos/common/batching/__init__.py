"""One interface for batching and its two implementations; the deployment picks."""

from bentos.common.batching.base import Batcher
from bentos.common.batching.process import ProcessBatcher
from bentos.common.batching.service import ServiceBatcher

__all__ = ["Batcher", "ProcessBatcher", "ServiceBatcher"]
