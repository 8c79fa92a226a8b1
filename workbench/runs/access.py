"""How a run reaches the services: in memory alone, for it holds the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from workbench.client import FaceSocialClient, RetryPolicy
from workbench.endpoints import Endpoints


@dataclass(frozen=True)
class Access:
    """Addresses and a token.

    Attributes:
        endpoints: Where the services are.
        token: None where there is none yet.
        timeout_s: Seconds to wait for an answer.
    """

    endpoints: Endpoints
    token: str | None = field(repr=False)
    timeout_s: float = 60.0

    @cached_property
    def client(self) -> FaceSocialClient:
        """A client that no page closes; the run itself tries again, so it does not.

        Raises:
            NotConfigured: The token is none.
        """
        once = RetryPolicy(attempts=1)
        return FaceSocialClient(self.endpoints, token=self.token, timeout_s=self.timeout_s, retry=once)
