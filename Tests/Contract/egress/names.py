"""A name server for one test: every name's answer is written in the name, or in a table."""

import socket
import struct
import threading
from ipaddress import IPv4Address, IPv6Address
from typing import Callable

A, CNAME, AAAA = 1, 5, 28
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3

Address = IPv4Address | IPv6Address
# What a name says to a question: its addresses, an alias, a code, or None for silence.
Answer = list[Address] | str | int | None
# Given how often the name was asked for an address of this family before.
Rule = Callable[[int], Answer]

ZONE = "example.com"


def name_of(address: Address, note: str = "x") -> str:
    """A name that has this one address."""
    return f"{note}.{'q' if address.version == 6 else 'a'}-{address.packed.hex()}.{ZONE}"


class NameServer:
    """Answers on 127.0.0.1, port 53, by UDP and TCP. Whatever is over 512 bytes is cut by UDP."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.asked: dict[tuple[str, int], int] = {}
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 53))
        self._listener = socket.create_server(("127.0.0.1", 53))
        threading.Thread(target=self._serve_datagrams, daemon=True).start()
        threading.Thread(target=self._serve_connections, daemon=True).start()

    def addresses(self, name: str, *addresses: str) -> str:
        """Gives a name these addresses, and returns it in full."""
        found = [IPv6Address(one) if ":" in one else IPv4Address(one) for one in addresses]
        return self.rule(name, lambda _: found)

    def rule(self, name: str, rule: Rule) -> str:
        full = f"{name}.{ZONE}"
        self.rules[full] = rule
        return full

    def _serve_datagrams(self) -> None:
        while True:
            question, peer = self._datagrams.recvfrom(4096)
            answer = self._answer(question)
            if answer is None:
                continue
            if len(answer) > 512:
                end = 12 + answer[12:].index(0) + 5
                answer = answer[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + answer[12:end]
            self._datagrams.sendto(answer, peer)

    def _serve_connections(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection: socket.socket) -> None:
        with connection:
            question = connection.recv(4096)[2:]
            answer = self._answer(question) if len(question) > 12 else None
            if answer is not None:
                connection.sendall(struct.pack(">H", len(answer)) + answer)

    def _answer(self, question: bytes) -> bytes | None:
        labels, place = [], 12
        while question[place]:
            labels.append(question[place + 1 : place + 1 + question[place]].decode().lower())
            place += 1 + question[place]
        kind = int.from_bytes(question[place + 1 : place + 3], "big")
        name = ".".join(labels)
        before = self.asked.get((name, kind), 0)
        self.asked[name, kind] = before + 1
        said, owner, records = self._say(name, before), b"\xc0\x0c", []
        while isinstance(said, str):
            records.append(_record(owner, CNAME, _wire(said)))
            said, owner = self._say(said, before), _wire(said)
        if said is None:
            return None
        code = said if isinstance(said, int) else NO_ERROR
        if isinstance(said, list):
            records += [_record(owner, kind, one.packed) for one in said if _kind(one) == kind]
        head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return head + question[12 : place + 5] + b"".join(records)

    def _say(self, name: str, before: int) -> Answer:
        if name in self.rules:
            return self.rules[name](before)
        for label in name.split("."):
            letter, _, digits = label.partition("-")
            if letter == "a" and len(digits) == 8:
                return [IPv4Address(bytes.fromhex(digits))]
            if letter == "q" and len(digits) == 32:
                return [IPv6Address(bytes.fromhex(digits))]
        return NO_SUCH_NAME


def _kind(address: Address) -> int:
    return AAAA if address.version == 6 else A


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _record(owner: bytes, kind: int, data: bytes) -> bytes:
    # Class IN, and a time to live of 0: nobody may keep it.
    return owner + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
