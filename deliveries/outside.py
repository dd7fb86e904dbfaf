"""Asking the web from here, and never a house's own network (server-side request forgery).

Where an address leads is for whoever wrote it to say, so it may name the
database's port or a cloud's metadata. A host is resolved once, every answer
must be public, and the connection goes to the very address that was looked
at: a name that changes its answer in between changes nothing. Redirects are
looked at the same way, one by one.
"""

import http.client
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import dns.exception
import dns.resolver
from django.conf import settings

from briefs import hosts
from briefs.addresses import InvalidAddress, normalise
from deliveries import sockets
from deliveries.sockets import Unanswered as Unanswered

SECONDS = 5.0  # for an answer, with all its redirects
NAME_SECONDS = 2.0
MOST_REDIRECTS = 5
LONGEST_URL = 4_000
# Of what a program answers to what was sent there; more is not read, and not waited for.
FIRST_OCTETS = 2_000
FIRST_SECONDS = 2.0
PORTS = {"http": {80, 8080}, "https": {443, 8443}}
_REDIRECTS = {301, 302, 303, 307, 308}
# Servers that know only GET say so in one of these ways.
_NO_HEAD = {400, 403, 404, 405, 406, 409, 501, 503}


class Refused(Exception):
    """The address is not one to ask for from here; the message says why."""


class Gone(Exception):
    """There is nothing under this address: its name does not exist."""


Resolve = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Answer:
    """What a server said: where it stood in the end, its status, and the kind of content."""

    url: str
    status: int
    kind: str


@dataclass(frozen=True)
class Reply:
    """What a program said to what was sent there: its status, and the first octets of the rest."""

    status: int
    first: bytes
    retry_after: str = ""


def resolve(name: str) -> list[str]:
    """Return the addresses of *name*, in text; raise Gone or Unanswered."""
    found: list[str] = []
    for kind in ("A", "AAAA"):
        try:
            found += [str(row) for row in records(name, kind)]
        except dns.resolver.NXDOMAIN as error:
            raise Gone(f"The name {name} does not exist.") from error
        except dns.resolver.NoAnswer:
            continue
        except (dns.exception.DNSException, OSError, ValueError) as error:
            if found:
                break
            raise Unanswered(f"The name {name} could not be looked up.") from error
    if not found:
        raise Gone(f"The name {name} has no address.")
    return found


def records(name: str, kind: str) -> dns.resolver.Answer:
    """Return the records of *kind* that *name* has; raise what dnspython does.

    A resolver of a closed network says of all the world that it does not
    exist: of that, raise dns.resolver.NoNameservers.
    """
    resolver = dns.resolver.Resolver()
    resolver.lifetime = NAME_SECONDS
    try:
        return resolver.resolve(f"{name}.", kind, search=False)
    except dns.resolver.NXDOMAIN:
        try:
            resolver.resolve("com.", "NS", search=False)
        except dns.resolver.NXDOMAIN as error:
            raise dns.resolver.NoNameservers from error
        raise


def is_allowed(ip: hosts.IP) -> bool:
    """Tell whether a connection to *ip* may be opened; tests let their own server in."""
    return hosts.is_public(ip)


def ask(url: str, *, resolve: Resolve | None = None, seconds: float = SECONDS) -> Answer:
    """Return what the server of *url* answers, after at most five redirects.

    Raise Refused, Gone or Unanswered. Of the content, one octet is read at most.
    """
    until = time.monotonic() + seconds
    for _turn in range(MOST_REDIRECTS + 1):
        status, kind, location = _one(url, resolve or _resolve, until)
        if status not in _REDIRECTS or not location:
            return Answer(url, status, kind)
        url = _moved(url, location)
    raise Unanswered(f"It sends from one address to the next, more than {MOST_REDIRECTS} times.")


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float = SECONDS,
    is_local: bool = False,
    resolve: Resolve | None = None,
) -> Reply:
    """Send *body* to *url* and return what is answered; a redirect is an answer.

    Raise Refused, Gone or Unanswered. Only https:// is sent to, at any port;
    where the site *is_local*, also a program on this very machine by http://.
    """
    until = time.monotonic() + seconds
    parts, host, port = _target(url, any_port=True)
    if is_local and host == "localhost":
        host = "127.0.0.1"  # no name server knows it
    ips = _addresses(host, resolve or _resolve, is_local=is_local)
    if parts.scheme != "https" and not (is_local and all(ip.is_loopback for ip in ips)):
        raise Refused("Only https:// is sent to.")
    target = _request_target(parts)
    sends = partial(_exchange_post, body, headers, target, host, port, until)
    return sockets.first_to_answer(sends, parts, host, port, ips, until)


