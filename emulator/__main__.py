"""``python -m emulator`` is ``assistants-emulator``."""

import sys

from assistants_emulator import main

sys.exit(main())
