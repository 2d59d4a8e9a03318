"""A proxy between the program and a real server that does harm to requests and answers, as a test wants it."""

import asyncio
import random
import threading
import time
from dataclasses import dataclass, field

GIBIBYTE = 1 << 30

#: What it can do. Those of the second line keep the request from the server, those of the last do either.
FAULTS = [
    "delay", "trickle", "drop-answer", "cut-answer", "duplicate",
    "cut", "too-many", "unavailable",
    "html", "garbage", "huge",
]


@dataclass
class Seen:
    """A request as it arrived."""
    method: str
    path: str
    at: float
    fault: str | None = None
    #: How often it was sent on.
    forwarded: int = 0


@dataclass
class Request:
    head: bytes
    body: bytes
    method: str = field(init=False)
    path: str = field(init=False)

    def __post_init__(self):
        self.method, self.path, _ = self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)


class FaultProxy:
    """Listens on a free port of the loopback; asks `choose(request)` for a fault, or None, for each request."""

    retry_after = 1
    delay = 0.5

    def __init__(self, upstream: str, seed=0):
        host, _, port = upstream.removeprefix("http://").partition(":")
        self.upstream = host, int(port)
        self.chance = random.Random(seed)
        self.choose = lambda request: None
        self.seen: list[Seen] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.writers = set()

    def __enter__(self):
        self.thread.start()
        self.server = self.on_loop(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.address = "http://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self.on_loop(self.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def stop(self):
        self.server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def harm(self, fault, share=1.0):
        """From now on this share of the requests meets the fault; None: all is well."""
        self.choose = lambda request: fault if fault and self.chance.random() < share else None

    # One connection of the program.

    async def serve(self, reader, writer):
        try:
            while (request := await self.read(reader)) and await self.answer(request, reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the program went away, as it may
        finally:
            writer.close()

    async def read(self, reader) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        return Request(head, await reader.readexactly(content_length(head) or 0))

    async def answer(self, request, reader, writer) -> bool:
        """Whether the connection may be used again."""
        fault = self.choose(request)
        seen = Seen(request.method, request.path, time.monotonic(), fault)
        self.seen.append(seen)
        match fault:
            case None:
                return await self.send(writer, await self.forward(request, seen))
            case "delay":
                await asyncio.sleep(self.delay)
                return await self.send(writer, await self.forward(request, seen))
            case "duplicate":
                answers = [await self.forward(request, seen), await self.forward(request, seen)]
                return await self.send(writer, self.chance.choice(answers))
            case "trickle":
                for byte in await self.forward(request, seen):
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.001)
                return True
            case "cut":
                return False
            case "cut-answer":
                answer = await self.forward(request, seen)
                await self.send(writer, answer[:len(answer) // 2])
                return False
            case "drop-answer":
                await self.forward(request, seen)
                await reader.read()  # until the program gives up
                return False
            case "too-many":
                return await self.send(writer, plain("429 Too Many Requests", f"Retry-After: {self.retry_after}"))
            case "unavailable":
                return await self.send(writer, plain("503 Service Unavailable", body=b'{"errors":["sealed"]}'))
        # It is the answer alone that is bad; the request may have been carried out.
        if self.chance.random() < 0.5:
            await self.forward(request, seen)
        return await self.babble(fault, writer)

    async def babble(self, fault, writer) -> bool:
        match fault:
            case "html":
                return await self.send(writer, plain("200 OK", "Content-Type: text/html", body=b"<html>Log in</html>"))
            case "garbage":
                await self.send(writer, self.chance.randbytes(300))
            case "huge":
                await self.send(writer, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + self.chance.choice(
                    [b"Content-Length: %d\r\n\r\n" % GIBIBYTE, b"\r\n"]))
                for _ in range(GIBIBYTE >> 16):
                    await self.send(writer, b" " * (1 << 16))
        return False

    @staticmethod
    async def send(writer, data) -> bool:
        writer.write(data)
        await writer.drain()
        return True

    async def forward(self, request, seen) -> bytes:
        """The whole answer of the server, fit for a connection that stays open."""
        seen.forwarded += 1
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(request.head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + request.body)
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        lines = [line for line in head.split(b"\r\n")
                 if not line.lower().startswith((b"connection:", b"transfer-encoding:", b"content-length:"))]
        if b"transfer-encoding: chunked" in head.lower():
            body = dechunked(body)
        if not lines[0].split(b" ")[1] == b"204":
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


def content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return None


def dechunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        count = int(size.split(b";")[0], 16)
        whole += rest[:count]
        body = rest[count + 2:] if count else b""
    return whole


def plain(status, *headers, body=b"{}") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
