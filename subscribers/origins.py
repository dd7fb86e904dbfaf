"""Where consent came from: kept for a set time, then coarser, then not at all."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from briefs.models.append_only import opened
from subscribers.models import ConsentRecord

CHUNK = 500
PREFIX = {4: 24, 6: 48}


def truncate_origins(older_than: timedelta | None = None) -> int:
    """Make the origins of old consent records coarser; return how many records changed.

    A record older than *older_than* (usually CONSENT_ORIGIN_DAYS) keeps the
    network of its IP address (/24 or /48) and loses the browser; one of twice
    that age keeps nothing. May run any time, and again.
    """
    age = older_than or timedelta(days=settings.CONSENT_ORIGIN_DAYS)
    now = timezone.now()
    records = opened(ConsentRecord)
    old = records.filter(at__lt=now - age)
    changed = 0
    ancient = old.filter(at__lt=now - 2 * age).filter(Q(ip__isnull=False) | ~Q(user_agent=""))
    changed += ancient.update(ip=None, user_agent="")
    # Read whole, since no database can tell which addresses are networks already.
    known = old.filter(Q(ip__isnull=False) | ~Q(user_agent="")).values_list(
        "pk", "ip", "user_agent"
    )
    last = 0
    while chunk := list(
        known.filter(pk__gt=last).order_by("pk").values_list("pk", "ip", "user_agent")[:CHUNK]
    ):
        last = chunk[-1][0]
        networks: dict[str | None, list[int]] = {}
        for pk, ip, user_agent in chunk:
            network = network_of(ip)
            if network != ip or user_agent:
                networks.setdefault(network, []).append(pk)
        for network, ids in networks.items():
            changed += records.filter(pk__in=ids).update(ip=network, user_agent="")
    return changed


def network_of(ip: str | None) -> str | None:
    """Return the first address of the network that *ip* is in."""
    if ip is None:
        return None
    prefix = PREFIX[ip_address(ip).version]
    return str(ip_network((ip, prefix), strict=False).network_address)
