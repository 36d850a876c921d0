"""The words of ``fake`` are the same for a seed in every version of Faker that is allowed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.sandbox.fake import Fake, _generator
from emulator.sandbox.fake_words import WORDS
from emulator.sandbox.templates import TemplateError, render
from tests.golden import expect
from tests.support import GOLDEN

#: Those that say something with arguments alone, or a generator.
ARGUMENTS: dict[str, tuple[Any, ...]] = {"time_series": ("-3d",), "random_element": (("a", "b", "c"),)}


def said(word: str, seed: int) -> Any:
    value = getattr(Fake(seed), word)(*ARGUMENTS.get(word, ()))
    return list(value) if word == "time_series" else value


def lines() -> Iterator[str]:
    """A word, what it says with the first seed, and a digest of what it says with others."""
    for word in sorted(WORDS):
        values = [str(said(word, seed)) for seed in range(24)]
        digest = hashlib.sha256("\0".join(values).encode()).hexdigest()[:16]
        yield f"{word} {digest} {values[0].encode('unicode_escape').decode()[:60].rstrip()}\n"


def test_every_word_says_what_it_always_said() -> None:
    """``tests/packaging`` runs this with the lowest version of Faker, every installation with the newest."""
    expect(GOLDEN / "fake_words.txt", "".join(lines()).encode())


def test_no_word_depends_on_those_that_others_said() -> None:
    """Words of colours kept the chance of the first fake that used them."""
    alone = {word: str(said(word, 1)) for word in sorted(WORDS)}
    for word in sorted(WORDS, reverse=True):
        said(word, 2)
    assert {word for word in WORDS if str(said(word, 1)) != alone[word]} == set()


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ fake.currency_code() }}", "no word 'currency_code' that is the same in every version of Faker; the "
         "nearest word is 'cryptocurrency_code'"),
        ("{{ fake.vin() }}", "no word 'vin'"),
        ("{{ fake['vin']() }}", "no word 'vin'"),
        ("{{ fake.uuid7() }}", "the nearest word is 'uuid4'"),
        ("{{ fake.nam() }}", "the nearest word is 'name'"),
        ("{{ fake.pystr_format('{{license_plate}}') }}", "no word 'license_plate'"),
        ("{{ fake.json({'a': 'vin'}) }}", "no word 'vin'"),
        ("{{ fake.csv(data_columns=['{{binary}}']) }}", "no word 'binary'"),
        ("{{ fake.pystr_format('{{seed_instance}}') }}", "no word 'seed_instance'"),
        ("{{ fake.pystr_format('{{__reduce__}}') }}", "no word '__reduce__'"),
    ],
)  # fmt: skip
def test_a_word_that_differs_is_refused_wherever_it_is_named(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        render(template, {"fake": Fake(1)})
    assert message in str(refused.value)


def test_every_word_is_one_of_fakers_and_none_is_machinery() -> None:
    machinery = {name for name in dir(type(_generator()).__mro__[1]) if not name.startswith("_")}

    assert {word for word in WORDS if not callable(getattr(_generator(), word, None))} == set()
    assert machinery & WORDS == set()
