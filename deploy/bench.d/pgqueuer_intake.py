"""What would have to stand before pgqueuer for it to do Subgate's work: takes Mesh's webhooks, checks their signatures
over the bytes, finds whose they are, drops those it has had, and answers 200 when a job for each delivery is committed.
Runs in pgqueuer's virtual environment until it gets SIGINT; several may share a port.

usage: pgqueuer_intake.py DSN PORT SECRET SESSIONS (lines `<sub-client index> <transaction reference>`) RECEIVER_PORT
"""

import asyncio
import base64
import hashlib
import hmac
import json
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import asyncpg
import uvloop
from aiohttp import web
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

FAN_OUT = 3
# Whatever comes while a batch is being committed is the next one, up to this many. Smaller ones, and two at once, take
# more processor time.
MOST_EVENTS = 100

# pgqueuer's own `dedupe_key` forgets a job that is done: a webhook that comes again later would go out again.
REMEMBER = "insert into event_seen select unnest($1::uuid[]) on conflict do nothing returning event_id::text"


class Event(NamedTuple):
    identifier: str
    client: int
    body: bytes
    stored: asyncio.Future[None]


class Intake:
    def __init__(self, secret: bytes, clients: dict[str, int], receiver: int) -> None:
        self.secret, self.clients = secret, clients
        # Of each sub-client, what its jobs are but for the body.
        self.targets = [
            [f"http://127.0.0.1:{receiver}/{client}/{endpoint}\t".encode() for endpoint in range(FAN_OUT)]
            for client in range(max(clients.values()) + 1)]
        self.waiting: list[Event] = []
        self.came = asyncio.Event()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        tag = base64.b64encode(hmac.digest(self.secret, body, hashlib.sha256)).decode()
        if not hmac.compare_digest(tag, request.headers.get("X-Mesh-Signature-256", "")):
            return web.Response(status=401)
        told = json.loads(body)
        client = self.clients.get(told["TransactionId"])
        if client is None:
            return web.Response(status=404)
        event = Event(told["EventId"], client, body, asyncio.get_running_loop().create_future())
        self.waiting.append(event)
        self.came.set()
        await event.stored
        return web.Response()

    async def store(self, dsn: str) -> None:
        """One batch after the other; ends at the first that fails."""
        connection = await asyncpg.connect(dsn)
        queries = Queries(AsyncpgDriver(connection))
        while await self.came.wait():
            batch, self.waiting = self.waiting[:MOST_EVENTS], self.waiting[MOST_EVENTS:]
            if not self.waiting:
                self.came.clear()
            async with connection.transaction():
                rows = await connection.fetch(REMEMBER, [event.identifier for event in batch])
                new = {row[0] for row in rows}
                jobs = [target + event.body for event in batch if event.identifier in new
                        for target in self.targets[event.client]]
                if jobs:
                    await queries.enqueue(["deliver"] * len(jobs), jobs, [0] * len(jobs))
            for event in batch:
                event.stored.set_result(None)


async def serve(dsn: str, port: int, intake: Intake) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)
    storing, stopping = asyncio.create_task(intake.store(dsn)), asyncio.create_task(stopped.wait())
    # Without the application around it, which costs as much again as the server.
    runner = web.ServerRunner(web.Server(intake.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_port=True).start()
    await asyncio.wait([storing, stopping], return_when=asyncio.FIRST_COMPLETED)
    if storing.done():
        storing.result()
    await runner.cleanup()


match sys.argv[1:]:
    case [dsn, port, secret, sessions, receiver]:
        pairs = (line.split() for line in Path(sessions).read_text().splitlines())
        intake = Intake(secret.encode(), {reference: int(client) for client, reference in pairs}, int(receiver))
        uvloop.install()
        asyncio.run(serve(dsn, int(port), intake))
    case _: sys.exit(__doc__)
