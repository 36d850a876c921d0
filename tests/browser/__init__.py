"""The inspector in Chromium. ``program`` runs in an environment of its own, which has Playwright and axe-core."""
