"""Torch definitions of the networks, for training and for parity checks; they need the extra ``train``."""
