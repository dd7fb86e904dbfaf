"""What a sender's domain publishes in the DNS, judged in plain words, with what is to be published.

What is found is kept as it was told; it is judged when it is shown, so that a
better sentence needs no new look.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import dns.exception
import dns.resolver
from django.utils.translation import gettext as _

from deliveries import lanes, outside
from deliveries.preflight import reachable, records

# The relay of a house, and what it wants to be named by in SPF.
_INCLUDES = {
    "amazonaws.com": "amazonses.com",
    "brevo.com": "spf.brevo.com",
    "google.com": "_spf.google.com",
    "gmail.com": "_spf.google.com",
    "mailersend.net": "_spf.mailersend.net",
    "mailgun.org": "mailgun.org",
    "mailjet.com": "spf.mailjet.com",
    "mandrillapp.com": "spf.mandrillapp.com",
    "office365.com": "spf.protection.outlook.com",
    "postmarkapp.com": "spf.mtasv.net",
    "resend.com": "amazonses.com",
    "sendgrid.net": "sendgrid.net",
    "sparkpostmail.com": "sparkpostmail.com",
}


MOST_TEXTS, LONGEST = 5, 500


class Finding(NamedTuple):
    """What is to be said of one record: how it is, why that matters, and what to publish where."""

    kind: str
    name: str
    tone: str  # one of briefs.admin.desk.TONES
    state: str
    words: str = ""
    host: str = ""
    record: str = ""

    @property
    def is_wrong(self) -> bool:
        """True where mail is refused for it, or may be."""
        return self.tone in ("warning", "danger")


def ask(domain: str) -> dict[str, Any]:
    """Look the records of *domain* up; None stands for what nobody answered."""
    found: records.Records = records.ask(domain).value
    comes_to_us = bounces_come_to_us()
    return {
        "spf": None if found.spf is None else [_clean(text) for text in found.spf[:MOST_TEXTS]],
        "dkim": found.dkim,
        "dmarc": None if found.dmarc is None else _clean(found.dmarc),
        "dmarc_at": found.dmarc_at,
        "bounce_domain": records.bounce_domain(domain),
        "mx": _mail_hosts(records.bounce_domain(domain)) if comes_to_us else None,
        "relays": dict(_relays()) if comes_to_us else {},
    }


def _clean(text: str) -> str:
    """Return *text* as PostgreSQL can hold it: anybody may publish a NUL, or a book."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])


