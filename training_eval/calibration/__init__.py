"""Thresholds and calibration of the published models: each module prints what its card states."""
