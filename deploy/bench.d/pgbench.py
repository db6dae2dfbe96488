"""pgbench running the statement by which Subgate accepts events, one event to a transaction."""

import time
from pathlib import Path

from cluster import statement
from service import SESSIONS_PER_CLIENT, Service, uuid_of


def scripts(service: Service, payload: bytes, folder: Path) -> list[Path]:
    """A script per sub-client; each runs two transactions, a new transfer's event and then its last."""
    # Identifiers of ours grow with time, as UUIDv7 do; the upstream's are random, here a hash.
    moment = f"{time.time_ns() // 1_000_000:012x}"
    prefix = f"{moment[:8]}-{moment[8:]}-7000"
    files = []
    for index, client in enumerate(service.clients):
        first = index * SESSIONS_PER_CLIENT
        text = f"\\set s random(0, {SESSIONS_PER_CLIENT - 1})\n\\set n :n + 2\n"
        for offset, status in enumerate(("pending", "succeeded")):
            unique = f"lpad(to_hex(:client_id), 3, '0') || '-' || lpad(to_hex(:n + {offset}), 12, '0')"
            text += accept_one([
                f"'{uuid_of(service.upstream_id)}'",
                f"('{prefix}-8' || {unique})::uuid",
                f"'{uuid_of(client['id'])}'",
                f"('{service.session_prefix}' || lpad(to_hex({first} + :s), 12, '0'))::uuid",
                f"md5(:client_id || '-' || (:n + {offset}) || '{moment}')::uuid",
                f"md5(:client_id || '-' || :n || 't{moment}')::uuid",
                f"'transfer.{status}'", f"'{status}'", "null", "now()", f"'\\x{payload.hex()}'::bytea", "'USDC'",
                "'Ethereum'", "'0x7d4e'", "'25.004786046226555188'", "'25.000000000000000001'",
                "'0x1Ff0000f0A0f0000F0F000000000ffFf00f0F0f1'", "'0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0'",
                "'0x2Ff0000f0A0f0000F0F000000000ffFf00f0F0f2'", "'Binance'", f"('{prefix}-9' || {unique})::uuid",
                "null", "false",
            ], ["now()", "null::uuid", "now()"])
        files.append(folder / f"pgbench-{index}.sql")
        files[-1].write_text(text)
    return files


def accept_one(elements: list[str], scalars: list[str]) -> str:
    """The statement with its parameters written out: arrays of one element, then what is common to all events."""
    text = statement("event.sql", "accept_events")
    values = [f"array[{element}]" for element in elements] + scalars
    for number in range(len(values), 0, -1):
        text = text.replace(f"${number}", values[number - 1])
    return text
