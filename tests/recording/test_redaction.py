"""Secrets are taken out wherever they stand, and everything else stays to the byte."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.base.problems import EmulatorError
from emulator.base.secrets.names import is_secret_header, is_secret_name, is_secret_parameter
from emulator.recordings.exchange import Exchange, Headers, Part
from emulator.recordings.redaction.redactor import PLACEHOLDER, Redactor

KEY = "sk-proj-Abc_123-def456GHI"
R = PLACEHOLDER
JSON: Headers = (("content-type", "application/json"),)


def redacted(**parts: Any) -> Exchange:
    return Redactor().exchange(Exchange(**{"method": "POST", "url": "/v1/threads", "status": 200, **parts}))


def body(text: str, headers: Headers = JSON, **more: Any) -> str:
    """A body without its secrets."""
    after = redacted(response_body=text.encode(), response_headers=headers, **more).response_body
    assert after is not None
    return after.decode()


# ---- By form ----


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"My key is {KEY}.", f"My key is {R}."),
        ("sk-abcdef", R),
        ("sess-abcdef0123", R),
        ("Incorrect API key provided: sk-abc*****wxyz. You can", f"Incorrect API key provided: {R}. You can"),
        ("Incorrect API key provided: none*****zyx. You can", f"Incorrect API key provided: {R}. You can"),
        ("in organization org-Abc123def on tokens", f"in organization {R} on tokens"),
        ("in organization acme-corp on requests per min", f"in organization {R} on requests per min"),
        ("the project proj_abc123DEF", f"the project {R}"),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {R}"),
        ("authorization: bearer opaqueopaqueopaque", f"authorization: bearer {R}"),
        ("Basic dXNlcjpwYXNz", f"Basic {R}"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ-_", R),
        (f"{'a1' * 26}JQQJ99BAACYeBjFXJ3w3", R),
        ("AKIAIOSFODNN7EXAMPLE", R),
        ("AIza" + "x" * 35, R),
        ("ghp_abcdefghij0123456789", R),
        ("xoxb-12345-67890-abc", R),
        ("sk_live_abcdef012345", R),
        ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb", f"a\n{R}\nb"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", R),
        ("https://user:pass@host/x", f"https://{R}@host/x"),
        ("https://x.blob/y?sv=1&sig=a%2Bb%3D&se=2", f"https://x.blob/y?sv=1&sig={R}&se=2"),
        ('client = OpenAI(api_key="hunter", timeout=3)', f'client = OpenAI(api_key="{R}", timeout=3)'),
        ("password: hunter2", f"password: {R}"),
        ("export OPENAI_API_KEY=abc123", f"export OPENAI_API_KEY={R}"),
        (f"{R} {KEY}", f"{R} {R}"),
    ],
)
def test_secrets_are_known_by_their_form(text: str, after: str) -> None:
    assert body(text, (("content-type", "text/plain"),)) == after
    assert json.loads(body(json.dumps({"text": text}))) == {"text": after}


@pytest.mark.parametrize(
    "text",
    [
        "a task-management-system on a disk-usage-graph",
        "scikit-learn, sk-learn",
        "an org-chart",
        "bearer authentication; Bearer tokens; a Basic understanding",
        "max_tokens=4096, max_token=4096, prompt_tokens: 17",
        "The password: please ask",
        "thread_abcdefghijklmnopqrstuvwx asst_abcdefghijklmnopqrstuvwx vs_68c9edb9a0d48191b0e2a41d4a1c1f3e",
        "d41d8cd98f00b204e9800998ecf8427e",
        "mail me@example.org; http://host:8080/x@y",
        "?include[]=step_details&code_interpreter=1",
    ],
)
def test_what_only_looks_a_little_like_it_stays(text: str) -> None:
    assert body(text, (("content-type", "text/plain"),)) == text


# ---- By name ----


@pytest.mark.parametrize(
    "name",
    "api_key apiKey API-Key x-api-key OPENAI_API_KEY apikey api_keys password userPassword passwd client_secret "
    "clientSecret secret token accessToken refresh_token id_token access_tokens authorization Authorization auth "
    "credentials private_key subscription-key organization_id organizationId org_id cookie jwt passphrase".split(),
)
def test_secrets_are_known_by_their_name(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_parameter(name)
    assert json.loads(body(json.dumps({name: "hunter"}))) == {name: R}


@pytest.mark.parametrize(
    "name",
    "key keys keyboard code max_tokens prompt_tokens total_tokens max_token tokens tokenizer author organization "
    "project project_id password_hint secretary id name content metadata usage tool_call_id".split(),
)
def test_other_names_are_not(name: str) -> None:
    assert not is_secret_name(name)
    assert body(json.dumps({name: "hunter"})) == json.dumps({name: "hunter"})


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("authorization", True),
        ("proxy-authorization", True),
        ("x-ms-authorization-auxiliary", True),
        ("api-key", True),
        ("x-api-key", True),
        ("x-goog-api-key", True),
        ("ocp-apim-subscription-key", True),
        ("x-functions-key", True),
        ("x-auth-token", True),
        ("x-ms-token-aad-id-token", True),
        ("x-ms-client-principal", True),
        ("cookie", True),
        ("set-cookie", True),
        ("openai-organization", True),
        ("openai-project", True),
        ("idempotency-key", False),
        ("access-control-allow-credentials", False),
        ("x-ratelimit-remaining-tokens", False),
        ("x-request-id", False),
        ("content-type", False),
        ("openai-version", False),
        ("www-authenticate", False),
    ],
)
def test_headers_are_known_by_their_name(name: str, secret: bool) -> None:
    assert is_secret_header(name) is secret
    after = redacted(request_headers=((name, "hunter"), (name, "")), response_headers=((name, "hunter"),))
    assert after.request_headers == ((name, R if secret else "hunter"), (name, ""))
    assert after.response_headers == ((name, R if secret else "hunter"),)


def test_a_header_of_any_name_can_hold_one() -> None:
    after = redacted(response_headers=(("location", "https://x/y?sig=abc&a=1"), ("x-note", f"for {KEY}")))

    assert after.response_headers == (("location", f"https://x/y?sig={R}&a=1"), ("x-note", f"for {R}"))


# ---- URLs and forms ----


@pytest.mark.parametrize(
    ("url", "after"),
    [
        ("/openai/threads?api-version=v1&api-key=abc", f"/openai/threads?api-version=v1&api-key={R}"),
        ("/x?key=1&code=2&sig=3&token=4&access_token=5", f"/x?key={R}&code={R}&sig={R}&token={R}&access_token={R}"),
        ("/x?api%2Dkey=abc&a=%20b", f"/x?api%2Dkey={R}&a=%20b"),
        (f"/x?q=for+{KEY}+only", f"/x?q=for%20{R}%20only"),
        ("/x?q=%73k-abcdefgh", f"/x?q={R}"),
        (f"/v1/organizations/{KEY}/users", f"/v1/organizations/{R}/users"),
        ("/v1/%73k-abcdefgh/users", f"/v1/{R}/users"),
        ("/v1/threads?include[]=a%5B%2A%5D&&x", "/v1/threads?include[]=a%5B%2A%5D&&x"),
        ("https://user:pass@host/v1?key=", f"https://{R}@host/v1?key="),
    ],
)
def test_urls(url: str, after: str) -> None:
    assert redacted(url=url).url == after
    encoded = (("content-type", "application/x-www-form-urlencoded"),)
    if url.startswith("/"):
        assert body(url.partition("?")[2], encoded) == after.partition("?")[2]


def test_parts_of_a_form() -> None:
    hashed = Part("file", f"{KEY}.txt", None, 3, "00ff")
    form = (
        Part("purpose", None, b"assistants"),
        Part("api_key", None, b"hunter"),
        Part("meta", None, json.dumps({"password": "hunter", "a": 1}).encode()),
        Part(KEY, None, b""),
        hashed,
        Part("file", "a.bin", b"\xff\x00" + KEY.encode() + b"\xfe", 28, "00ff"),
        Part("file", "b.txt", b"nothing", 7, "00ff"),
    )
    headers = (("content-type", "multipart/form-data; boundary=x"), ("content-length", "500"))

    after = redacted(form=form, request_headers=headers)

    assert after.form == (
        form[0],
        Part("api_key", None, R.encode()),
        Part("meta", None, json.dumps({"password": R, "a": 1}).encode()),
        Part(R, None, b""),
        Part("file", f"{R}.txt", None, 3, "00ff"),
        Part("file", "a.bin", b"\xff\x00" + R.encode() + b"\xfe", 13),
        form[6],
    )
    assert after.request_headers == headers[:1]


# ---- JSON ----


def test_of_json_only_the_secret_changes() -> None:
    text = (
        '{\r\n\t"b" : 1.0, "a":[ {"Password":"hunter"} ],"caf\\u00e9":"\\u00e9 %s \\/",\n'
        '  "é": "%s é", "b": 2E5, "pin": "12"}\n'
    )

    assert body(text % (KEY, KEY)) == text.replace("hunter", R).replace("\\/", "/") % (R, R)


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ({"token": 12345678}, {"token": R}),
        ({"token": None, "password": True, "secret": ""}, {"token": None, "password": True, "secret": ""}),
        ({"api_keys": ["a", ["b"]]}, {"api_keys": [R, [R]]}),
        ({"x": {"authorization": {"value": "a", "n": [1]}}}, {"x": {"authorization": {"value": R, "n": [R]}}}),
        ({KEY: {KEY: 1}}, {R: {R: 1}}),
        ([[[[{"deep": [KEY]}]]]], [[[[{"deep": [R]}]]]]),
        ({"arguments": json.dumps({"q": json.dumps({"secret": "a", "n": 1})})},
         {"arguments": json.dumps({"q": json.dumps({"secret": R, "n": 1})})}),
        ({"text": f'Here: {{"password": "hunter"}} and {KEY}'}, {"text": f'Here: {{"password": "{R}"}} and {R}'}),
    ],
)  # fmt: skip
def test_values_of_json(value: Any, after: Any) -> None:
    assert json.loads(body(json.dumps(value))) == after


def test_escapes_hide_nothing() -> None:
    assert json.loads(body('{"a": "\\u0073k\\u002dabcdefgh", "\\u0070assword": "x"}')) == {"a": R, "password": R}
    assert json.loads(body('{"a": "\\ud800 sk-abcdefgh é"}')) == {"a": f"\ud800 {R} é"}
    assert json.loads(body(json.dumps(json.dumps({"a": "\u0073k-abcdefgh é"})))) == json.dumps({"a": f"{R} é"})


def test_a_schema_of_a_secret_is_none() -> None:
    function = {
        "name": "log_in",
        "parameters": {
            "type": "object",
            "properties": {
                "password": {"type": "string", "description": "Of the user"},
                "token": {"anyOf": [{"type": "string", "minLength": 8}, {"type": "null"}]},
            },
            "required": ["password"],
        },
    }

    assert body(json.dumps(function)) == json.dumps(function)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{"a": 1, "password": "hunter', '{"a": 1, "password": "' + R),
        ('{"a": {"x": "\\u0073k-abcdefgh"}, "b"', '{"a": {"x": "' + R + '"}, "b"'),
        ('{"api_key": "hunter", }', '{"api_key": "' + R + '", }'),
        ('{"api_key": "hunter"}\n{"a": 1}\n{"token": "x', '{"api_key": "%s"}\n{"a": 1}\n{"token": "%s' % (R, R)),  # noqa: UP031
        ('\ufeff{"api_key": "hunter"}', '\ufeff{"api_key": "' + R + '"}'),
        ("[" * 100_000 + KEY, "[" * 100_000 + R),
    ],
    ids=["in a string", "after a key", "a comma too many", "lines", "byte order mark", "too deep"],
)
def test_what_is_not_quite_json(text: str, after: str) -> None:
    assert body(text) == after


def test_bytes_that_are_no_text() -> None:
    raw = b"\xff\xfe" + KEY.encode() + b"\x80"

    assert redacted(request_body=raw).request_body == b"\xff\xfe" + R.encode() + b"\x80"


# ---- What this exchange shows to be secret ----


@pytest.mark.parametrize(
    "carried",
    [
        {"request_headers": (("authorization", "Bearer opaque-7f3"),)},
        {"request_headers": (("api-key", "opaque-7f3"),)},
        {"request_headers": (("authorization", f"Basic {base64.b64encode(b'me:opaque-7f3').decode()}"),)},
        {"request_headers": (("cookie", "a=1; session=opaque-7f3; b=2"),)},
        {"request_headers": (("cookie", 'session="opaque%2D7f3"'),)},
        {"response_headers": (("set-cookie", "session=opaque-7f3; Path=/"),)},
        {"url": "/v1/x?code=opaque-7f3"},
        {"url": "/v1/x?access_token=opaque%2D7f3"},
    ],
)
def test_a_credential_is_a_secret_wherever_it_stands_in_its_exchange(carried: dict[str, Any]) -> None:
    after = redacted(
        **carried, request_body=b'{"note": "I am opaque-7f3."}', response_body=b'{"echo": ["opaque\\u002d7f3"]}'
    )

    assert (after.request_body, after.response_body) == (
        f'{{"note": "I am {R}."}}'.encode(),
        f'{{"echo": ["{R}"]}}'.encode(),
    )
    assert "7f3" not in after.url + str(after.request_headers) + str(after.response_headers)


@pytest.mark.parametrize("key", ["test", "anything", "x", "sk-1"])
def test_a_key_that_is_a_plain_word_is_none_elsewhere(key: str) -> None:
    text = f"this is a {key}, anything goes"

    assert body(text, request_headers=(("authorization", f"Bearer {key}"),)) == text


# ---- What it answers ----


def test_an_exchange_without_secrets_is_itself() -> None:
    exchange = Exchange("GET", "/v1/x?a=1", 200, (("accept", "*/*"),), b"{}", None, JSON, b'{"a": "\\u00e9"}', 7)
    redactor = Redactor()

    assert redactor.exchange(exchange) is exchange
    assert redactor.count == 0


def test_it_counts_and_corrects_lengths() -> None:
    redactor = Redactor()
    text = f'{{"a": "{KEY}", "password": "x", "n": 1}}'
    after = redactor.exchange(
        Exchange(
            "POST",
            "/x?key=1",
            200,
            (("authorization", "Bearer x"), ("content-length", str(len(text)))),
            text.encode(),
            None,
            (("content-length", "2"),),
            b"{}",
        )
    )

    assert redactor.count == 4
    assert after.request_header("content-length") == str(len(after.request_body or b""))
    assert after.response_header("content-length") == "2"


# ---- The user's own ----


def test_patterns_of_the_user_are_for_every_string() -> None:
    redactor = Redactor([r"ACME-\d+", r"^\d{9}$", "(?i)smith"])
    exchange = Exchange(
        "POST",
        "/x/ACME-1?q=smithy",
        200,
        (("x-user", "Smith"),),
        b'{"ssn": 123456789, "id": "ACME-77", "ACME-1": 12345}',
    )

    after = redactor.exchange(exchange)

    assert after.url == f"/x/{R}?q={R}y"
    assert after.request_headers == (("x-user", R),)
    assert after.request_body == f'{{"ssn": "{R}", "id": "{R}", "{R}": 12345}}'.encode()
    assert redactor.exchange(after) == after


def test_a_pattern_is_not_found_in_what_stands_for_a_secret() -> None:
    redactor = Redactor(["redacted", "red|act", "e?"])
    after = redactor.exchange(Exchange("GET", "/", 200, response_body=b"The redeemer"))

    assert after.response_body == f"Th{R} {R}m{R}r".encode()
    assert redactor.exchange(after) == after


def test_a_pattern_that_takes_too_long_takes_the_whole_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.recordings.redaction.patterns.REGEX_TIMEOUT", 0.01)
    redactor = Redactor([r"(a|aa)+$"])

    after = redactor.exchange(Exchange("GET", "/", 200, response_body=b"x" + b"a" * 200 + b"!"))

    assert after.response_body == R.encode()
    assert redactor.slow_patterns == {r"(a|aa)+$"}


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(EmulatorError, match=r"^--redact '\(a' is not a regular expression: missing \)") as refused:
        Redactor(["b", "(a"])

    assert "\n" not in str(refused.value)


# ---- Laws ----

secrets = st.sampled_from([KEY, "sk-abcdefgh", "Bearer abc123def", "org-abc123", "a?key=1&b", "password='x'", R, R[:5]])
texts = st.lists(st.text() | secrets, max_size=4).map("".join)
names = st.sampled_from(["a", "password", "token", "type", "delta", "index", "id"]) | texts
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | inner.map(lambda value: json.dumps(value))
    ),
    max_leaves=10,
)
patterns = st.lists(st.sampled_from([r"\d", "a", "re?d", r"\w+", '"', "^.", "[^a]$", r"(?<!x)b"]), max_size=2)


def assert_settled(exchange: Exchange, own: list[str]) -> Exchange:
    """Redacts; to do it again changes nothing."""
    after = Redactor(own).exchange(exchange)
    again = Redactor(own)
    assert again.exchange(after) == after
    assert again.count == 0
    return after


@settings(deadline=None)
@given(values, st.booleans(), st.sampled_from([None, 2]), patterns)
@example({"a": [json.dumps({"b": json.dumps({"token": 1})})]}, True, None, [])
def test_json_stays_json_and_to_redact_twice_changes_nothing(
    value: Any, ascii: bool, indent: int | None, own: list[str]
) -> None:
    raw = json.dumps(value, ensure_ascii=ascii, indent=indent).encode()

    after = assert_settled(Exchange("POST", "/", 200, JSON, raw), own)

    assert after.request_body is not None
    assert KEY.encode() not in after.request_body
    assert shape(json.loads(after.request_body)) == shape(value) or own


def shape(value: Any) -> Any:
    """Lists and objects without what is in them."""
    if isinstance(value, dict):
        return sorted(str(shape(one)) for one in value.values())
    return [shape(one) for one in value] if isinstance(value, list) else None


@settings(deadline=None)
@given(texts, st.sampled_from(["text/plain", "application/json", "application/x-www-form-urlencoded"]), patterns)
def test_any_text_settles(text: str, kind: str, own: list[str]) -> None:
    headers = (("content-type", kind), ("x-note", text))
    form = (Part(text, text, text.encode()),)
    assert_settled(Exchange("POST", f"/{text}", 200, headers, text.encode(), form, headers, b"{" + text.encode()), own)
