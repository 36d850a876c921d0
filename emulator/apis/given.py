"""How the APIs make given objects. Whoever makes a world of scenarios imports this module, which says where."""

from emulator.world.given import given_by

given_by("emulator.apis.assistants.given", "assistants", "threads")
given_by("emulator.apis.files.given", "files", "vector_stores")
given_by("emulator.apis.responses.given", "conversations", "containers", "responses")
