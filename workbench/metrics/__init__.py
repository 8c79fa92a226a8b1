"""What services say of themselves on ``/metrics``: read, compared between looks, and judged."""
