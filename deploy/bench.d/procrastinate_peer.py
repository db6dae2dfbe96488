"""The same POSTs by procrastinate, a queue on PostgreSQL from PyPI: a job for each delivery, its body in the job. It
runs in a virtual environment of its own.

usage: procrastinate_peer.py install DSN | fill DSN JOBS (a file of lines `URL<tab>body`) | drain DSN SECRET |
       left DSN (prints how many jobs are not done)
"""

import asyncio
import sys
from pathlib import Path

import aiohttp
import uvloop
from procrastinate import App, PsycopgConnector

from poster import post, session

# Its best on two cores of those tried: 10 to 50 jobs at once, 4 to 20 connections, 1 to 4 processes. Whether it keeps
# the jobs that are done or deletes them made no difference.
JOBS_AT_ONCE, CONNECTIONS = 50, 4

client: aiohttp.ClientSession
secret: bytes


def application(dsn: str) -> App:
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=CONNECTIONS, max_size=CONNECTIONS))

    @app.task(name="deliver", queue="deliver")
    async def deliver(url: str, body: str) -> None:
        await post(client, secret, url, body.encode())

    return app


async def install(dsn: str) -> None:
    async with application(dsn).open_async() as app:
        await app.schema_manager.apply_schema_async()


async def fill(dsn: str, file: str) -> None:
    jobs = [line.partition("\t") for line in Path(file).read_text().splitlines()]
    async with application(dsn).open_async() as app:
        for first in range(0, len(jobs), 1000):
            batch = [{"url": url, "body": body} for url, _, body in jobs[first:first + 1000]]
            await app.tasks["deliver"].batch_defer_async(*batch)


async def drain(dsn: str) -> None:
    global client
    async with session(JOBS_AT_ONCE) as client, application(dsn).open_async() as app:
        await app.run_worker_async(
            queues=["deliver"], concurrency=JOBS_AT_ONCE, wait=False, listen_notify=False,
            install_signal_handlers=False)


async def left(dsn: str) -> int:
    async with application(dsn).open_async() as app:
        queues = await app.job_manager.list_queues_async()
    return sum(queue["jobs_count"] - queue["succeeded"] for queue in queues)


uvloop.install()
match sys.argv[1:]:
    case ["install", dsn]: asyncio.run(install(dsn))
    case ["fill", dsn, file]: asyncio.run(fill(dsn, file))
    case ["drain", dsn, key]:
        secret = key.encode()
        asyncio.run(drain(dsn))
    case ["left", dsn]: print(asyncio.run(left(dsn)))
    case _: sys.exit(__doc__)
