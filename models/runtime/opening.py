"""From a graph and a list of providers to a session on the first of them that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from models.catalogue.card import ModelCard
from models.errors import ModelUnavailable
from models.runtime.options import CUDA, GPU_PROVIDERS, TENSORRT, SessionOptions
from models.runtime.precision import half
from models.runtime.providers import provider_options

NOT_LOADED = (
    "installed but could not be loaded: its driver or a library is missing, see ONNX Runtime's message"
)
REASON_CHARS = 300

Attempt = Callable[[Sequence[str]], ort.InferenceSession]


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and why it does not run on a provider that was preferred.

    Attributes:
        session: On ``provider``; the providers after it in the list take the operators that it has not.
        provider: ONNX Runtime's name.
        refused: Reason by provider.
    """

    session: ort.InferenceSession
    provider: str
    refused: Mapping[str, str]


def open_graph(card: ModelCard, path: Path, providers: Sequence[str], options: SessionOptions) -> Opened:
    """A session on the first of the installed ``providers`` that can be loaded.

    Raises:
        ModelUnavailable: None of them can load the file; the message names the reasons.
    """

    def attempt(names: Sequence[str]) -> ort.InferenceSession:
        return _session(card, path, names, options)

    try:
        return first_that_works(providers, attempt)
    except ModelUnavailable as error:
        raise ModelUnavailable(
            f"{path.name} cannot be loaded: {error}. Pull it again: `make models`, or change FACESOCIAL_PROVIDERS."
        ) from error


def first_that_works(providers: Sequence[str], attempt: Attempt) -> Opened:
    """Try the list, then the list without its first, and so on, until the first is the one that runs.

    ONNX Runtime leaves a provider out without an error where a driver or a library is missing.

    Raises:
        ModelUnavailable: None of them works; the message names the reasons.
    """
    refused: dict[str, str] = {}
    for index, provider in enumerate(providers):
        try:
            session = attempt(providers[index:])
        except Exception as error:  # ONNX Runtime raises a class of its own for every fault
            refused[provider] = f"unable to load the graph: {str(error)[:REASON_CHARS]}"
            continue
        if session.get_providers()[0] == provider:
            return Opened(session, provider, refused)
        refused[provider] = NOT_LOADED
    raise ModelUnavailable("; ".join(f"{name} is {reason}" for name, reason in refused.items()))


def _session(
    card: ModelCard, path: Path, providers: Sequence[str], options: SessionOptions
) -> ort.InferenceSession:
    _prepare(providers[0], options)
    return ort.InferenceSession(
        _graph(path, providers[0], options),
        _session_options(options.threads),
        providers=[
            (name, provider_options(name, card, path, options.max_batch, options.gpu)) for name in providers
        ],
        enable_fallback=0,  # ONNX Runtime's own drops the options, and says so on stdout alone
    )


def _prepare(provider: str, options: SessionOptions) -> None:
    if provider in GPU_PROVIDERS and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # finds CUDA and cuDNN that were installed as Python packages
    if provider == TENSORRT and options.gpu.engine_cache is not None:
        options.gpu.engine_cache.mkdir(parents=True, exist_ok=True)


def _graph(path: Path, provider: str, options: SessionOptions) -> str | bytes:
    if provider == CUDA and options.gpu.precision == "fp16":
        return half(path)
    return str(path)


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
