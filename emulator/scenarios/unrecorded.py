"""The texts that stand for what a recording does not show. ``import`` writes them, and ``check`` lists them."""

from __future__ import annotations

from typing import Final

#: What the assistant said, the code that it ran, and what the user asked.
UNKNOWN_WORDS: Final = "(what the assistant said was not recorded)"
UNKNOWN_CODE: Final = "# (the code was not recorded)"
UNKNOWN_QUESTION: Final = "(this message was not recorded)"

#: What is to do about each of them.
TO_DO: Final = {
    UNKNOWN_WORDS: "write what the assistant says: the recording does not show it",
    UNKNOWN_CODE: "write the code, if a test looks at it: the recording does not show it",
    UNKNOWN_QUESTION: "write what the user asked: the recording does not show it",
}
