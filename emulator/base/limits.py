"""All bounds of the emulator in one module; docs/security.md lists them from here."""

from __future__ import annotations

from typing import Final, NamedTuple

#: Seconds that a client may take for the head of a request, and between two pieces of its body.
MAX_SILENCE: Final = 75.0
MAX_HEAD: Final = 64 * 1024
MAX_BODY: Final = 64 * 1024 * 1024
MAX_BODY_VALUES: Final = 1_000_000
MAX_BODY_DEPTH: Final = 100
MAX_FILE: Final = 512 * 1024 * 1024
MAX_PART: Final = 64 * 1024 * 1024
MAX_MESSAGES: Final = 100_000
#: "Less than 512kb": the sentence tells neither the unit nor the exact number, and this is the smallest it can mean.
MAX_TOOL_OUTPUTS: Final = 512_000
MAX_STORE_FILES: Final = 10_000
MAX_TEXT: Final = 20_000_000
MAX_UNPACKED: Final = 64 * 1024 * 1024
MAX_DRAWING_OPERATIONS: Final = 500_000
MAX_TEMPLATE_STEPS: Final = 500_000
MAX_TEMPLATE_RESULT: Final = 1_000_000
MAX_TEMPLATE: Final = 1_000_000
MAX_TEMPLATE_LEVELS: Final = 50
MAX_TEMPLATE_TOKENS: Final = 30_000
#: Seconds that all searches of one run have together.
REGEX_TIMEOUT: Final = 1.0
MAX_PATTERN: Final = 10_000
MAX_PATTERN_COUNT: Final = 10_000
MAX_SCHEMA_STEPS: Final = 50_000
MAX_SCHEMA: Final = 1_000_000
MAX_SCENARIO_VALUES: Final = 200_000
MAX_SCENARIO_YAML: Final = 16_000_000
#: Of a scenario that PyYAML's parser in Python reads, as it does without libyaml.
MAX_PYTHON_VALUES: Final = 50_000
MAX_PYTHON_YAML: Final = 4_000_000
MAX_YAML_DEPTH: Final = 100
MAX_LOCAL_FILE: Final = 512 * 1024 * 1024
#: A scenario, recording or settings file, before it is read as one.
MAX_INPUT_FILE: Final = 1024 * 1024 * 1024
MAX_FILE_PROBLEMS: Final = 500
MAX_SCENARIOS: Final = 1000
MAX_INJECTED_FAULTS: Final = 1000
MAX_PROBLEMS: Final = 1000
MAX_TRANSCRIPTS: Final = 10_000
#: With ``settings: {sleepers: true}``: real seconds after a turn begins, from which on a poll finds it at rest.
SLEEPERS_AFTER: Final = 1.0
#: Polls of what is at rest, one after the other with nothing else in between.
MAX_IDLE_POLLS: Final = 1000
#: Worlds of one server, one for each key.
MAX_WORLDS: Final = 20_000
#: Of those that no request has changed; they do not count.
MAX_BARE_WORLDS: Final = 1_000
#: Real seconds without a request and without an open response.
FORGET_IDLE: Final = 3600.0
#: Keys that are told that their world was forgotten.
MAX_FORGOTTEN: Final = 100_000
#: Real seconds.
HOLD_LIMIT: Final = 30.0
#: Entries of each list of a snapshot.
MAX_SNAPSHOT: Final = 1000
JOURNAL_ENTRIES: Final = 10_000
JOURNAL_BYTES: Final = 64 * 1024 * 1024
#: Characters of a log that nobody reads.
MAX_LOG_WAITING: Final = 1024 * 1024
MAX_RECORDING_VALUES: Final = 10_000_000
MAX_DECODED: Final = 256 * 1024 * 1024
MAX_ARCHIVE_FILES: Final = 10_000
MAX_KEPT_BODY: Final = 16 * 1024 * 1024


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
    Limit(MAX_SILENCE, "seconds", "head of a request, and a pause in its body", "the connection closes"),
    Limit(MAX_BODY, "bytes", "body of a request in JSON", "413, and the connection closes"),
    Limit(MAX_BODY_VALUES, "values", "values in a JSON body, approximately", "413"),
    Limit(MAX_BODY_DEPTH, "levels", "nesting of a JSON body", "400"),
    Limit(MAX_FILE, "bytes", "uploaded file", "400; the service documents 512 MB"),
    Limit(MAX_PART, "bytes", "part of an upload", "400; the service documents 64 MB"),
    Limit(MAX_MESSAGES, "messages", "messages of a thread", "400"),
    Limit(MAX_TOOL_OUTPUTS, "bytes", "tool outputs of a request, together", "400; the service says 512kb"),
    Limit(MAX_STORE_FILES, "files", "files of a vector store", "400"),
    Limit(MAX_TEXT, "characters", "text of a file in a vector store", "the file is `failed`"),
    Limit(MAX_UNPACKED, "bytes", "unpacked size of a docx", "the file is `failed`"),
    Limit(MAX_DRAWING_OPERATIONS, "operations", "drawing operations of a PDF", "the file is `failed`"),
    Limit(MAX_TEMPLATE_STEPS, "steps", "all templates of one run", _RUN_FAILS),
    Limit(MAX_TEMPLATE_RESULT, "characters", "text, list or mapping that a template makes", _RUN_FAILS),
    Limit(MAX_TEMPLATE, "characters", "source of a template", "the scenario is refused"),
    Limit(MAX_TEMPLATE_LEVELS, "levels", "blocks of a template inside each other", "the scenario is refused"),
    Limit(REGEX_TIMEOUT, "second", "regular expressions of all turns, for a run", "no match, with the reason"),
    Limit(MAX_PATTERN, "characters", "source of a regular expression", "refused"),
    Limit(MAX_SCHEMA_STEPS, "steps", "one validation against a JSON Schema from outside", _REFUSED),
    Limit(MAX_SCHEMA, "bytes", "such a JSON Schema", "refused"),
    Limit(MAX_SCENARIO_VALUES, "values", "values of a scenario file, aliases at each use", "the file is refused"),
    Limit(MAX_SCENARIO_YAML, "characters", "a scenario file in YAML", "the file is refused"),
    Limit(MAX_PYTHON_VALUES, "values", "the same where PyYAML was built without libyaml", "the file is refused"),
    Limit(MAX_PYTHON_YAML, "characters", "the same where PyYAML was built without libyaml", "the file is refused"),
    Limit(MAX_YAML_DEPTH, "levels", "nesting of a scenario file", "the file is refused"),
    Limit(MAX_INPUT_FILE, "bytes", "scenario or recording on the disk", "the file is refused"),
    Limit(MAX_LOCAL_FILE, "bytes", "local file that a scenario names by `path`", "the scenario is refused"),
    Limit(MAX_WORLDS, "worlds", "worlds of a server (`--max-worlds`)", "429"),
    Limit(MAX_BARE_WORLDS, "worlds", "worlds that no request has changed, beside them", "the oldest ones are dropped"),
    Limit(FORGET_IDLE, "seconds", "real time that `serve` keeps an unused world", "it is forgotten, then 410"),
    Limit(MAX_FORGOTTEN, "keys", "keys that are told so", "the oldest ones begin an empty world"),
    Limit(MAX_SCENARIOS, "scenarios", "scenarios of a world", "refused"),
    Limit(MAX_INJECTED_FAULTS, "faults", "injected faults of a world", "refused"),
    Limit(MAX_PROBLEMS, "problems", "problems that a world keeps", "later ones are only counted"),
    Limit(MAX_TRANSCRIPTS, "transcripts", "transcripts that a world keeps", "the oldest ones are dropped"),
    Limit(MAX_SNAPSHOT, "entries", "each list of an inspector's snapshot", "the oldest are left out, and counted"),
    Limit(JOURNAL_ENTRIES, "entries", "journal of a world", "the oldest entries are dropped"),
    Limit(JOURNAL_BYTES, "bytes", "bodies in the journal of a world", "the oldest entries are dropped"),
    Limit(MAX_LOG_WAITING, "characters", "log of `serve` that nobody reads", "lines are dropped, and counted"),
    Limit(HOLD_LIMIT, "seconds", "real time that a run is held", "the run fails, and a problem names the hold"),
    Limit(MAX_IDLE_POLLS, "polls", "polls in a row of what is at rest", "400, and a problem"),
    Limit(MAX_RECORDING_VALUES, "values", "values of a recording, aliases at each use", "the recording is refused"),
    Limit(MAX_DECODED, "bytes", "decompressed bodies of a recording, or an archive", "the recording is refused"),
    Limit(MAX_ARCHIVE_FILES, "files", "files of a zip archive with recordings", "the archive is refused"),
    Limit(MAX_KEPT_BODY, "bytes", "body that `record` keeps", "its length and hash are recorded instead"),
)  # fmt: skip
