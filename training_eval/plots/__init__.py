"""Figures of evaluations: objects of matplotlib, without its global state."""
