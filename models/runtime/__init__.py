"""Sessions that run a graph, the store that its weights come from, and models as a batcher sees them."""
