"""The operations of the API: one file per heading of the API reference, one function per operation.

A function is called what the published ``operationId`` says, in snake_case, and so is its route.
"""

from __future__ import annotations

from emulator.apis.assistants import assistants, messages, run_steps, runs, threads
from emulator.apis.files import files, models, uploads, vector_stores
from emulator.apis.http.router import Route

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
