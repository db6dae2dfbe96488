"""The same POSTs by pgqueuer, a queue on PostgreSQL from PyPI: a job for each delivery, its body in the job. It runs in
a virtual environment of its own.

usage: pgqueuer_peer.py install DSN | fill DSN JOBS (a file of lines `URL<tab>body`) | drain DSN SECRET |
       work DSN SECRET (as drain, and goes on until it gets SIGINT) | left DSN (prints how many jobs are not done)
"""

import asyncio
import signal
import sys
from pathlib import Path

import asyncpg
import uvloop
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from poster import post, session

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


async def deliver_all(dsn: str, secret: bytes, mode: QueueExecutionMode) -> None:
    manager = QueueManager(Queries(AsyncpgDriver(await asyncpg.connect(dsn))))
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, manager.shutdown.set)
    async with session(JOBS_AT_ONCE) as client:

        @manager.entrypoint("deliver")
        async def deliver(job: Job) -> None:
            url, _, body = (job.payload or b"").partition(b"\t")
            await post(client, secret, url.decode(), body)

        await manager.run(batch_size=JOBS_AT_ONCE, mode=mode)


async def left(dsn: str) -> int:
    counts = await Queries(AsyncpgDriver(await asyncpg.connect(dsn))).queue_size()
    return sum(count.count for count in counts)


uvloop.install()
match sys.argv[1:]:
    case ["install", dsn]: asyncio.run(install(dsn))
    case ["fill", dsn, file]: asyncio.run(fill(dsn, file))
    case ["drain", dsn, secret]: asyncio.run(deliver_all(dsn, secret.encode(), QueueExecutionMode.drain))
    case ["work", dsn, secret]: asyncio.run(deliver_all(dsn, secret.encode(), QueueExecutionMode.continuous))
    case ["left", dsn]: print(asyncio.run(left(dsn)))
    case _: sys.exit(__doc__)
