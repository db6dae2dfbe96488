"""The ledger of a run, as its sender and its receiver filled it in: see ledger.h for the layout."""

import array
import itertools
import mmap
from pathlib import Path

FAN_OUT = 3
HEADER_WORDS, ROW_WORDS = 8, 6


class Ledger:
    numbers = itertools.count(1)

    def __init__(self, folder: Path, events: int) -> None:
        self.run = next(Ledger.numbers)
        self.folder = folder
        self.path = folder / str(self.run)
        with self.path.open("wb+") as file:
            file.truncate(8 * (HEADER_WORDS + ROW_WORDS * events))
            self.bytes = mmap.mmap(file.fileno(), 0)
        self.bytes[0:8] = events.to_bytes(8, "little")

    def close(self) -> None:
        self.bytes.close()
        self.path.unlink()

    def word(self, index: int) -> int:
        return int.from_bytes(self.bytes[8 * index:8 * index + 8], "little")

    @property
    def delivered(self) -> int:
        return self.word(1)

    @property
    def repeated(self) -> int:
        return self.word(2)

    @property
    def misrouted(self) -> int:
        return self.word(3)

    def column(self, index: int) -> array.array:
        """0 sent, 1 acknowledged, 2... received by each endpoint; nanoseconds, 0 for never."""
        words = array.array("Q")
        words.frombytes(self.bytes[8 * HEADER_WORDS:])
        return words[index::ROW_WORDS]

    def acknowledgement_milliseconds(self) -> list[float]:
        """From when an event was to be sent to its answer, sorted."""
        return sorted((a - s) / 1e6 for s, a in zip(self.column(0), self.column(1)) if a)

    def delivery_milliseconds(self) -> list[float]:
        """From when an event was to be sent to each of its endpoints' receiving it, sorted."""
        sent = self.column(0)
        return sorted(
            (r - s) / 1e6 for endpoint in range(FAN_OUT) for s, r in zip(sent, self.column(2 + endpoint)) if r)

    def last_received(self) -> int:
        return max(max(self.column(2 + endpoint)) for endpoint in range(FAN_OUT))


def percentile(ordered: list[float], share: float) -> float:
    """The nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def scrambled(bits: int) -> int:
    """As ledger.h makes an event id's first half of a run and a number."""
    for _ in range(2):
        bits = (bits ^ bits >> 32) * 0xD6E8FEB86659FD93 & 2**64 - 1
    return bits ^ bits >> 32
