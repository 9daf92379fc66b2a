"""A fake model for `bench/service.py`: streams its answer word by word, each word the time at which it was sent."""

from __future__ import annotations

import asyncio
import json
import sys
from time import perf_counter

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
OPENING, CLOSING = '{"remarks": [{"about": "", "stance": "note", "text": "', '"}]}'
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def chunk(text: str, finish: str | None = None) -> bytes:
    """A piece of the answer."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    piece = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [choice]}
    return b"data: " + json.dumps(piece).encode() + b"\n\n"


async def main(words: int, pause: float) -> None:
    """Serve until stopped."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(v.split(b":")[1]) for v in head.split(b"\r\n") if v.lower().startswith(b"content-length:"))
            await reader.readexactly(length)
            writer.write(HEAD + chunk(OPENING))
            for _ in range(words):
                await asyncio.sleep(pause)
                writer.write(chunk(f"@{perf_counter():.4f} "))
                await writer.drain()
            usage = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [], "usage": USAGE}
            writer.write(chunk(CLOSING) + chunk("", "stop") + f"data: {json.dumps(usage)}\n\ndata: [DONE]\n\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
