"""Two deployments, or one before and after a promotion, on the same pictures: where do they disagree.

Nothing of it is written down: pictures, answers and tokens stay in the session.
"""