def newer(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return *new*, and from *old* what could not be looked up this time."""
    if old.get("bounce_domain") != new["bounce_domain"]:
        return new
    return {key: old.get(key) if value is None else value for key, value in new.items()}


def bounces_come_to_us() -> bool:
    """Tell whether the envelope has our own domain: an ESP puts one of its own there."""
    return any(lanes.options(lane)["provider"] == "smtp" for lane in lanes.names())


def _mail_hosts(domain: str) -> list[str] | None:
    """Return where mail to *domain* goes; by its address where it names nobody (RFC 5321, 5.1)."""
    for kind in ("MX", "A", "AAAA"):
        try:
            rows = outside.records(domain, kind)
        except dns.resolver.NXDOMAIN:
            return []
        except dns.resolver.NoAnswer:
            continue
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        # A lone dot says that no mail is taken (RFC 7505).
        hosts = [str(getattr(row, "exchange", domain)).rstrip(".") for row in rows]
        return sorted(host for host in hosts if host)
    return []


def _relays() -> Iterator[tuple[str, str | None]]:
    """Yield (host, the name that its address leads back to) of our mail servers, "" for none."""
    for lane in lanes.names():
        place = reachable.place(lane)
        if lanes.options(lane)["provider"] != "smtp" or place is None or "." not in place[0]:
            continue
        try:
            addresses = outside.resolve(place[0])
        except (outside.Gone, outside.Unanswered):
            continue
        yield place[0], _name_of(addresses[0])


def _name_of(address: str) -> str | None:
    try:
        name = dns.reversename.from_address(address).to_text().rstrip(".")
        return str(next(iter(outside.records(name, "PTR")))).rstrip(".")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ""
    except (dns.exception.DNSException, OSError, ValueError):
        return None


# --- what it means ------------------------------------------------------------


def findings(domain: str, found: dict[str, Any]) -> list[Finding]:
    """Judge what was *found* for *domain*."""
    if not found:
        return []
    published = [_spf(domain, found), _dkim(domain, found), _dmarc(domain, found)]
    others = [_alignment(domain, found), _mx(found), *_names(found)]
    return [*published, *(one for one in others if one is not None)]


def right_ones(judged: Iterable[Finding]) -> set[str]:
    """Return the kinds of what is published and in order."""
    return {one.kind for one in judged if one.tone == "success"}


def _unanswered(kind: str, name: str) -> Finding:
    return Finding(
        kind, name, "neutral", _("not answered"), _("Nobody answered; asked again soon.")
    )


def _spf(domain: str, found: dict[str, Any]) -> Finding:
    texts, at = found["spf"], found["bounce_domain"]
    if not bounces_come_to_us():
        words = _("Your provider’s own domain takes the bounces and publishes it.")
        return Finding("spf", "SPF", "neutral", _("the provider’s"), words)
    if texts is None:
        return _unanswered("spf", "SPF")
    record = _suggested_spf()
    if not texts:
        words = _(
            "Nobody can tell that this mail may come from %(domain)s, so large mailboxes refuse "
            "it. Publish a TXT record."
        ) % {"domain": at}
        return Finding("spf", "SPF", "danger", _("missing"), words, at, record)
    if len(texts) > 1:
        words = _("Several records count as none. Make one of them, with what each includes.")
        return Finding("spf", "SPF", "danger", _("%(n)d records") % {"n": len(texts)}, words, at)
    if re.search(r"\s\+?all\b", texts[0].lower()):
        words = _("It lets anybody send in this name. Let it end in “~all” or “-all”.")
        return Finding("spf", "SPF", "warning", _("lets anybody in"), words, at, texts[0])
    return Finding("spf", "SPF", "success", _("published"), "", at, texts[0])


def _suggested_spf() -> str:
    named = []
    for lane in lanes.names():
        place = reachable.place(lane)
        if lanes.options(lane)["provider"] == "smtp" and place:
            house = ".".join(place[0].split(".")[-2:])
            include = _INCLUDES.get(house)
            named.append(f"include:{include}" if include else f"a:{place[0]}")
    return " ".join(["v=spf1", *dict.fromkeys(named), "~all"])


def _dkim(domain: str, found: dict[str, Any]) -> Finding:
    names = records.selectors()
    hosts = ", ".join(f"{name}._domainkey.{domain}" for name in names)
    if not names:
        words = _(
            "Under which selector the key stands is not known here, so it cannot be looked up. "
            "Set DKIM_SELECTORS; your provider shows the selector."
        )
        return Finding("dkim", "DKIM", "warning", _("not known"), words)
    if found["dkim"] is None:
        return _unanswered("dkim", "DKIM")
    if found["dkim"]:
        words = _("It carries the sender’s own domain, so that it aligns for DMARC.")
        return Finding("dkim", "DKIM", "success", _("published"), words, hosts)
    words = _(
        "No key stands there, or it was withdrawn: signatures cannot be checked, and large "
        "mailboxes refuse the mail. Publish the record that your provider shows."
    )
    record = "v=DKIM1; k=rsa; p=…"
    return Finding("dkim", "DKIM", "danger", _("missing"), words, hosts, record)


def _dmarc(domain: str, found: dict[str, Any]) -> Finding:
    text, host = found["dmarc"], f"_dmarc.{found['dmarc_at'] or domain}"
    record = f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"
    if text is None:
        return _unanswered("dmarc", "DMARC")
    if not text:
        words = _(
            "Gmail, Yahoo and Outlook.com ask it of whoever mails many. Publish a TXT record; "
            "“p=none” only watches, and is enough to begin."
        )
        return Finding("dmarc", "DMARC", "danger", _("missing"), words, host, record)
    policy = re.search(r";\s*p\s*=\s*(none|quarantine|reject)\b", text.lower())
    if policy is None:
        words = _("It names no policy, so that it counts as none. It needs “p=none” or more.")
        return Finding("dmarc", "DMARC", "danger", _("broken"), words, host, record)
    words = ""
    if policy[1] == "none":
        words = _("It only watches. Once its reports show no mail of yours failing, raise it.")
    return Finding("dmarc", "DMARC", "success", f"p={policy[1]}", words, host, text)


def _alignment(domain: str, found: dict[str, Any]) -> Finding | None:
    """Judge whether bounces go to a domain that belongs to the sender's (RFC 7489, 3.1.2)."""
    if not found["dmarc"] or not bounces_come_to_us():
        return None
    bounces, home = found["bounce_domain"], found["dmarc_at"]
    is_strict = "aspf=s" in found["dmarc"].replace(" ", "").lower()
    below = bounces == home or bounces.endswith(f".{home}")
    name = _("Alignment")
    if bounces == domain or (below and not is_strict):
        return Finding("alignment", name, "success", _("aligned"))
    words = _(
        "Bounces go to %(bounces)s, which does not belong to %(domain)s: SPF says nothing for the "
        "sender then, and all hangs on DKIM. Set BOUNCE_DOMAIN to a name below %(home)s."
    ) % {"bounces": bounces, "domain": domain, "home": home}
    return Finding("alignment", name, "warning", _("not aligned"), words)


def _mx(found: dict[str, Any]) -> Finding | None:
    hosts, at = found.get("mx"), found["bounce_domain"]
    if hosts is None:
        return None
    if hosts:
        return Finding("mx", _("Bounces"), "success", ", ".join(hosts[:2]), "", at)
    words = _(
        "Nobody takes mail for %(domain)s, so that bounces never come back, and some servers "
        "refuse the sender. Publish an MX record."
    ) % {"domain": at}
    return Finding("mx", _("Bounces"), "danger", _("no MX"), words, at)


def _names(found: dict[str, Any]) -> Iterator[Finding]:
    for host, name in found.get("relays", {}).items():
        if name == "":
            words = _(
                "The address of your mail server leads back to no name (PTR). If it sends by "
                "itself, Gmail and others refuse it. Whoever leases the address to you sets it."
            )
            yield Finding("ptr", host, "warning", _("no PTR"), words)
