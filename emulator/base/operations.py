"""The operations of the API by name: the published operationIds in snake_case, one word for routes, faults, journal."""

from __future__ import annotations

from typing import Final

#: By heading of the API reference.
OPERATIONS: Final[dict[str, tuple[str, ...]]] = {
    heading: tuple(names.split())
    for heading, names in {
        "assistants": "list_assistants create_assistant get_assistant modify_assistant delete_assistant",
        "threads": "create_thread get_thread modify_thread delete_thread",
        "messages": "list_messages create_message get_message modify_message delete_message",
        "runs": "create_thread_and_run list_runs create_run get_run modify_run cancel_run submit_tool_outputs_to_run",
        "run_steps": "list_run_steps get_run_step",
        "files": "list_files create_file retrieve_file delete_file download_file",
        "uploads": "create_upload add_upload_part complete_upload cancel_upload",
        "vector_stores": (
            "list_vector_stores create_vector_store get_vector_store modify_vector_store delete_vector_store "
            "search_vector_store list_vector_store_files create_vector_store_file get_vector_store_file "
            "update_vector_store_file_attributes delete_vector_store_file retrieve_vector_store_file_content "
            "create_vector_store_file_batch get_vector_store_file_batch cancel_vector_store_file_batch "
            "list_files_in_vector_store_batch"
        ),
        "models": "list_models retrieve_model delete_model",
    }.items()
}

NAMES: Final = tuple(name for names in OPERATIONS.values() for name in names)

#: Those that the service removed on 2026-08-26. Files, uploads, vector stores and models live on.
REMOVED: Final = frozenset(
    name for heading in ("assistants", "threads", "messages", "runs", "run_steps") for name in OPERATIONS[heading]
)

#: Those that ask for ``OpenAI-Beta: assistants=v2``: the same.
ASK_FOR_BETA: Final = REMOVED

#: Those that create a run, and those that name one: a condition on the run can be asked of them.
CREATE_RUN: Final = frozenset({"create_run", "create_thread_and_run"})
OF_A_RUN: Final = CREATE_RUN | {
    "get_run", "modify_run", "cancel_run", "submit_tool_outputs_to_run", "list_run_steps", "get_run_step",
}  # fmt: skip

#: Other spellings that are understood: the published specification's own misspelling.
ALSO_CALLED: Final = {"submit_tool_ouputs_to_run": "submit_tool_outputs_to_run"}
