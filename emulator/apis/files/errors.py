"""The errors of files, uploads, vector stores and models: when, status, words (docs/wire.md §4)."""

from __future__ import annotations

from emulator.apis.http.errors import ApiError


def no_such_file(id: str) -> ApiError:
    """Recorded, with a sibling of ``error`` that only files' errors have."""
    return ApiError(404, f"No such File object: {id}", param="id", has_detail=True)


def no_file_in_store(file_id: str, store_id: str) -> ApiError:
    return ApiError(404, f"No file found with id '{file_id}' in vector store '{store_id}'.")


def unknown_file(file_id: str, param: str) -> ApiError:
    """A file that a request refers to. Inferred from the pattern of the other 404s."""
    return ApiError(404, f"No file found with id '{file_id}'.", param=param)


def unknown_store_files(file_ids: list[str], param: str) -> ApiError:
    """Files that are to come into a vector store. Azure's words are known for one; the list is inferred."""
    words = f"Files [{', '.join(file_ids)}] were not found"
    return ApiError(404, f"No file found with id '{file_ids[0]}'.", param=param, on_azure=ApiError(404, words))


def unknown_store(store_id: str, param: str) -> ApiError:
    """A vector store that a request refers to; known in part."""
    return ApiError(404, f"Vector store with id [{store_id}] not found.", param=param)


def sub_route_not_found() -> ApiError:
    """Under a vector store the service does not name the URL."""
    return ApiError(404, "Not found")


def model_not_found(model: str) -> ApiError:
    return ApiError(404, f"The model '{model}' does not exist", param="model", code="model_not_found")


def model_not_yours(model: str) -> ApiError:
    """Inferred: that only fine-tuned models of one's own can be deleted is documented, the words are not."""
    message = f"You have insufficient permissions for this operation. The model '{model}' cannot be deleted."
    return ApiError(403, message, param="model")


def sources_not_supported(parameter: str) -> ApiError:
    """Foundry's refusal of a project's own data. Known for batches; whether the project decides is not known."""
    return ApiError(400, f"Invalid request. Parameter `{parameter}` is not supported.")


def store_configuration_not_supported() -> ApiError:
    """Foundry's refusal of a store that is made of a project's own data."""
    return ApiError(400, "Invalid request. Vector store configuration is not supported.")


def store_expired(store_id: str) -> ApiError:
    return ApiError(400, f"Vector store '{store_id}' has expired")


def store_is_full(store_id: str, limit: int) -> ApiError:
    """Inferred: the limit is documented, its words are not."""
    return ApiError(
        400,
        f"Vector store '{store_id}' has too many files. Expected at most {limit} files.",
        param="file_ids",
        code="array_above_max_length",
    )


def not_searchable(extensions: list[str]) -> ApiError:
    names = ", ".join(extension or "none" for extension in extensions)
    return ApiError(
        400,
        f"Files with extensions [{names}] are not supported for retrieval. See "
        "https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        param="file_ids",
        code="unsupported_file",
    )


def download_not_allowed(purpose: str) -> ApiError:
    return ApiError(400, f"Not allowed to download files of purpose: {purpose}")


def upload_is_over(action: str, status: str) -> ApiError:
    """Inferred from ``cannot_cancel``."""
    return ApiError(400, f"Cannot {action} upload with status '{status}'.")


def upload_bytes_differ(expected: int, got: int) -> ApiError:
    """Inferred: that the bytes have to match is documented."""
    return ApiError(
        400, f"Expected the parts to have {expected} bytes in total, but got {got} bytes instead.", param="bytes"
    )


def upload_md5_differs(expected: str, got: str) -> ApiError:
    """Inferred: that the checksum has to match is documented."""
    return ApiError(400, f"Expected contents with md5 checksum {expected}, but got {got} instead.", param="md5")


def bad_purpose(purpose: str, purposes: list[str]) -> ApiError:
    return ApiError(400, f"'{purpose}' is not one of {purposes} - 'purpose'", param="purpose", has_detail=True)


def bad_purpose_on_azure() -> ApiError:
    """The gateway's answer. Known for ``vision``; that other purposes get it too is inferred."""
    return ApiError(400, "Invalid value for purpose.", code="invalidPayload", gateway=True)


def unknown_form_fields(names: list[str]) -> ApiError:
    """Known for one field of a file's form; the plural is inferred, and so is the form of a part."""
    listed, verb = ", ".join(f"'{name}'" for name in names), "was" if len(names) == 1 else "were"
    message = f"Additional properties are not allowed ({listed} {verb} unexpected)"
    return ApiError(400, message, has_detail=True)


def overlap_too_large(limit: int, got: int) -> ApiError:
    """Chunks that overlap by more than half their size. Inferred: the limit is documented, its words are not."""
    param = "chunking_strategy.static.chunk_overlap_tokens"
    message = f"Invalid '{param}': integer above maximum value. Expected a value <= {limit}, but got {got} instead."
    return ApiError(400, message, param=param, code="integer_above_max_value")


def files_and_file_ids() -> ApiError:
    """A batch of both. Inferred: the rule is documented, the words are those of other endpoints."""
    return ApiError(
        400,
        "Mutually exclusive parameters: 'file_ids'. Ensure you are only providing one of: 'files' or 'file_ids'.",
        param="file_ids",
        code="mutually_exclusive_parameters",
    )
