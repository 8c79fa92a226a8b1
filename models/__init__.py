"""Models: cards, the mathematics around them and the sessions that run them. The lowest layer."""
