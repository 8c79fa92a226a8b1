"""One loop that trains every network: resumable, reproducible, on a CPU or a GPU."""
