"""Situations that a client can get into: ``fixtures/scenarios/gallery``, played by the real SDKs."""

import pytest

pytest.register_assert_rewrite("tests.gallery.connections", "tests.gallery.runs")
