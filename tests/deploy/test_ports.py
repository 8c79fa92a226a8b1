"""A port in use is said with its holder and the setting that changes it."""

from __future__ import annotations

import os
import socket

import pytest
from service_process import free_port

from bentos.common.errors import ConfigurationError
from deploy.local.ports import require_free


def test_a_free_port_is_fine() -> None:
    require_free(free_port(), "the workbench", "FACESOCIAL_WORKBENCH_PORT")


def test_a_port_in_use_names_holder_and_setting() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ConfigurationError) as caught:
            require_free(port, "the workbench", "FACESOCIAL_WORKBENCH_PORT")
    message = caught.value.message
    assert f"Port {port}, wanted for the workbench, is in use" in message
    assert f"pid {os.getpid()}" in message
    assert "set FACESOCIAL_WORKBENCH_PORT" in message
