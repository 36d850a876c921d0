"""Load for the figures: some connections that are kept alive, each with one request under way. Imports little."""

from __future__ import annotations

import http.client
from collections.abc import Sequence

CONNECTIONS = 4


def drive(port: int, keys: Sequence[str]) -> None:
    """Asks for the list of models in the name of each key, and reads all answers."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(CONNECTIONS)]
    for start in range(0, len(keys), CONNECTIONS):
        asked = list(zip(connections, keys[start : start + CONNECTIONS], strict=False))
        for connection, key in asked:
            connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        for connection, _ in asked:
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"not a 200: {answer.status}")
    for connection in connections:
        connection.close()
