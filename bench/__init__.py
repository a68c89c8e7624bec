"""The benchmarks: the real service against the least that could do the same, in one run on one machine."""
