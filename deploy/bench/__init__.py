"""Throughput and latency, measured side by side with the limit of the machine and with other servers."""
