"""Sees every TCP connection that anything in this network namespace begins."""

import ctypes
import socket
import struct
import threading
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_OUTGOING = 4
RECEIVE_BUFFER_BYTES = 32 << 20

# tcpdump's `tcp[13] & 0x12 == 2` for IPv4 and IPv6, as classic BPF: (code, jump if true, jump if false, value).
_LOAD_HALF, _LOAD_BYTE, _LOAD_BYTE_AT_X, _LOAD_HEADER_LENGTH = 0x28, 0x30, 0x50, 0xB1
_EQUAL, _AND, _RETURN = 0x15, 0x54, 0x06
_PROGRAM = [
    (_LOAD_HALF, 0, 0, 12),
    (_EQUAL, 0, 5, 0x0800),
    (_LOAD_BYTE, 0, 0, 23),
    (_EQUAL, 0, 10, 6),
    (_LOAD_HEADER_LENGTH, 0, 0, 14),
    (_LOAD_BYTE_AT_X, 0, 0, 14 + 13),
    (_EQUAL, 4, 4, 0xFFFF),
    (_EQUAL, 0, 6, 0x86DD),
    (_LOAD_BYTE, 0, 0, 20),
    (_EQUAL, 0, 4, 6),
    (_LOAD_BYTE, 0, 0, 14 + 40 + 13),
    (_AND, 0, 0, 0x12),
    (_EQUAL, 0, 1, 0x02),
    (_RETURN, 0, 0, 128),
    (_RETURN, 0, 0, 0),
]


class Target(NamedTuple):
    """Where a SYN went."""

    address: IPv4Address | IPv6Address
    port: int

    def __str__(self) -> str:
        return f"{self.address} port {self.port}"


class Capture:
    """All SYN packets from its start on, in order."""

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        filter_code = b"".join(struct.pack("HBBI", *step) for step in _PROGRAM)
        self._code = bytearray(filter_code)
        address = (len(_PROGRAM), _address_of(self._code))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", *address))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            packet, (_, _, direction, _, _) = self._socket.recvfrom(256)
            # A packet over lo is seen twice, as it goes and as it comes.
            if direction == PACKET_OUTGOING:
                self.targets.append(_target(packet))

    def dropped(self) -> int:
        """How many packets the kernel could not show."""
        return struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]


def _target(packet: bytes) -> Target:
    if packet[12:14] == b"\x08\x00":
        header = (packet[14] & 15) * 4
        return Target(IPv4Address(packet[30:34]), int.from_bytes(packet[14 + header + 2 : 14 + header + 4], "big"))
    return Target(IPv6Address(packet[38:54]), int.from_bytes(packet[56:58], "big"))


def _address_of(memory: bytearray) -> int:
    return ctypes.addressof((ctypes.c_char * len(memory)).from_buffer(memory))
