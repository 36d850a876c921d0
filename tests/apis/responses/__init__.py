"""Tests of the Responses API below HTTP: models, tools, requests, errors."""
