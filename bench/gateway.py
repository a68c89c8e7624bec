"""A gateway that takes its time for every request and remembers what it took. `python -m bench.gateway PORT SECONDS`

`GET /` tells every message as [number, text, when its request came], and forgets them.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from itertools import count
from urllib.parse import parse_qs

PATH = b"/version1/messaging"

taken: list[tuple[str, str, float]] = []
ids = count(1)


class Line(asyncio.Protocol):
    """One connection: requests in, answers after a while."""

    def __init__(self, pause: float) -> None:
        self.pause, self.waiting = pause, b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        head, gap, body = self.waiting.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
        size = int(length[1]) if length else 0
        if not gap or len(body) < size:
            return
        self.waiting = body[size:]
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._answer(200, json.dumps(taken))
            taken.clear()
        elif path == PATH:
            answer = take(body[:size].decode(), time.time())
            asyncio.get_running_loop().call_later(self.pause, self._answer, 201, answer)
        else:
            self._answer(404, "{}")

    def _answer(self, status: int, body: str) -> None:
        head = f"HTTP/1.1 {status} Here\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(f"{head}{body}".encode())


def take(form: str, at: float) -> str:
    """Remember a message for each of its recipients; what Africa's Talking answers."""
    fields = parse_qs(form)
    numbers, text = fields["to"][0].split(","), fields["message"][0]
    taken.extend((number, text, at) for number in numbers)
    recipients = [
        {
            "statusCode": 101,
            "number": number,
            "status": "Success",
            "cost": "XOF 13.0000",
            "messageId": f"ATXid_{next(ids):032x}",
        }
        for number in numbers
    ]
    words = f"Sent to {len(numbers)}/{len(numbers)} Total Cost: XOF {13 * len(numbers)}"
    return json.dumps({"SMSMessageData": {"Message": words, "Recipients": recipients}})


async def serve(port: int, pause: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Line(pause), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
