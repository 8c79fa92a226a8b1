"""The operations of the contract, as requests to send and answers to expect; no network here.

``send`` of a client takes any of these, and so does a program that sends requests by itself.
"""

from workbench.calls.call import (
    ANTISPOOFING,
    DEEPFAKE,
    DEMOGRAPHICS,
    DETECTION,
    RECOGNITION,
    Call,
)

__all__ = [
    "ANTISPOOFING",
    "DEEPFAKE",
    "DEMOGRAPHICS",
    "DETECTION",
    "RECOGNITION",
    "Call",
]
