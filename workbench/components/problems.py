"""What went wrong, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bentos.contracts import ErrorCode
from workbench.client import ApiError, ClientError, ConnectionFailed, NotConfigured

SIGN_IN = "Paste a valid token in the sidebar; locally `facesocial token` prints one."
SMALLER = "At most 20 MB and 50 megapixels are read: send a smaller copy."
FORMATS = "JPEG, PNG, WebP and BMP are read, judged by their content and not by the file's name."
NEEDED = "Paste a token of this role in the sidebar; locally `facesocial token --role {role}` prints one."
WAIT = "Wait a moment and try again. If it stays so, the deployment needs more replicas."


@dataclass(frozen=True, slots=True)
class Advice:
    """How an error is put to a person."""

    title: str
    remedy: str = ""


BY_CODE: dict[str, Advice] = {
    ErrorCode.MISSING_TOKEN: Advice("No token yet", SIGN_IN),
    ErrorCode.INVALID_TOKEN_FORMAT: Advice("That is no token", SIGN_IN),
    ErrorCode.INVALID_TOKEN: Advice("The token is not accepted", SIGN_IN),
    ErrorCode.FORBIDDEN: Advice("The token's role is not enough", "Ask for a token of a higher role."),
    ErrorCode.PAYLOAD_TOO_LARGE: Advice("The picture is too large", SMALLER),
    ErrorCode.INVALID_IMAGE: Advice("The picture cannot be read", FORMATS),
    ErrorCode.NO_FACE: Advice("No face was found", "Choose a picture with a face, or a lower score."),
    ErrorCode.MULTIPLE_FACES: Advice("There is more than one face", "Choose a picture of one person."),
    ErrorCode.LOW_QUALITY: Advice("The face is too poor to judge", "The measured reasons stand below."),
    ErrorCode.RATE_LIMITED: Advice("Too many requests", WAIT),
    ErrorCode.OVERLOADED: Advice("The service is busy", WAIT),
    ErrorCode.DEPENDENCY_UNAVAILABLE: Advice("The service is not ready", "Its state stands in the sidebar."),
    ErrorCode.MODEL_UNAVAILABLE: Advice("The model cannot be loaded", "`make models` pulls the weights."),
    ErrorCode.INTERNAL_ERROR: Advice("The service failed", "Its log tells more about the request id below."),
}


def advice_for(error: ClientError) -> Advice:
    """Title and remedy of any error of the client."""
    if isinstance(error, ConnectionFailed):
        return Advice("The service does not answer")
    if isinstance(error, NotConfigured):
        return Advice("This cannot be asked here", "Choose another environment in the sidebar.")
    if (
        isinstance(error, ApiError)
        and error.code == ErrorCode.FORBIDDEN
        and (role := error.details.get("needed"))
    ):
        return Advice(f"This needs the role {role}", NEEDED.format(role=role))
    if isinstance(error, ApiError):
        return BY_CODE.get(error.code, Advice(f"The service refused: {error.code}"))
    return Advice("The answer cannot be understood")


def show_error(error: ClientError, key: str) -> None:
    """Say it, with the request id, the measured facts and a way to try again."""
    advice = advice_for(error)
    paragraphs = [f"**{advice.title}**", error.message, advice.remedy]
    if isinstance(error, ApiError) and error.retry_after is not None:
        paragraphs.append(f"The service asks to wait {error.retry_after:.0f} s.")
    st.error("\n\n".join(part for part in paragraphs if part), icon=":material/error:")
    if error.request_id is not None:
        st.caption(f"Request id `{error.request_id}`")
    if isinstance(error, ApiError) and error.details:
        with st.expander("Details"):
            st.json(error.details)
    st.button("Try again", key=f"{key} again", icon=":material/refresh:")
