"""The services, one folder each, and what they share."""

__version__ = "0.1.0"
