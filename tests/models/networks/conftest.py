"""Networks need torch, which a service does not."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed: no torch")
