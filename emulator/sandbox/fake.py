"""Jinja's ``fake``: Faker's words, the same for the same seed on any machine, whatever its date and time zone."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo  # noqa: TID251  # nothing here asks for the machine's time
from typing import TYPE_CHECKING, Any

from emulator.base.clock import DEFAULT_START
from emulator.base.ids import chance

if TYPE_CHECKING:
    from faker import Generator

    from emulator.base.ids import Chance

#: Words that no seed fixes: they ask the machine for its date, for chance, or for the order of a set.
_UNSTABLE = frozenset({"passport_dates", "passport_full", "passport_gender", "pyiterable", "pyset", "tar", "zip"})

_NOW: ContextVar[float] = ContextVar("the instant that words about time take for now")


class Fake:
    """A seeded Faker, imported and made when the first word is asked of it, which is also when it asks for its seed.

    ``now``: what its dates lie around.
    """

    def __init__(self, seed: int | Callable[[], int], now: float = DEFAULT_START) -> None:
        self._seed, self._now = seed, now
        self._chance: Chance | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"fake has no word {name!r}")
        if self._chance is None:
            self._chance = chance(self._seed() if callable(self._seed) else self._seed)
        generator = _generator()
        words = (getattr(provider, name, None) for provider in generator.get_providers())
        word = None if name in _UNSTABLE else next(filter(callable, words), None)
        if word is None:
            raise AttributeError(f"fake has no word {name!r}")
        _NOW.set(self._now)
        generator.random = self._chance
        return word


class _OfThread(threading.local):
    """What a thread's fakes share: to make it takes as long as a whole run, and all that is one's own is the chance."""

    generator: Generator | None = None


_HERE = _OfThread()


def _generator() -> Generator:
    if _HERE.generator is None:
        from faker import Factory

        _HERE.generator = Factory.create()
        _HERE.generator.add_provider(_time_provider())
        _HERE.generator.seed_instance(0)  # without any, some words ask the machine
    return _HERE.generator


class _OfFaker(type):
    """Takes any date for one of its own, as Faker's ``isinstance`` asks."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.__bases__[0])


class _Datetime(datetime, metaclass=_OfFaker):
    """Makes plain datetimes, and ``now`` is the world's."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return datetime(*args, **kwargs)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        now = datetime.fromtimestamp(_NOW.get(), UTC)
        return now.astimezone(tz) if tz else now.replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class _Date(date, metaclass=_OfFaker):
    """As ``_Datetime``."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return date(*args, **kwargs)

    @classmethod
    def today(cls) -> Any:
        return _Datetime.now().date()


@functools.cache
def _time_provider() -> Any:
    """Faker's words about time, from a copy of its module: the machine's clock stays as it is for everybody else."""
    spec = importlib.util.find_spec("faker.providers.date_time")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.datetime, module.dtdate = _Datetime, _Date
    module._get_local_timezone = lambda: UTC
    return module.Provider
