"""An application with its own tests runs in a pytest of its own: ``test_async_application.py``."""

from __future__ import annotations

collect_ignore = ["async_app"]
