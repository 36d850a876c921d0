"""What the pytest plugin is made of, beside the hooks and fixtures that pytest sees. Loaded when a test needs it."""