def _moved(url: str, location: str) -> str:
    """Return where *location* leads from *url*, as browsers read it: in UTF-8, spaces allowed."""
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode()  # http.client takes all for Latin-1
    try:
        return urljoin(url, location.strip().replace(" ", "%20"))
    except ValueError as error:
        raise Unanswered("It sends on to what is no address.") from error


def _resolve(name: str) -> Iterable[str]:
    return resolve(name)  # looked up when it is called, so that tests can take its place


def _one(url: str, resolve: Resolve, until: float) -> tuple[int, str, str]:
    """Return status, kind of content and Location of *url* itself."""
    parts, host, port = _target(url)
    ips = _addresses(host, resolve)
    said = _say("HEAD", parts, host, port, ips, until)
    if said[0] in _NO_HEAD:
        said = _say("GET", parts, host, port, ips, until)
    return said


def _target(url: str, *, any_port: bool = False) -> tuple[SplitResult, str, int]:
    """Return the parts of *url*, its host in ASCII and its port; raise Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("The address cannot be read.") from error
    if len(url) > LONGEST_URL or any(ord(letter) < 33 for letter in url):
        raise Refused("The address is too long, or has spaces in it.")
    if parts.scheme not in PORTS or not parts.hostname:
        raise Refused("Only http:// and https:// are asked for.")
    if parts.username is not None or parts.password is not None:
        raise Refused("The address carries a name or a password.")
    port = port or (443 if parts.scheme == "https" else 80)
    if not any_port and port not in PORTS[parts.scheme]:
        raise Refused(f"Port {port} is not asked for.")
    return parts, _ascii(parts.hostname), port


def _ascii(host: str) -> str:
    if ":" in host:
        return host
    try:
        # As in addresses: by IDNA2008, since IDNA2003 would take straße.de for another domain.
        name = host if host.isascii() else normalise(f"x@{host}").address.partition("@")[2]
    except InvalidAddress as error:
        raise Refused(f"“{host}” is no name of a host.") from error
    if not hosts.is_name(name):
        raise Refused(f"“{host}” is no name of a host.")
    return name.rstrip(".").lower()


def _addresses(host: str, resolve: Resolve, *, is_local: bool = False) -> list[hosts.IP]:
    """Return where *host* is; raise Refused if any of it is not for everybody."""
    literal = hosts.written_ip(host)
    found = [literal] if literal else [ipaddress.ip_address(text) for text in resolve(host)]
    for ip in found:
        if not (is_allowed(ip) or (is_local and ip.is_loopback)):
            # Not where it is: nobody learns from here how a house's network is made up.
            raise Refused(f"{host} cannot be reached from the internet.")
    # Many a house has no way out by IPv6.
    return sorted(found, key=lambda ip: ip.version)[:2]


def _say(
    method: str, parts: SplitResult, host: str, port: int, ips: list[hosts.IP], until: float
) -> tuple[int, str, str]:
    """Send one request to the first of *ips* that takes it; return what the server says."""
    asks = partial(_exchange, method, _request_target(parts), host, port)
    return sockets.first_to_answer(asks, parts, host, port, ips, until)


def _request_target(parts: SplitResult) -> str:
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return target


def _exchange(
    method: str, target: str, host: str, port: int, sock: socket.socket
) -> tuple[int, str, str]:
    connection = sockets.begun(method, target, host, port, sock)
    connection.putheader("User-Agent", f"IntelBrief link check (+{settings.SITE_URL})")
    connection.putheader("Accept", "*/*")
    connection.endheaders()
    with closing(connection), connection.getresponse() as response:
        if method == "GET":
            response.read(1)  # that there is something; the rest is nothing to us
        kind = response.headers.get_content_type()
        return response.status, kind, response.headers.get("Location") or ""


def _exchange_post(
    body: bytes,
    headers: Mapping[str, str],
    target: str,
    host: str,
    port: int,
    until: float,
    sock: socket.socket,
) -> Reply:
    connection = sockets.begun("POST", target, host, port, sock)
    connection.putheader("User-Agent", f"IntelBrief webhooks (+{settings.SITE_URL})")
    connection.putheader("Content-Length", str(len(body)))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    with closing(connection), connection.getresponse() as response:
        first = b""
        with suppress(OSError, http.client.HTTPException, ValueError):
            # The status says all: nobody waits long for what comes after it.
            sock.settimeout(max(0.01, min(FIRST_SECONDS, until - time.monotonic())))
            first = response.read1(FIRST_OCTETS)
        return Reply(response.status, first, response.headers.get("Retry-After") or "")
