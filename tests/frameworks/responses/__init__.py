"""Applications and agent frameworks on the Responses API."""
