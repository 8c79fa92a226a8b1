"""Readers of weight files: bytes in, named float32 tensors out; nothing of a file is ever executed."""
