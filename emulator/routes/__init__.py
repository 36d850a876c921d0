"""The operations of the API: one file per heading of the API reference, one function per operation.

A function is called what the published ``operationId`` says, in snake_case, and so is its route.
"""

from __future__ import annotations

from emulator.router import Route
from emulator.routes import assistants, files, messages, models, run_steps, runs, threads, uploads, vector_stores

#: The table of contents, by heading of the API reference.
ROUTES: list[Route] = [
    *assistants.routes,
    *threads.routes,
    *messages.routes,
    *runs.routes,
    *run_steps.routes,
    *files.routes,
    *uploads.routes,
    *vector_stores.routes,
    *models.routes,
]
