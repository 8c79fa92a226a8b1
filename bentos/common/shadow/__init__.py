"""Trying a challenger on a sample of what callers ask, beside the answers that they get."""
