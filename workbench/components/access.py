"""The session's access to a deployment, for what goes on when the page is closed, and whose token it is."""

from __future__ import annotations

import base64
import json

import streamlit as st

from workbench.runs.access import Access
from workbench.settings import WorkbenchSettings

NOBODY = "-"


def session_access(environment: str) -> Access | None:
    """Addresses and the session's token of a deployment; None where the settings do not know it any more."""
    settings = WorkbenchSettings()
    deployment = settings.deployments.get(environment)
    if deployment is None:
        return None
    return Access(deployment.endpoints, _token(settings, environment), settings.timeout_s)


def subject(environment: str) -> str:
    """The token's subject, as it says itself: nobody checked it here."""
    access = session_access(environment)
    parts = ((access.token if access else None) or "").split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(claims["sub"])[:200] or NOBODY
    except (IndexError, ValueError, KeyError, TypeError):
        return NOBODY


def _token(settings: WorkbenchSettings, environment: str) -> str | None:
    typed = str(st.session_state.get(f"token of {environment}") or "").strip()
    try:
        return typed.removeprefix("Bearer ").strip() or settings.given_token(environment)
    except (OSError, UnicodeDecodeError):
        return None
