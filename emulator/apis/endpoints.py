"""Which function handles an operation: the one of its name, in the module of its heading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.apis.assistants.endpoints import assistants, messages, run_steps, runs, threads
from emulator.apis.files.endpoints import files, models, uploads, vector_stores
from emulator.apis.http.request import Handler
from emulator.base.operations import OPERATIONS

#: The module of each heading of the API reference.
_MODULES: Final = {
    "assistants": assistants,
    "threads": threads,
    "messages": messages,
    "runs": runs,
    "run_steps": run_steps,
    "files": files,
    "uploads": uploads,
    "vector_stores": vector_stores,
    "models": models,
}

#: By operation.
HANDLERS: Final[Mapping[str, Handler]] = {
    operation.name: getattr(_MODULES[operation.heading], operation.name) for operation in OPERATIONS
}
