"""Sessions that run a graph, the store that its weights come from, and models as a batcher sees them."""

import os

# ONNX Runtime 1.32 reports to its makers from the moment it is imported; it asks this variable and nothing later.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
