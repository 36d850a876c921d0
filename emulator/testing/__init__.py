"""The implementation of the pytest plugin. It is imported when the first test needs the emulator."""
