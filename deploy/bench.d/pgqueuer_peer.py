"""The same POSTs by pgqueuer, a queue on PostgreSQL from PyPI: a job for each delivery, its body in the job, signed as
Subgate signs. It runs in a virtual environment of its own.

usage: pgqueuer_peer.py install DSN | fill DSN JOBS (a file of lines `URL<tab>body`) | drain DSN SECRET
"""

import asyncio
import base64
import hashlib
import hmac
import sys
import time
import uuid
from pathlib import Path

import aiohttp
import asyncpg
import uvloop
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

# Its best on two cores of those tried: 10 to 500 jobs at once, 1 to 3 processes.
JOBS_AT_ONCE = 200


async def install(dsn: str) -> None:
    await Queries(AsyncpgDriver(await asyncpg.connect(dsn))).install()


async def fill(dsn: str, file: str) -> None:
    queries = Queries(AsyncpgDriver(await asyncpg.connect(dsn)))
    jobs = [line.encode() for line in Path(file).read_text().splitlines()]
    for first in range(0, len(jobs), 1000):
        batch = jobs[first:first + 1000]
        await queries.enqueue(["deliver"] * len(batch), batch, [0] * len(batch))


async def drain(dsn: str, secret: bytes) -> None:
    manager = QueueManager(Queries(AsyncpgDriver(await asyncpg.connect(dsn))))
    connector = aiohttp.TCPConnector(limit=JOBS_AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        @manager.entrypoint("deliver")
        async def deliver(job: Job) -> None:
            url, _, body = (job.payload or b"").partition(b"\t")
            message, moment = f"evt_{uuid.uuid4()}", str(int(time.time()))
            signed = hmac.digest(secret, b".".join((message.encode(), moment.encode(), body)), hashlib.sha256)
            mesh = hmac.digest(secret, body, hashlib.sha256)
            headers = {
                "Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": moment,
                "webhook-signature": "v1," + base64.b64encode(signed).decode(),
                "X-Mesh-Signature-256": base64.b64encode(mesh).decode(),
            }
            async with session.post(url.decode(), data=body, headers=headers) as answer:
                await answer.read()
                answer.raise_for_status()

        await manager.run(batch_size=JOBS_AT_ONCE, mode=QueueExecutionMode.drain)


uvloop.install()
match sys.argv[1:]:
    case ["install", dsn]: asyncio.run(install(dsn))
    case ["fill", dsn, file]: asyncio.run(fill(dsn, file))
    case ["drain", dsn, secret]: asyncio.run(drain(dsn, secret.encode()))
    case _: sys.exit(__doc__)
