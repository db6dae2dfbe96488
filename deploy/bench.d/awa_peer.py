"""The same POSTs by awa, a queue on PostgreSQL from PyPI (awa-pg): a job for each delivery, its body in the job. It
runs in a virtual environment of its own, and drains until it gets SIGINT.

usage: awa_peer.py install DSN | fill DSN JOBS (a file of lines `URL<tab>body`) | drain DSN SECRET |
       left DSN (prints how many jobs are not done)
"""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import awa
import uvloop

from poster import post, session

# On two cores 200 to 1,000 jobs at once, in 1 or 2 processes, differ by less than runs do. How many claim jobs, and how
# many at once, is left to it.
JOBS_AT_ONCE = 500


@dataclass
class Deliver:
    url: str
    body: str


async def install(dsn: str) -> None:
    """A new installation turns to queue storage, its fast one, with its first worker: here before it is filled."""
    await awa.migrate(dsn)
    queue = awa.AsyncClient(dsn)
    await queue.install_queue_storage()
    await queue.close()


async def fill(dsn: str, file: str) -> None:
    queue = awa.AsyncClient(dsn)
    lines = (line.partition("\t") for line in Path(file).read_text().splitlines())
    jobs = [Deliver(url, body) for url, _, body in lines]
    for first in range(0, len(jobs), 1000):
        await queue.enqueue_many_copy(jobs[first:first + 1000], queue="deliver")
    await queue.close()


async def drain(dsn: str, secret: bytes) -> None:
    queue, stopped = awa.AsyncClient(dsn), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)
    async with session(JOBS_AT_ONCE) as client:

        @queue.task(Deliver, queue="deliver")
        async def deliver(job: awa.Job) -> None:
            await post(client, secret, job.args.url, job.args.body.encode())

        await queue.start([("deliver", JOBS_AT_ONCE)])
        await stopped.wait()
        await queue.shutdown()
    await queue.close()


async def left(dsn: str) -> int:
    queue = awa.AsyncClient(dsn)
    counts = await queue.queue_stats()
    await queue.close()
    return sum(count.total_queued + count.running + count.failed for count in counts)


uvloop.install()
match sys.argv[1:]:
    case ["install", dsn]: asyncio.run(install(dsn))
    case ["fill", dsn, file]: asyncio.run(fill(dsn, file))
    case ["drain", dsn, secret]: asyncio.run(drain(dsn, secret.encode()))
    case ["left", dsn]: print(asyncio.run(left(dsn)))
    case _: sys.exit(__doc__)
