"""What every view is handed."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.client import FaceSocialClient


@dataclass(frozen=True, slots=True)
class Bench:
    """The deployment that was chosen in the sidebar.

    Attributes:
        environment: Its name.
        client: Asks its services.
    """

    environment: str
    client: FaceSocialClient
