"""Videos: uploads, jobs that survive, and the analysis of a video in chunks."""
