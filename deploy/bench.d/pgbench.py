"""pgbench running the statement by which Subgate accepts events, one event to a transaction."""

import re
import time
from pathlib import Path

from cluster import statement
from service import SESSIONS_PER_CLIENT, Service, uuid_of
from stage import fail

# What follows the events' columns: the time, and that no node takes the deliveries over.
SCALARS = ["now()", "null::uuid", "now()", "'{}'::uuid[]", "'00000000-0000-7000-8000-000000000000'::uuid"]


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
        text += accept_one({
            "upstream_id": f"'{uuid_of(service.upstream_id)}'",
            "event_id": f"('{prefix}-8' || {unique})::uuid",
            "sub_client_id": f"(array[{clients}]::uuid[])[{session} / {SESSIONS_PER_CLIENT} + 1]",
            "link_session_id": f"('{service.session_prefix}' || lpad(to_hex({session}), 12, '0'))::uuid",
            "upstream_event_id": f"md5(concat({connection}, '-', {turn} + {offset}, '-{moment}'))::uuid",
            "upstream_transfer_id": f"md5(concat({connection}, '-', {turn}, 't{moment}'))::uuid",
            "transfer_id": f"('{prefix}-9' || {unique})::uuid",
            "type": f"'transfer.{status}'", "status": f"'{status}'", "refund_status": "null", "occurred_at": "now()",
            "payload": f"'\\x{payload.hex()}'::bytea", "symbol": "'USDC'", "chain": "'Ethereum'",
            "tx_hash": "'0x7d4e'", "source_amount": "'25.004786046226555188'",
            "destination_amount": "'25.000000000000000001'",
            "source_address": "'0x1Ff0000f0A0f0000F0F000000000ffFf00f0F0f1'",
            "destination_address": "'0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0'",
            "refund_address": "'0x2Ff0000f0A0f0000F0F000000000ffFf00f0F0f2'",
            "source_account_provider": "'Binance'", "unroutable_reason": "null",
        })
    file.write_text(text)


def accept_one(event: dict[str, str]) -> str:
    """The statement with its parameters written out: its input's columns as arrays of one element, then the scalars."""
    text = statement("event.sql", "accept_events")
    columns = re.search(r"with ordinality as \w+ \(([^)]*)\)", text)[1].replace("\n", " ").split(",")
    names = [column.strip() for column in columns][:-1]
    if unknown := set(names) ^ set(event):
        fail(f"accept_events and its benchmark differ in {', '.join(sorted(unknown))}")
    values = [f"array[{event[name]}]" for name in names] + SCALARS
    if len(values) != max(int(number) for number in re.findall(r"\$(\d+)", text)):
        fail("accept_events has other parameters than its benchmark")
    return re.sub(r"\$(\d+)", lambda parameter: values[int(parameter[1]) - 1], text)
