"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.base.problems import EmulatorError
from emulator.cli.commands.output import tell
from emulator.server.hosts import is_loopback

if TYPE_CHECKING:
    from emulator.world.options import Options


def add_server_options(parser: argparse.ArgumentParser, port: int = 8787) -> None:
    """Where to listen, to whom, what worlds are like, and what is said of requests."""
    add_address_options(parser, port)
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_host_name,
        metavar="NAME",
        help="a host name by which it may be called, beside localhost and addresses; can be repeated, * for any",
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve https with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, if that is in a file of its own")
    add_world_options(parser)
    parser.add_argument(
        "--worlds", choices=["one", "key"], default="key", help="one world for all keys, or one a key (key)"
    )
    parser.add_argument(
        "--log",
        action=argparse.BooleanOptionalAction,
        help="a line for each request, on stderr (only on a terminal)",
    )
    add_json_option(parser, "say where it listens, and with --log each request, as a line of JSON")


def add_address_options(parser: argparse.ArgumentParser, port: int) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=port, help=f"0 for any free port ({port})")


def warn_of_others(host: str) -> None:
    """For addresses that do not belong to this machine alone."""
    if not is_loopback(host):
        tell(f"warning: {host} can be reached from other machines, and any key is let in")


def add_world_options(parser: argparse.ArgumentParser) -> None:
    """They beat the settings of scenarios."""
    parser.add_argument("--seed", type=_seed, help="other ids and fake words (0)")
    parser.add_argument("--clock", choices=["skip", "real"], help="skip: waits take no real time (skip)")
    parser.add_argument("--start", metavar="INSTANT", help="where the skip clock starts: ISO 8601, or now")
    parser.add_argument("--unmatched", choices=["fail", "improvise"], help="what a run does that no turn fits")
    parser.add_argument(
        "--shapes", choices=["wire", "spec"], help="as the service sent it, or as its schema says (wire)"
    )
    parser.add_argument(
        "--after-sunset", action="store_true", help="Assistants operations answer as the removed API does, with a 404"
    )


def add_json_option(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"for machines: {what}")


def world_options(options: argparse.Namespace) -> Options:
    """Raises EmulatorError for options that cannot be."""
    from emulator.world.options import Options

    said = Options(
        options.seed,
        options.clock,
        options.start,
        options.unmatched,
        options.shapes,
        after_sunset=options.after_sunset,
    )
    said.check()
    return said


def tls_options(options: argparse.Namespace) -> dict[str, Any]:
    """What uvicorn is told to serve https. Raises EmulatorError for files that are no certificate and its key."""
    cert, key = options.tls_cert, options.tls_key
    if cert is None:
        if key is not None:
            raise EmulatorError(f"--tls-key {key}: there is no --tls-cert for it")
        return {}
    import ssl

    said = f"--tls-cert {cert}" + (f" --tls-key {key}" if key else "")
    for file in filter(None, (cert, key)):
        file.open("rb").close()  # an error of its own, with the file's name
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except ssl.SSLError as error:
        is_other = error.reason == "KEY_VALUES_MISMATCH"
        why = "the key is that of another certificate" if is_other else "expected both in PEM, and the key unencrypted"
        raise EmulatorError(f"{said}: {why}") from None
    return {"ssl_certfile": cert, "ssl_keyfile": key}


# ---- Types of values ----


def _seed(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _host_name(text: str) -> str:
    if not text.strip() or any(character in text for character in "/@ "):
        raise argparse.ArgumentTypeError(f"expected a name as emulator.test, got {text!r}")
    return text
