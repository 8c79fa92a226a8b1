"""A port in use is said with its holder and the setting that changes it."""

from __future__ import annotations

import os
import socket

import pytest
from service_process import free_port

from bentos.common.errors import ConfigurationError
from deploy.local.ports import require_distinct, require_free


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


def test_a_port_that_two_want_names_both_and_the_setting() -> None:
    wanted = [
        (8001, "the service", "FACESOCIAL_PORT_BASE"),
        (8501, "the workbench", "FACESOCIAL_WORKBENCH_PORT"),
    ]
    require_distinct(wanted)
    with pytest.raises(ConfigurationError) as caught:
        require_distinct([*wanted, (8001, "the other", "FACESOCIAL_OTHER_PORT")])
    assert caught.value.message == (
        "Port 8001 is wanted for the service and for the other: set FACESOCIAL_OTHER_PORT to another."
    )
