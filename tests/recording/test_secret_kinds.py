"""Every kind of secret is found wherever it stands, however a stream cuts it; what only looks like one stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.secrets.finder import PLACEHOLDER, Finder
from emulator.base.secrets.kinds import KINDS, kind
from emulator.base.secrets.texts import redact_text
from emulator.recordings.exchange import Exchange, Part
from emulator.recordings.redaction.redactor import Redactor
from tests.recording.secret_samples import sample
from tests.recording.test_redaction_streams import ARGUMENTS, TEXT, arguments_delta, deltas, message_delta

TITLES = sorted(KINDS)
JSON = (("content-type", "application/json"),)
STREAM = (("content-type", "text/event-stream"),)


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 100


def test_a_second_kind_of_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match="two kinds of secrets with the title 'JWT'"):
        kind("JWT", "x", "x", "x")


@pytest.mark.parametrize("title", TITLES)
def test_a_sample_is_one_secret_of_its_kind(title: str) -> None:
    text, secret = sample(title)

    assert Finder().may_find(text)
    assert Finder().may_find(json.dumps({"a": f"\n{text}\n"}))
    assert title in {match for match, form in ((one, KINDS[one].form) for one in TITLES) if form.search(text)}
    assert secret not in redact_text(text)
    assert redact_text(f"before {text} after").startswith("before ")


Place = Callable[[str], Exchange]


def _exchange(url: str = "https://api.openai.com/v1/threads", **parts: object) -> Exchange:
    return Exchange("POST", url, 200, **parts)  # type: ignore[arg-type]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _call(text: str) -> object:
    return {"required_action": {"tool_calls": [{"function": {"arguments": json.dumps({"note": text})}}]}}


def _url(text: str) -> str:
    return f"https://api.openai.com/v1/files/{quote(text, safe='')}?q={quote(text)}"


def _sent(value: object) -> Exchange:
    return _exchange(request_body=_json(value), request_headers=JSON)


PLACES: dict[str, Place] = {
    "url": lambda s: _exchange(_url(s)),
    "message": lambda s: _sent({"role": "user", "content": f"Use {s} please"}),
    "argument": lambda s: _exchange(response_body=_json(_call(s)), response_headers=JSON),
    "output": lambda s: _sent({"tool_outputs": [{"output": json.dumps([s])}]}),
    "file": lambda s: _exchange(form=(Part("file", "a.txt", f"line\n{s}\nline".encode()),)),
    "download": lambda s: _exchange(response_body=f"a\xff {s}\n".encode("latin-1")),
    "logs": lambda s: _sent({"outputs": [{"type": "logs", "logs": f"\n{s}\n"}]}),
}  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_it_is_found_in_every_place(title: str) -> None:
    for place, made in PLACES.items():
        text, secret = sample(title, place)

        after = Redactor().exchange(made(text))

        written = repr(after) + repr(after.form)
        assert secret.replace("\n", "\\n") not in unquote(written).replace("\\\\n", "\\n"), place
        assert PLACEHOLDER in written, place


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TITLES), st.data())
def test_it_is_found_however_a_stream_cuts_it(title: str, data: st.DataObject) -> None:
    text, secret = sample(title)
    text = f"Use {text} now"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    for frame, path in ((message_delta, TEXT), (arguments_delta, ARGUMENTS)):
        stream = "".join(map(frame, pieces)).encode()

        after = Redactor().exchange(_exchange(response_body=stream, response_headers=STREAM)).response_body or b""

        joined = "".join(deltas(after.decode(), *path))
        assert secret not in joined
        assert joined.startswith("Use ")


@pytest.mark.parametrize(
    "text",
    [
        *(f"{prefix}{'aB3dEf7GhIjK9mNpQrStUvWx'}" for prefix in
          "thread_ asst_ run_ step_ msg_ call_ file- vs_ vsfb_ upload_ part_ batch_ resp_ conv_ ftjob- req_".split()),
        *(f"{prefix}{'68c9edb9a0d48191b0e2a41d4a1c1f3e0193ab7705de4b12'}" for prefix in
          "resp_ msg_ fc_ rs_ ci_ fs_ cntr_ cfile_ ws_ conv_ vs_ file- assistant-".split()),
        "fp_44709d6fcb", "gpt-4o-mini-2024-07-18", "o3-mini-2025-01-31", "text-embedding-3-small",
        "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "123e4567-e89b-12d3-a456-426614174000",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
        "sandbox:/mnt/data/report-2024-05-01.csv", "【4:0†favorite_foods.txt】", "https://example.com/a/b?page=2&limit=20",
        "The order number is ORD-2024-000123456 and the SKU is AB12-CD34.", "call me at +49 170 1234567, 10:30",
        "Ask us about passwords. A password is: something that you know.", "the sentence ends.ThisOneBegins here",
        "pat the dog; re_enter; key-value; sk_learn; org-mode", "user-agent OpenAI/Python 1.99.7", "x@y.org",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert redact_text(text) == text
    assert redact_text(f"see {text}, ok") == f"see {text}, ok"
