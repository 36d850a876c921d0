"""Cassettes as people have them: written by the recorders that they use, from real clients of a running emulator."""
