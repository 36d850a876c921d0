"""The table of all operations: the router, the OpenAPI document, the importer, faults and the docs are made from it.

An operation is called what the published ``operationId`` says, in snake_case: one word for handler, fault, journal and
docs. To add one: a row here, and a function of that name in the module of its heading (``emulator/apis``).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

ApiName = Literal["assistants", "files", "responses"]


class Operation(NamedTuple):
    """One operation: its path below the base, with ``{parameters}``, and the heading of the API reference it is under.

    ``api``: ``assistants`` is what the service removed on 2026-08-26, ``responses`` replaces it; ``files`` (with
    uploads, vector stores and models) is shared by both.
    """

    name: str
    method: str
    path: str
    heading: str
    api: ApiName


#: By heading of the API reference: name, method, path.
_TABLE: Final[dict[tuple[ApiName, str], str]] = {
    ("assistants", "assistants"): """
        list_assistants                         GET    /assistants
        create_assistant                        POST   /assistants
        get_assistant                           GET    /assistants/{assistant_id}
        modify_assistant                        POST   /assistants/{assistant_id}
        delete_assistant                        DELETE /assistants/{assistant_id}
    """,
    ("assistants", "threads"): """
        create_thread                           POST   /threads
        get_thread                              GET    /threads/{thread_id}
        modify_thread                           POST   /threads/{thread_id}
        delete_thread                           DELETE /threads/{thread_id}
    """,
    ("assistants", "messages"): """
        list_messages                           GET    /threads/{thread_id}/messages
        create_message                          POST   /threads/{thread_id}/messages
        get_message                             GET    /threads/{thread_id}/messages/{message_id}
        modify_message                          POST   /threads/{thread_id}/messages/{message_id}
        delete_message                          DELETE /threads/{thread_id}/messages/{message_id}
    """,
    ("assistants", "runs"): """
        create_thread_and_run                   POST   /threads/runs
        list_runs                               GET    /threads/{thread_id}/runs
        create_run                              POST   /threads/{thread_id}/runs
        get_run                                 GET    /threads/{thread_id}/runs/{run_id}
        modify_run                              POST   /threads/{thread_id}/runs/{run_id}
        cancel_run                              POST   /threads/{thread_id}/runs/{run_id}/cancel
        submit_tool_outputs_to_run              POST   /threads/{thread_id}/runs/{run_id}/submit_tool_outputs
    """,
    ("assistants", "run_steps"): """
        list_run_steps                          GET    /threads/{thread_id}/runs/{run_id}/steps
        get_run_step                            GET    /threads/{thread_id}/runs/{run_id}/steps/{step_id}
    """,
    ("files", "files"): """
        list_files                              GET    /files
        create_file                             POST   /files
        retrieve_file                           GET    /files/{file_id}
        delete_file                             DELETE /files/{file_id}
        download_file                           GET    /files/{file_id}/content
    """,
    ("files", "uploads"): """
        create_upload                           POST   /uploads
        add_upload_part                         POST   /uploads/{upload_id}/parts
        complete_upload                         POST   /uploads/{upload_id}/complete
        cancel_upload                           POST   /uploads/{upload_id}/cancel
    """,
    ("files", "vector_stores"): """
        list_vector_stores                      GET    /vector_stores
        create_vector_store                     POST   /vector_stores
        get_vector_store                        GET    /vector_stores/{vector_store_id}
        modify_vector_store                     POST   /vector_stores/{vector_store_id}
        delete_vector_store                     DELETE /vector_stores/{vector_store_id}
        search_vector_store                     POST   /vector_stores/{vector_store_id}/search
        list_vector_store_files                 GET    /vector_stores/{vector_store_id}/files
        create_vector_store_file                POST   /vector_stores/{vector_store_id}/files
        get_vector_store_file                   GET    /vector_stores/{vector_store_id}/files/{file_id}
        update_vector_store_file_attributes     POST   /vector_stores/{vector_store_id}/files/{file_id}
        delete_vector_store_file                DELETE /vector_stores/{vector_store_id}/files/{file_id}
        retrieve_vector_store_file_content      GET    /vector_stores/{vector_store_id}/files/{file_id}/content
        create_vector_store_file_batch          POST   /vector_stores/{vector_store_id}/file_batches
        get_vector_store_file_batch             GET    /vector_stores/{vector_store_id}/file_batches/{batch_id}
        cancel_vector_store_file_batch          POST   /vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel
        list_files_in_vector_store_batch        GET    /vector_stores/{vector_store_id}/file_batches/{batch_id}/files
    """,
    ("files", "models"): """
        list_models                             GET    /models
        retrieve_model                          GET    /models/{model}
        delete_model                            DELETE /models/{model}
    """,
    ("responses", "responses"): """
        create_response                         POST   /responses
        get_response                            GET    /responses/{response_id}
        delete_response                         DELETE /responses/{response_id}
        cancel_response                         POST   /responses/{response_id}/cancel
        list_input_items                        GET    /responses/{response_id}/input_items
        get_input_token_counts                  POST   /responses/input_tokens
        compact_conversation                    POST   /responses/compact
    """,
    ("responses", "conversations"): """
        create_conversation                     POST   /conversations
        get_conversation                        GET    /conversations/{conversation_id}
        update_conversation                     POST   /conversations/{conversation_id}
        delete_conversation                     DELETE /conversations/{conversation_id}
        create_conversation_items               POST   /conversations/{conversation_id}/items
        list_conversation_items                 GET    /conversations/{conversation_id}/items
        get_conversation_item                   GET    /conversations/{conversation_id}/items/{item_id}
        delete_conversation_item                DELETE /conversations/{conversation_id}/items/{item_id}
    """,
    ("responses", "containers"): """
        list_containers                         GET    /containers
        create_container                        POST   /containers
        get_container                           GET    /containers/{container_id}
        delete_container                        DELETE /containers/{container_id}
        list_container_files                    GET    /containers/{container_id}/files
        create_container_file                   POST   /containers/{container_id}/files
        get_container_file                      GET    /containers/{container_id}/files/{file_id}
        delete_container_file                   DELETE /containers/{container_id}/files/{file_id}
        get_container_file_content              GET    /containers/{container_id}/files/{file_id}/content
    """,
}

#: Operations of the Assistants API, and what takes their place on the Responses API.
_COUNTERPARTS: Final = """
    create_run                                  create_response
    create_thread_and_run                       create_response
    submit_tool_outputs_to_run                  create_response
    get_run                                     get_response
    create_thread                               create_conversation
    create_message                              create_conversation_items
    list_messages                               list_conversation_items
