"""What each peer sends: one POST of a job, signed as Subgate signs, over connections that are kept."""

import base64
import hashlib
import hmac
import time
import uuid

import aiohttp


def session(connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), auto_decompress=False)


async def post(client: aiohttp.ClientSession, secret: bytes, url: str, body: bytes) -> None:
    """Raises unless the answer is a success: the job failed, and its engine is to know."""
    message, moment = f"evt_{uuid.uuid4()}", str(int(time.time()))
    signed = hmac.digest(secret, b".".join((message.encode(), moment.encode(), body)), hashlib.sha256)
    mesh = hmac.digest(secret, body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json", "webhook-id": message, "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        "X-Mesh-Signature-256": base64.b64encode(mesh).decode(),
    }
    async with client.post(url, data=body, headers=headers) as answer:
        await answer.read()
        answer.raise_for_status()
