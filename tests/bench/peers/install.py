"""Installs the peers, each in an environment of its own beside the SDKs' (``tests.sdk.install``), pinned."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.sdk.install import install_node, install_python, node_modules, once, python_of

HERE = Path(__file__).parent
#: What runs on Python, with the versions of all that it needs, and what runs on Node.
PYTHON_PEERS = {path.stem: path for path in sorted(HERE.glob("*.txt"))}
NODE_PEERS = {path.parent.name: path for path in sorted(HERE.glob("*/package.json"))}

#: Where they are.
DIRECTORIES = [f"bench-{peer}" for peer in (*PYTHON_PEERS, *NODE_PEERS)]

NO_NODE = "npm is not on the PATH: the peers on Node need Node 20 or newer"


def python(peer: str) -> str:
    """The interpreter that has this peer."""
    return str(python_of(f"bench-{peer}"))


def script(peer: str, path: str) -> list[str]:
    """The command that runs a program of this peer's packages."""
    return [shutil.which("node") or "node", str(node_modules(f"bench-{peer}") / path)]


def install() -> None:
    """What is there is left alone; peers on Node are left out where there is none."""
    npm = shutil.which("npm")
    wanted = [
        (
            f"bench-{peer}",
            f"{file.read_text()} {sys.version}",
            partial(install_python, f"bench-{peer}", "-r", str(file)),
        )
        for peer, file in PYTHON_PEERS.items()
    ]
    if npm is not None:
        wanted += [
            (f"bench-{peer}", file.read_text(), partial(install_node, npm, f"bench-{peer}", file))
            for peer, file in NODE_PEERS.items()
        ]
    with ThreadPoolExecutor(os.cpu_count()) as installers:
        for installed in [installers.submit(once, *what) for what in wanted]:
            installed.result()
