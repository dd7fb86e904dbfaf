"""Whose network an address is in, as far as it tells people from machines: networks.txt."""

import socket
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

LIST = Path(__file__).with_name("networks.txt")
_MAPPED = bytes(10) + b"\xff\xff"


class Networks:
    """Kinds by address: where networks overlap, the one that was named first counts."""

    def __init__(self, known: Iterable[tuple[IPv4Network | IPv6Network, str]]) -> None:
        ranked = list(enumerate(known))
        self._begins: dict[int, list[int]] = {}
        self._kinds: dict[int, list[str]] = {}
        for version in (4, 6):
            pairs = _side_by_side(
                (int(network.network_address), int(network.broadcast_address) + 1, rank, kind)
                for rank, (network, kind) in ranked
                if network.version == version
            )
            self._begins[version] = [begin for begin, _kind in pairs]
            self._kinds[version] = [kind for _begin, kind in pairs]

    def kind_of(self, ip: str) -> str:
        """Return the kind of the network that *ip* is in; "" for any other, and for no address."""
        try:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
        except (OSError, ValueError):
            return ""
        if packed.startswith(_MAPPED) and len(packed) == 16:
            packed = packed[12:]
        version = 4 if len(packed) == 4 else 6
        at = bisect_right(self._begins[version], int.from_bytes(packed, "big"))
        return self._kinds[version][at - 1] if at else ""


def _side_by_side(known: Iterable[tuple[int, int, int, str]]) -> list[tuple[int, str]]:
    """Return where each kind begins to count, of networks (begin, end, rank, kind)."""
    changes: list[tuple[int, bool, int, str]] = []
    for begin, end, rank, kind in known:
        changes += [(begin, True, rank, kind), (end, False, rank, kind)]
    open_ones: dict[int, str] = {}
    laid: dict[int, str] = {}
    for at, opens, rank, kind in sorted(changes):
        if opens:
            open_ones[rank] = kind
        else:
            del open_ones[rank]
        laid[at] = open_ones[min(open_ones)] if open_ones else ""
    return list(laid.items())


@cache
def published() -> Networks:
    """Return the networks of networks.txt."""
    return Networks(_read(LIST.read_text(encoding="utf-8")))


@lru_cache(maxsize=8192)
def kind_of(ip: str) -> str:
    """Return the kind of the published network that *ip* is in, "" if it is in none."""
    return published().kind_of(ip)


def _read(text: str) -> list[tuple[IPv4Network | IPv6Network, str]]:
    return list(_pairs(text))


def _pairs(text: str) -> Iterator[tuple[IPv4Network | IPv6Network, str]]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            kind, *written = line.split()
            for network in written:
                yield ip_network(network), kind
