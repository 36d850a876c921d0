"""Points the clients of this process to an emulator, in any test framework."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from emulator.control.network_guard import EXCEPTED, WHILE_LEADING, Guard


@contextmanager
def leading(environ: Mapping[str, str], *, allow_real: bool = False) -> Iterator[None]:
    """Sets these variables and refuses connections to the real service, until the block ends."""
    stated = dict(environ)
    if not allow_real:  # proxies must not look its names up, so that the guard does
        stated |= {name: f"{environ[name]},{EXCEPTED}" for name in ("NO_PROXY", "no_proxy")}
    before = {name: os.environ.get(name) for name in stated}
    with nullcontext() if allow_real else Guard(WHILE_LEADING):
        os.environ.update(stated)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
