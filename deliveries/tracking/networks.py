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
    """Kinds by address: of networks that overlap, the narrower counts."""

    def __init__(self, known: Iterable[tuple[IPv4Network | IPv6Network, str]]) -> None:
        self._begins: dict[int, list[int]] = {4: [], 6: []}
        self._kinds: dict[int, list[str]] = {4: [], 6: []}
        for version in (4, 6):
            self._lay(version, [pair for pair in known if pair[0].version == version])

    def _lay(self, version: int, known: list[tuple[IPv4Network | IPv6Network, str]]) -> None:
        """Lay the networks side by side: from where on each kind is meant."""
        open_ones: list[tuple[int, str]] = []  # where each ends, outermost first
        for network, kind in sorted(known, key=lambda pair: (pair[0][0], pair[0].prefixlen)):
            begin = int(network.network_address)
            self._close(version, open_ones, begin)
            self._set(version, begin, kind)
            open_ones.append((int(network.broadcast_address) + 1, kind))
        self._close(version, open_ones, 1 << 129)

    def _close(self, version: int, open_ones: list[tuple[int, str]], begin: int) -> None:
        while open_ones and open_ones[-1][0] <= begin:
            end, _ = open_ones.pop()
            self._set(version, end, open_ones[-1][1] if open_ones else "")

    def _set(self, version: int, begin: int, kind: str) -> None:
        begins, kinds = self._begins[version], self._kinds[version]
        if begins and begins[-1] == begin:
            kinds[-1] = kind
        else:
            begins.append(begin)
            kinds.append(kind)

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
