"""Figures of merit by the protocols of their fields: arrays in, figures with intervals out."""
