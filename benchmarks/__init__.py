"""What a load costs beside the fastest library alone: `python -m benchmarks`."""
