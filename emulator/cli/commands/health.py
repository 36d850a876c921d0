"""``health``: waits until an emulator answers."""

from __future__ import annotations

import argparse
import http.client
import json
from pathlib import Path
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.base.clock import monotonic
from emulator.base.problems import EmulatorError
from emulator.cli.commands.exits import FOUND_PROBLEMS, OK
from emulator.cli.commands.options import add_json_option, port_number, seconds
from emulator.cli.commands.output import print_stderr, show_json_line

SUMMARY = "wait until an emulator answers, for containers and CI"
EXAMPLES = """\
  assistants-emulator health                           wait for http://127.0.0.1:8787, for 30 seconds at most
  assistants-emulator health --port 9000 --timeout 5   wait for another port, and not as long
  assistants-emulator health http://emulator:8787      wait for the emulator of another container
"""

#: Seconds between two attempts.
_PAUSE: Final = 0.05
#: Seconds that one attempt may take.
_PATIENCE: Final = 2.0
#: What a server listens on, and where it can be reached.
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL", help="where it is; without it, --host and --port say so")
    parser.add_argument("--host", default="127.0.0.1", help="the host of the server (default: 127.0.0.1)")
    parser.add_argument("--port", type=port_number, default=8787, help="the port of the server (default: 8787)")
    parser.add_argument(
        "--tls-cert", type=Path, metavar="FILE", help="use HTTPS, and trust this certificate (PEM), as the server's"
    )
    parser.add_argument(
        "--timeout", type=seconds, default=30.0, metavar="SECONDS", help="how long to wait at most (default: 30)"
    )
    add_json_option(parser, "print what the emulator says of itself as a line of JSON")


def run(options: argparse.Namespace) -> int:
    url = options.url or _own_url(options)
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise EmulatorError(f"health: expected a URL such as http://127.0.0.1:8787, got {url!r}")
    context = _context(options.tls_cert) if address.scheme == "https" else None
    end, pause = monotonic() + options.timeout, Event()
    while True:
        left = end - monotonic()
        found = _ask(address.netloc, context, max(min(_PATIENCE, left), _PAUSE))
        if isinstance(found, dict):
            break
        if left <= _PAUSE:
            print_stderr(f"assistants-emulator: no emulator answers at {url} within {options.timeout:g} s: {found}")
            return FOUND_PROBLEMS
        pause.wait(_PAUSE)
    if options.json:
        show_json_line({"url": url, **found})
    else:
        print(f"{url} is ready", flush=True)
    return OK


def _own_url(options: argparse.Namespace) -> str:
    """The URL of a server with the same options on this machine."""
    host = _ANY_ADDRESS.get(options.host, options.host)
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if options.tls_cert else 'http'}://{name}:{options.port}"


def _context(certificate: Path | None) -> Any:
    """How to trust a server: the certificate itself, whatever name it has, or the machine's authorities."""
    import ssl

    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = certificate is None
    return context


def _ask(netloc: str, context: Any, patience: float) -> dict[str, Any] | str:
    """What the emulator says of itself, or why it does not."""
    if context is None:
        connection = http.client.HTTPConnection(netloc, timeout=patience)
    else:
        connection = http.client.HTTPSConnection(netloc, timeout=patience, context=context)
    try:
        connection.request("GET", "/_emulator/health")
        response = connection.getresponse()
        told = json.loads(response.read())
        return told if response.status == 200 and told.get("status") == "ok" else _not_one(response.status)
    except (ValueError, AttributeError):
        return "what answers there is no emulator"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def _not_one(status: int) -> str:
    return f"what answers there is no emulator, or refuses the request (status {status})"
