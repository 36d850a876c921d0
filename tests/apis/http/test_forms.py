"""Forms, without the private attribute of Starlette by which their files are closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from starlette.datastructures import Headers

from emulator.apis.http import form_reader
from tests.support import InProcess

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHello\r\n--b--\r\n'
)


@pytest.mark.parametrize("attribute", [form_reader._OPENED, "renamed"])
@pytest.mark.parametrize(("body", "status"), [(FORM, 200), (FORM[:-20], 400)], ids=["whole", "cut"])
def test_a_form_is_read_with_any_attribute_of_starlette(
    monkeypatch: pytest.MonkeyPatch, attribute: str, body: bytes, status: int
) -> None:
    monkeypatch.setattr(form_reader, "_OPENED", attribute)

    reply = InProcess().request(
        "POST", "/v1/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert reply.status == status


def test_the_installed_starlette_has_the_attribute() -> None:
    parser = form_reader._Parser(Headers({"content-type": "multipart/form-data; boundary=b"}), _no_body())

    assert getattr(parser, form_reader._OPENED) == []


async def _no_body() -> AsyncGenerator[bytes, None]:
    yield b""
