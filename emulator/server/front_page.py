"""The page at ``/``: what answers here, for a person with a browser and for tools that wait for a 200."""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Send

from emulator.base.version import __version__

_TEXT: Final = f"""assistants-emulator {__version__}

The emulated APIs are under /v1 (OpenAI) and /openai (Azure). Clients use them with any API key:

    OPENAI_BASE_URL={{url}}/v1
    OPENAI_API_KEY=sk-anything

The inspector, a page for a browser, is {{url}}/_emulator/
The admin API is under /_emulator, and {{url}}/_emulator/openapi.json describes both.
"""
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="0; url=/_emulator/">
<title>assistants-emulator</title>
<h1>assistants-emulator {__version__}</h1>
<p>The emulated APIs are under <code>/v1</code> (OpenAI) and <code>/openai</code> (Azure).
Clients use them with any API key:</p>
<pre>OPENAI_BASE_URL={{url}}/v1
OPENAI_API_KEY=sk-anything</pre>
<p><a href="/_emulator/">The inspector</a> shows what happens here. The admin API is under <code>/_emulator</code>;
<a href="/_emulator/openapi.json">openapi.json</a> describes both.</p>
</html>
"""


async def show_front(scope: Any, send: Send) -> None:
    """HTML for a browser, text for any other client. The page holds nothing of any world, and no script."""
    headers = dict(scope["headers"])
    is_html = b"text/html" in headers.get(b"accept", b"")
    name = headers.get(b"host", b"127.0.0.1").decode("latin-1")
    url = f"{scope.get('scheme', 'http')}://{name}"
    body = (_PAGE if is_html else _TEXT).format(url=url).encode()
    kind = b"text/html" if is_html else b"text/plain"
    sent = [
        (b"content-type", kind + b"; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Accept"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
