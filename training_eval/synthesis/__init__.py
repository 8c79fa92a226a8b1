"""Attacks and forgeries made out of genuine photographs, for training and measuring; NumPy and OpenCV alone.

Every function is pure: BGR uint8 in, BGR uint8 out, all chance from the ``numpy.random.Generator`` that it is given.
A simulated attack is not a real one: it has what a real one is known by, and nothing that nobody thought of.
"""
