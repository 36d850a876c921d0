"""The bounds that docs/security.md lists, in the order of the page."""

from __future__ import annotations

from typing import Final, NamedTuple

from emulator.apis.assistants.endpoints.threads import MAX_MESSAGES
from emulator.apis.http.bodies import MAX_BODY
from emulator.apis.http.bodies import MAX_VALUES as BODY_VALUES
from emulator.apis.http.forms import MAX_FILE, MAX_PART
from emulator.recordings.readers.decoding import MAX_DECODED
from emulator.recordings.readers.yaml_values import MAX_VALUES as RECORDING_VALUES
from emulator.recordings.record.bodies import MAX_KEPT
from emulator.sandbox import bounded_schema, meter, patterns
from emulator.sandbox.jinja import MAX_LEVELS, MAX_TEMPLATE
from emulator.sandbox.json_schema import MAX_SCHEMA
from emulator.scenarios.document import MAX_DEPTH, MAX_VALUES, MAX_YAML
from emulator.scenarios.loading import MAX_LOCAL
from emulator.server.fast_protocol import MAX_HEAD
from emulator.world import journal
from emulator.world.faults import MAX_INJECTED
from emulator.world.state.extract import MAX_OPERATIONS, MAX_TEXT, MAX_UNPACKED
from emulator.world.state.state import HOLD_LIMIT, MAX_PROBLEMS
from emulator.world.state.vector_stores import MAX_FILES
from emulator.world.world import MAX_SCENARIOS


class Limit(NamedTuple):
    """``bounds``: the amount that is limited; ``beyond``: the consequence of a larger one. ``unit``: plural."""

    value: float
    unit: str
    bounds: str
    beyond: str


_REFUSED: Final = "the schema or value is refused"
_RUN_FAILS: Final = "the run fails, and the problem names the bound"

LIMITS: Final = (
    Limit(MAX_HEAD, "bytes", "head of a request; also chunk extensions and trailers", "431, and the connection closes"),
    Limit(MAX_BODY, "bytes", "body of a request in JSON", "413, and the connection closes"),
    Limit(BODY_VALUES, "values", "values in a JSON body, approximately", "413"),
    Limit(journal.MAX_DEPTH, "levels", "nesting of a JSON body", "400"),
    Limit(MAX_FILE, "bytes", "uploaded file", "400; the service documents 512 MB"),
    Limit(MAX_PART, "bytes", "part of an upload", "400; the service documents 64 MB"),
    Limit(MAX_MESSAGES, "messages", "messages of a thread", "400"),
    Limit(MAX_FILES, "files", "files of a vector store", "400"),
    Limit(MAX_TEXT, "characters", "text of a file in a vector store", "the file is `failed`"),
    Limit(MAX_UNPACKED, "bytes", "unpacked size of a docx", "the file is `failed`"),
    Limit(MAX_OPERATIONS, "operations", "drawing operations of a PDF", "the file is `failed`"),
    Limit(meter.MAX_STEPS, "steps", "all templates of one run", _RUN_FAILS),
    Limit(meter.MAX_LENGTH, "characters", "text, list or mapping that a template makes", _RUN_FAILS),
    Limit(MAX_TEMPLATE, "characters", "source of a template", "the scenario is refused"),
    Limit(MAX_LEVELS, "levels", "blocks of a template inside each other", "the scenario is refused"),
    Limit(patterns.TIMEOUT, "second", "regular expressions of all turns, for a run", "no match, with the reason"),
    Limit(patterns.MAX_PATTERN, "characters", "source of a regular expression", "refused"),
    Limit(bounded_schema.MAX_STEPS, "steps", "one validation against a JSON Schema from outside", _REFUSED),
    Limit(MAX_SCHEMA, "bytes", "such a JSON Schema", "refused"),
    Limit(MAX_VALUES, "values", "values of a scenario file, aliases counted at each use", "the file is refused"),
    Limit(MAX_YAML, "characters", "a scenario file in YAML", "the file is refused"),
    Limit(MAX_DEPTH, "levels", "nesting of a scenario file", "the file is refused"),
    Limit(MAX_LOCAL, "bytes", "local file that a scenario names by `path`", "the scenario is refused"),
    Limit(MAX_SCENARIOS, "scenarios", "scenarios of a world", "refused"),
    Limit(MAX_INJECTED, "faults", "injected faults of a world", "refused"),
    Limit(MAX_PROBLEMS, "problems", "problems that a world keeps", "later ones are only counted"),
    Limit(journal.LIMIT, "entries", "journal of a world", "the oldest entries are dropped"),
    Limit(journal.BYTES_LIMIT, "bytes", "bodies in the journal of a world", "the oldest entries are dropped"),
    Limit(HOLD_LIMIT, "seconds", "real time that a run is held", "the run fails, and a problem names the hold"),
    Limit(RECORDING_VALUES, "values", "values of a recording, aliases counted at each use", "the recording is refused"),
    Limit(MAX_DECODED, "bytes", "decompressed bodies of a recording, together", "the recording is refused"),
    Limit(MAX_KEPT, "bytes", "body that `record` keeps", "its length and hash are recorded instead"),
)  # fmt: skip
