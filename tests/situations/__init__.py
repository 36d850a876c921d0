"""Situations that a client can get into: ``fixtures/scenarios/situations``, played by the real SDKs."""

import pytest

pytest.register_assert_rewrite("tests.situations.connections", "tests.situations.runs")
