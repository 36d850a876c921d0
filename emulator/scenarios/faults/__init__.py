"""Injected faults as scenarios and tests describe them: what goes wrong between server and client.

A fault never changes a run. Each kind is one class in ``kinds``. Importing the package registers all of them, in the
order of the documentation.
"""

from emulator.scenarios.faults.fault import COUNTS, Fault, fault_of
from emulator.scenarios.faults.kinds import HEADERS
from emulator.scenarios.faults.registry import KINDS, FaultKind, fault, parameter
from emulator.scenarios.faults.response_writer import BodyPiece, ResponseWriter, UnhandledRequest

__all__ = [
    "COUNTS",
    "HEADERS",
    "KINDS",
    "BodyPiece",
    "Fault",
    "FaultKind",
    "ResponseWriter",
    "UnhandledRequest",
    "fault",
    "fault_of",
    "parameter",
]
