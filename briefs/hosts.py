"""Hosts: which of them anybody can reach, and which are inside, or made up for examples."""

import ipaddress
import re
import socket

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 2606, RFC 6761: nobody has them, so nothing about them can be asked.
_MADE_UP = {"example", "test", "invalid", "localhost"}
_MADE_UP_SECOND = {"example.com", "example.net", "example.org"}
# Names that mean something within one house only (RFC 6762, RFC 8375, ICANN's “internal”).
_INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "onion",
)
# A packet to one of these is carried on to an IPv4 address that it names.
_TUNNELS = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
    )
)
_OTHERS = tuple(
    ipaddress.ip_network(network)
    # Of 192.0.0.0/24, Python takes most for public; a cloud tells its machines' secrets in there.
    for network in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "fec0::/10", "100::/64")
)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.IGNORECASE)


def is_public(ip: IP) -> bool:
    """Tell whether *ip* belongs to one host that the whole internet can reach."""
    if isinstance(ip, ipaddress.IPv6Address) and any(ip in network for network in _TUNNELS):
        return False
    if any(ip.version == network.version and ip in network for network in _OTHERS):
        return False
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback:
        return False
    return ip.is_global and not ip.is_link_local and not ip.is_private


def written_ip(host: str) -> IP | None:
    """Return the address that *host* is, however written: 127.1 and 0x7f000001 are one too."""
    host = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError, ValueError):
        return None


def is_inside(host: str) -> bool:
    """Tell whether *host* can be reached from one machine or one house only, by its name alone."""
    host = host.rstrip(".").lower()
    if (ip := written_ip(host)) is not None:
        return not is_public(ip)
    return "." not in host or host.endswith(tuple(f".{name}" for name in _INSIDE))


def is_made_up(host: str) -> bool:
    """Tell whether *host* is a name for examples and tests, which nobody can own."""
    labels = host.rstrip(".").lower().split(".")
    return labels[-1] in _MADE_UP or ".".join(labels[-2:]) in _MADE_UP_SECOND


def is_name(host: str) -> bool:
    """Tell whether *host*, in ASCII, can be the name of a host."""
    return len(host) <= 253 and _NAME.fullmatch(host) is not None
