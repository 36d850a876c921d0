"""The emulator beside others of its kind, on the nearest same work: ``make bench-peers``."""
