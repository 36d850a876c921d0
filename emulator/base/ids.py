"""Object ids: a hash of (seed, parent's id, kind, n-th of that kind under that parent), in the service's form.

Nothing else goes in, so the same calls get the same ids on any machine and in any order of tests; under concurrency
only the order in which roots (assistants, threads) are made can show.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random as Chance
from typing import Final
from uuid import UUID

__all__ = ["Chance", "Ids", "chance"]

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_ALPHABET = bytes(_ALPHABET[i % 62] for i in range(256))

#: What comes before the random part, and how many characters that has. Forms: docs/wire.md §1.
FORMS = {
    "assistant": ("asst_", 24),
    "thread": ("thread_", 24),
    "thread.message": ("msg_", 24),
    "thread.run": ("run_", 24),
    "thread.run.step": ("step_", 24),
    "tool_call": ("call_", 24),
    "file": ("file-", 22),
    "azure file": ("assistant-", 22),
    "azure vector_store": ("vs_", 24),
}
#: Ids that are hexadecimal and begin with the second they were made in.
TIMED = {
    "vector_store": "vs_",
    "vector_store.file_batch": "vsfb_ibj_",
    "upload": "upload_",
    "upload.part": "part_",
    "container.file": "cfile_",
}
#: Ids that are a random UUID (version 4) without its dashes.
UUIDS: Final = {"azure vector_store.file_batch": "vsfb_"}


#: Prefixes of the Responses API's ids, which carry the key of their family (docs/wire.md, Responses §1).
KIN: Final = {
    "response": "resp_",
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fc_",
    "reasoning": "rs_",
    "file_search_call": "fs_",
    "code_interpreter_call": "ci_",
    "compaction": "cmp_",
}


#: Ids that end with the key of their family.
ROOTS: Final = {"conversation": "conv_", "container": "cntr_"}


def chance(seed: int) -> Chance:
    """A source of chance of its own."""
    return Chance(seed)


class Ids:
    """Makes the ids of one world."""

    def __init__(self, seed: int | str = 0) -> None:
        self.seed = seed
        key = str(seed).encode("utf-8", "surrogatepass")
        # Longer ones than the hash takes are hashed themselves.
        self._key = key if len(key) <= blake2b.MAX_KEY_SIZE else blake2b(key).digest()
        #: Hashes that have read the key already, by the size of their digests.
        self._keyed: dict[int, blake2b] = {}
        self._made: dict[str, int] = {}
        #: How many requests have got an id.
        self.requests = 0

    def make(self, kind: str, parent: str = "") -> str:
        """The next id of ``kind`` (a key of ``FORMS``) under ``parent`` (an id; empty for roots)."""
        prefix, length = FORMS[kind]
        return prefix + self._next(kind, parent, length).translate(_TO_ALPHABET).decode()

    def make_timed(self, kind: str, at: int, parent: str = "") -> str:
        """The next id of ``kind`` (a key of ``TIMED``), made in the second ``at``."""
        return f"{TIMED[kind]}{at % 2**32:08x}{self._next(kind, parent, 12).hex()}"

    def make_uuid(self, kind: str, parent: str = "") -> str:
        """The next id of ``kind`` (a key of ``UUIDS``) under ``parent``."""
        return UUIDS[kind] + UUID(bytes=self._next(kind, parent, 16), version=4).hex

    def family(self, parent: str = "") -> str:
        """A key of 16 hex digits for a response and all that belongs to it, the next one under ``parent``."""
        return "0" + self._next("family", parent, 8).hex()[1:]

    def make_kin(self, kind: str, family: str, at: int, parent: str) -> str:
        """The next id of ``kind`` (a key of ``KIN``) under ``parent``, of that family, made in the second ``at``."""
        return f"{KIN[kind]}{family}00{at % 2**32:08x}{self._next(kind, parent, 12).hex()}"

    def make_root(self, kind: str, family: str, at: int) -> str:
        """The next id of ``kind`` (a key of ``ROOTS``), with its family's key at its end, made in the second ``at``."""
        return f"{ROOTS[kind]}{at % 2**32:08x}{self._next(kind, family, 12).hex()}{family}"

    def make_item(self, kind: str, family: str, at: int) -> str:
        """The next id of ``kind`` (a key of ``KIN``) of an item that is put into a conversation of that family."""
        return f"{KIN[kind]}{at % 2**32:08x}{self._next(f'put {kind}', family, 12).hex()}{family}"

    def nonce(self, parent: str) -> str:
        """32 hex digits, the next ones under ``parent``."""
        return self._next("nonce", parent, 16).hex()

    def _next(self, kind: str, parent: str, size: int) -> bytes:
        """As many bytes as ``size``, for the next object of ``kind`` under ``parent``."""
        scope = f"{kind} {parent}"
        number = self._made[scope] = self._made.get(scope, 0) + 1
        return self._digest(f"{scope} {number}", size)

    def request_id(self) -> str:
        """The next ``x-request-id``: ``req_`` and 32 hex digits."""
        self.requests += 1
        return "req_" + self._digest(f"request {self.requests}", 16).hex()

    def stream(self, purpose: str, owner: str) -> int:
        """A seed of its own for one purpose of one owner (a run's id), so that one more word of text shifts no id."""
        return int.from_bytes(self._digest(f"{purpose} {owner}", 8))

    def copy(self, seed: int | str) -> Ids:
        """Ids that go on from here independently, perhaps with another seed."""
        other = Ids(seed)
        other._made, other.requests = self._made.copy(), self.requests
        return other

    def _digest(self, text: str, size: int) -> bytes:
        keyed = self._keyed.get(size)
        if keyed is None:
            keyed = self._keyed[size] = blake2b(digest_size=size, key=self._key)
        hash = keyed.copy()
        hash.update(text.encode("utf-8", "surrogatepass"))
        return hash.digest()
