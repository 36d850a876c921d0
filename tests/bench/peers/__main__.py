"""Measures the emulator beside its peers, prints the table and writes it as JSON."""

from __future__ import annotations

import sys

from tests.bench.__main__ import main
from tests.bench.peers import rows
from tests.bench.peers.install import install

if __name__ == "__main__":
    install()
    sys.exit(main(plan=rows.measurements, prog="python -m tests.bench.peers", out="bench-peers.json"))
