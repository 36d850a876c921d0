"""The recipes run as a user's tests do, each in a pytest of its own: ``tests/test_examples.py``."""

collect_ignore_glob = ["*"]
