"""What every message of the wire format shares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A frozen message; a newer server may send more fields than this client knows."""

    model_config = ConfigDict(frozen=True, extra="ignore")
