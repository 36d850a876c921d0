"""``fake`` in templates: Faker's words, the same for a seed on any machine, whatever its date, time zone and Faker."""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo  # noqa: TID251  # nothing here asks for the machine's time
from typing import TYPE_CHECKING, Any, cast

from emulator.base.clock import DEFAULT_START
from emulator.base.ids import chance
from emulator.base.problems import EmulatorError
from emulator.base.text import nearest
from emulator.sandbox.fake_words import WORDS

if TYPE_CHECKING:
    from faker import Generator

    from emulator.base.ids import Chance

_NOW: ContextVar[float] = ContextVar("the current time for words about time")


class NoSuchWord(EmulatorError):
    """``fake`` does not have this word."""

    def __init__(self, name: str) -> None:
        close = nearest(name, WORDS)
        meant = f"; the nearest word is {close!r}" if close else ""
        super().__init__(f"fake has no word {name!r} that is the same in every version of Faker{meant}")


class Fake:
    """A seeded Faker. It imports Faker, and calls ``seed`` if that is a function, for its first word.

    ``now``: the current time for its words about time, in seconds since 1970.
    """

    def __init__(self, seed: int | Callable[[], int], now: float = DEFAULT_START) -> None:
        self._seed, self._now = seed, now
        self._chance: Chance | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"fake has no word {name!r}")
        if name not in WORDS:
            raise NoSuchWord(name)
        if self._chance is None:
            self._chance = chance(self._seed() if callable(self._seed) else self._seed)
        generator = _generator()
        _NOW.set(self._now)
        _HERE.chance = self._chance
        return getattr(generator, name)


class _OfThread(threading.local):
    """The generator that all fakes of a thread share, since making one takes as long as a whole run."""

    generator: Generator | None = None
    chance: Chance | None = None


_HERE = _OfThread()


def _generator() -> Generator:
    if _HERE.generator is None:
        from faker import Factory

        _HERE.generator = Factory.create(generator=_walled_generator()())
        _HERE.generator.add_provider(_time_provider())
        _HERE.generator.seed_instance(0)  # without a seed some words use the machine's randomness
        _HERE.generator.random = cast("Chance", _Current())
    return _HERE.generator


class _Current:
    """The chance of the fake whose word is said. Some providers keep the ``generator.random`` that they find first."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_HERE.chance, name)


@functools.cache
def _walled_generator() -> type[Generator]:
    from faker import Generator

    class Walled(Generator):
        """Words that name others, such as ``pystr_format`` and ``json``, reach those of ``fake`` alone."""

        def get_formatter(self, formatter: str) -> Any:
            if formatter not in WORDS:
                raise NoSuchWord(formatter)
            return super().get_formatter(formatter)

    return Walled


class _OfFaker(type):
    """Makes ``isinstance`` true for any date, which Faker checks."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.__bases__[0])


class _Datetime(datetime, metaclass=_OfFaker):
    """Makes plain datetimes; ``now`` is the current time of the ``Fake``."""

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
    """Faker's words about time, from a copy of its module, so that other users of Faker keep the machine's clock."""
    spec = importlib.util.find_spec("faker.providers.date_time")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.datetime, module.dtdate = _Datetime, _Date
    module._get_local_timezone = lambda: UTC
    return module.Provider
