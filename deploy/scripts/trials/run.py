"""All trials in their order, and what came of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.scripts.trials import gallery, services, video
from deploy.scripts.trials.caller import Caller, TrialFailed

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What reading an answer raises that is not as the contract says: no JSON, another shape."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to try at one service; ``needs`` says that nothing else can work where it fails."""

    service: str
    name: str
    attempt: Callable[[], str]
    needs: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial: good, bad, or (None) not tried because an earlier one failed."""

    service: str
    name: str
    good: bool | None
    seconds: float
    what: str


def plan(caller: Caller, version: str | None, file: Path | None, limit_s: float) -> list[Trial]:
    """What there is to try, service by service.

    Args:
        caller: With a token of a tenant of trials.
        version: That each service has to report; None where any will do.
        file: A short video to analyse; None where none is to be.
        limit_s: Seconds to wait for the video's verdict.
    """
    found = [one for name in caller.target.names for one in _of(caller, name, version)]
    if gallery.SERVICE in caller.target.names:
        found.append(Trial(gallery.SERVICE, "gallery", partial(gallery.round_trip, caller)))
    if file is not None and video.SERVICE in caller.target.names:
        found.append(Trial(video.SERVICE, "video", partial(video.analysed, caller, file, limit_s)))
    return found


def outcomes(trials: list[Trial]) -> Iterator[Outcome]:
    """Try one after the other; what cannot work because its service is not well is not tried."""
    ill: set[str] = set()
    for trial in trials:
        if trial.service in ill:
            yield Outcome(trial.service, trial.name, None, 0.0, "not tried")
            continue
        outcome = _tried(trial)
        if trial.needs and not outcome.good:
            ill.add(trial.service)
        yield outcome


def _of(caller: Caller, service: str, version: str | None) -> Iterator[Trial]:
    yield Trial(service, "health", partial(services.is_well, caller, service, version), needs=True)
    yield Trial(service, "docs.json", partial(services.describes_itself, caller, service))
    yield Trial(service, "no token", partial(services.refuses_strangers, caller, service))
    for operation in services.OPERATIONS[service]:
        yield Trial(service, operation.path, partial(services.works, caller, service, operation))


def _tried(trial: Trial) -> Outcome:
    started = time.perf_counter()
    try:
        good, what = True, trial.attempt()
    except TrialFailed as failure:
        good, what = False, failure.message
    except UNREADABLE as error:
        good, what = False, f"the answer is not as the contract says ({type(error).__name__}: {error})"
    return Outcome(trial.service, trial.name, good, time.perf_counter() - started, what)
