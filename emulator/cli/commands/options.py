"""The options that several commands share."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.base.files import refuse_special
from emulator.base.limits import FORGET_IDLE, HOLD_LIMIT, MAX_WORLDS
from emulator.base.problems import EmulatorError
from emulator.cli.commands.output import print_stderr
from emulator.server.hosts import is_loopback

if TYPE_CHECKING:
    from emulator.base.prices import Prices
    from emulator.recordings.redaction.redactor import Redactor
    from emulator.world.options import Options


def add_server_options(parser: argparse.ArgumentParser, port: int = 8787) -> None:
    """Adds the options of a server: address, host names, TLS, worlds, log."""
    add_address_options(parser, port)
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_host_name,
        metavar="NAME",
        help="accept requests for this host name, besides localhost and IP addresses; repeatable, * for any",
    )
    parser.add_argument("--admin-key", metavar="KEY", help="let the holder of this key list the worlds of all keys")
    parser.add_argument("--prices", metavar="FILE", help="the price table that the inspector counts with (JSON)")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    parser.add_argument(
        "--tls-key", type=Path, metavar="FILE", help="the certificate's private key, if it is in its own file"
    )
    add_world_options(parser)
    add_worlds_option(parser)
    add_bounds_of_worlds(parser, forgets=True)
    parser.add_argument(
        "--log",
        action=argparse.BooleanOptionalAction,
        help="log each request on stderr (default: only on a terminal)",
    )
    add_json_option(parser, "print the URL and, with --log, each request as a line of JSON")


def add_worlds_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--worlds",
        choices=["one", "key"],
        default="key",
        help="one world for all API keys, or one for each key (default: key)",
    )


def add_bounds_of_worlds(parser: argparse.ArgumentParser, *, forgets: bool = False) -> None:
    """Adds the bounds of many worlds. ``forgets``: those that nobody uses are forgotten."""
    parser.add_argument(
        "--max-worlds",
        type=_positive,
        default=MAX_WORLDS,
        metavar="N",
        help=f"worlds to keep at most; a key that would need one more gets a 429 (default: {MAX_WORLDS})",
    )
    if forgets:
        parser.add_argument(
            "--forget-idle",
            type=_idle_time,
            default=FORGET_IDLE,
            metavar="TIME",
            help="forget a world that got no request for so long, such as 90s, 30m, 1h or never "
            "(default: 1h; never with --worlds one)",
        )


def add_address_options(parser: argparse.ArgumentParser, port: int) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=port_number, default=port, help=f"port to listen on, 0 for any free one (default: {port})"
    )


def add_base_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base",
        metavar="PATH",
        help="the path below which the recordings have the API, such as /proxy/v1, or / (default: it is found)",
    )


def add_redaction_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say which secrets of recordings are redacted."""
    parser.add_argument(
        "--redact",
        action="append",
        default=[],
        metavar="REGEX",
        help="redact every match, besides keys, tokens, passwords and other known secrets; repeatable",
    )
    parser.add_argument("--no-redact", action="store_true", help="leave all secrets as they were recorded")


def redactor_of(options: argparse.Namespace) -> Redactor | None:
    """The redactor that the options demand. Raises EmulatorError for options that contradict each other."""
    from emulator.recordings.redaction.redactor import Redactor

    if options.no_redact and options.redact:
        raise EmulatorError("--redact names what to redact, and --no-redact forbids it: use one of them")
    return None if options.no_redact else Redactor(options.redact)


def warn_if_reachable(host: str) -> None:
    """Warns of an address that other machines can reach."""
    if not is_loopback(host):
        print_stderr(f"warning: other machines can reach {host}, and any API key is accepted")


def add_world_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that override the settings of scenarios."""
    parser.add_argument("--seed", type=_seed, help="seed of ids and fake words (default: 0)")
    parser.add_argument("--clock", choices=["skip", "real"], help="skip: waits take no real time (default: skip)")
    parser.add_argument("--start", metavar="INSTANT", help="start of the clock: ISO 8601, or now")
    parser.add_argument("--unmatched", choices=["fail", "improvise"], help="what a run does if no turn matches it")
    parser.add_argument(
        "--shapes",
        choices=["wire", "spec"],
        help="shapes of objects: as the service sends them, or as its schema says (default: wire)",
    )
    parser.add_argument(
        "--hold-limit",
        type=seconds,
        default=HOLD_LIMIT,
        metavar="SECONDS",
        help=f"real time after which a run that is held fails (default: {HOLD_LIMIT:g})",
    )
    parser.add_argument(
        "--sleepers",
        action="store_true",
        default=None,
        help="for clients that sleep instead of polling: a poll a second after a run began finds it at rest",
    )
    parser.add_argument(
        "--after-sunset",
        action="store_true",
        help="answer Assistants operations with 404, as the service does after the removal",
    )


def add_json_option(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--json", action="store_true", help=f"for scripts: {what}")


def world_options(options: argparse.Namespace) -> Options:
    """The options of a world. Raises EmulatorError for invalid ones."""
    from emulator.world.options import Options

    world = Options(
        options.seed,
        options.clock,
        options.start,
        options.unmatched,
        options.shapes,
        options.hold_limit,
        after_sunset=options.after_sunset,
        sleepers=options.sleepers,
        prices=_prices(options),
    )
    world.check()
    return world


def _prices(options: argparse.Namespace) -> Prices | None:
    """The price table that a server's option names. Raises EmulatorError for a bad one."""
    path = getattr(options, "prices", None)
    if path is None:
        return None
    from emulator.base.prices import Prices

    return Prices.load(path)


def tls_options(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments that make uvicorn serve HTTPS. Raises EmulatorError for an invalid certificate or key."""
    cert, key = options.tls_cert, options.tls_key
    if cert is None:
        if key is not None:
            raise EmulatorError(f"--tls-key {key}: expected --tls-cert too")
        return {}
    import ssl

    names = f"--tls-cert {cert}" + (f" --tls-key {key}" if key else "")
    for file in filter(None, (cert, key)):
        refuse_special(file)
        file.open("rb").close()  # raises an error with the file's name
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except ssl.SSLError as error:
        is_mismatch = error.reason == "KEY_VALUES_MISMATCH"
        why = "the key does not match the certificate" if is_mismatch else "expected PEM files, the key unencrypted"
        raise EmulatorError(f"{names}: {why}") from None
    return {"ssl_certfile": cert, "ssl_keyfile": key}


# ---- Types of values ----


def _seed(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text


def port_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return seconds


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return int(text)


def _idle_time(text: str) -> float:
    """Seconds; infinite for ``never``."""
    if text == "never":
        return math.inf
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    try:
        found = float(number) * unit
    except ValueError:
        found = -1
    if not 0 < found < math.inf:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 30m, 1h or never, got {text!r}")
    return found


def _host_name(text: str) -> str:
    if not text.strip() or any(character in text for character in "/@ "):
        raise argparse.ArgumentTypeError(f"expected a host name such as emulator.test, got {text!r}")
    return text
