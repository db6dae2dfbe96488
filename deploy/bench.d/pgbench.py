"""pgbench running the statement by which Subgate accepts events, one event to a transaction."""

import time
from pathlib import Path

from cluster import statement
from service import SESSIONS_PER_CLIENT, Service, uuid_of


def write_script(service: Service, payload: bytes, file: Path) -> None:
    """Two transactions: a new transfer's event and then its last, of a random session of a random sub-client."""
    # Identifiers of ours grow with time, as UUIDv7 do; the upstream's are random, here a hash.
    moment = f"{time.time_ns() // 1_000_000:012x}"
    prefix = f"{moment[:8]}-{moment[8:]}-7000"
    clients = ",".join(f"'{uuid_of(client['id'])}'" for client in service.clients)
    connection, turn, session = "(:client_id)::int", "(:n)::int", "(:s)::int"
    text = f"\\set s random(0, {SESSIONS_PER_CLIENT * len(service.clients) - 1})\n\\set n :n + 2\n"
    for offset, status in enumerate(("pending", "succeeded")):
        unique = f"lpad(to_hex({connection}), 3, '0') || '-' || lpad(to_hex({turn} + {offset}), 12, '0')"
        text += accept_one([
            f"'{uuid_of(service.upstream_id)}'",
            f"('{prefix}-8' || {unique})::uuid",
            f"(array[{clients}]::uuid[])[{session} / {SESSIONS_PER_CLIENT} + 1]",
            f"('{service.session_prefix}' || lpad(to_hex({session}), 12, '0'))::uuid",
            f"md5(concat({connection}, '-', {turn} + {offset}, '-{moment}'))::uuid",
            f"md5(concat({connection}, '-', {turn}, 't{moment}'))::uuid",
            f"'transfer.{status}'", f"'{status}'", "null", "now()", f"'\\x{payload.hex()}'::bytea", "'USDC'",
            "'Ethereum'", "'0x7d4e'", "'25.004786046226555188'", "'25.000000000000000001'",
            "'0x1Ff0000f0A0f0000F0F000000000ffFf00f0F0f1'", "'0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0'",
            "'0x2Ff0000f0A0f0000F0F000000000ffFf00f0F0f2'", "'Binance'", f"('{prefix}-9' || {unique})::uuid",
            "null", "false",
        ], ["now()", "null::uuid", "now()"])
    file.write_text(text)


def accept_one(elements: list[str], scalars: list[str]) -> str:
    """The statement with its parameters written out: arrays of one element, then what is common to all events."""
    text = statement("event.sql", "accept_events")
    values = [f"array[{element}]" for element in elements] + scalars
    for number in range(len(values), 0, -1):
        text = text.replace(f"${number}", values[number - 1])
    return text
