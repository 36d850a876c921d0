"""Finds secrets in texts: by their form, by the name before them, or because they are known."""
