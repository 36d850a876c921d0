"""``python -m emulator`` is ``assistants-emulator``."""

import sys

from emulator.cli import main

sys.exit(main())
