"""How the APIs make given objects. Whoever makes a world of scenarios imports this module, which registers it."""

import emulator.apis.assistants.given
import emulator.apis.files.given
import emulator.apis.responses.given  # noqa: F401
