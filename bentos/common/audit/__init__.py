"""Who did what, when, and how it ended: a chain in which no link can be changed unnoticed."""
