"""A graph in half precision, made when it is loaded: the file and its digest stay as they are."""

from __future__ import annotations

from pathlib import Path


def half(path: Path) -> bytes:
    """The graph with float16 weights and activations; its uint8 input and float32 outputs stay.

    Raises:
        OSError: The file cannot be read.
        google.protobuf.message.DecodeError: It is no ONNX graph.
    """
    import onnx  # slow to import, and a service on a CPU has no need of it
    from onnxruntime.transformers.float16 import convert_float_to_float16

    converted = convert_float_to_float16(onnx.load(path), keep_io_types=True)
    return bytes(converted.SerializeToString())