"""


def _operation(row: str, heading: str, api: ApiName) -> Operation:
    name, method, path = row.split()
    return Operation(name, method, path, heading, api)


OPERATIONS: Final[tuple[Operation, ...]] = tuple(
    _operation(row, heading, api) for (api, heading), rows in _TABLE.items() for row in rows.strip().splitlines()
)
BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}

_PAIRS: Final = tuple((old, new) for old, new in map(str.split, _COUNTERPARTS.strip().splitlines()))
#: By operation, those of the other API that stand in its place: a fault that names one of them plays on it too.
COUNTERPARTS: Final = {
    name: frozenset(other for pair in _PAIRS if name in pair for other in pair if other != name)
    for pair in _PAIRS
    for name in pair
}

HEADINGS: Final = tuple(dict.fromkeys(operation.heading for operation in OPERATIONS))

#: Those that the service removed on 2026-08-26. They ask for the header ``OpenAI-Beta: assistants=v2``.
REMOVED: Final = frozenset(operation.name for operation in OPERATIONS if operation.api == "assistants")

#: Those that create a run of the Assistants API.
CREATE_RUN: Final = frozenset({"create_run", "create_thread_and_run"})
#: Those that begin a turn, and those that concern one: a condition can be compared with its run or response.
CREATES_TURN: Final = CREATE_RUN | {"create_response"}
OF_A_TURN: Final = CREATES_TURN | {
    operation.name for operation in OPERATIONS if "{run_id}" in operation.path or "{response_id}" in operation.path
}

#: Other spellings that are understood: the published specification's own misspelling.
ALSO_CALLED: Final = {"submit_tool_ouputs_to_run": "submit_tool_outputs_to_run"}
