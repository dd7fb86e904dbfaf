"""Who comes to the desk, and which programs: what the pictures of these pages show.

`fill()` runs once everybody of the newsroom has logged in, whom a second factor would stop.
"""

import datetime as dt
import json
from urllib.parse import urlsplit

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from api import keys
from api.hooks import endpoints
from api.hooks.kinds import KINDS
from api.models import HookAttempt, HookEndpoint, HookMessage
from api.models.keys import Scope
from briefs import accounts, invitations
from briefs.models import Publication, User
from intelbrief.ops import demo
from subscribers import tokens

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FARED = (("brief.published", 204, 41), ("edition.started", 204, 38), ("edition.finished", 204, 52),
         ("brief.corrected", 503, 1240), ("brief.published", 204, 44))  # fmt: skip


def fill() -> None:
    """Store factors, invitations, keys and webhooks; print the addresses of their pages."""
    publication = Publication.objects.get(slug=demo.SLUG)
    ines = User.objects.get(is_superuser=True)
    olga = User.objects.get(email="olga@meridian.example")
    _factors(ines)
    _factors(olga)
    invited = invitations.invite(publication, "noor@meridian.example", "editor", by=olga)
    invitations.invite(publication, "sam@meridian.example", "writer", by=olga)
    for name, scopes in (
        ("Wire desk import", [Scope.READ_BRIEFS, Scope.WRITE_BRIEFS]),
        ("Members’ database", [Scope.READ_SUBSCRIBERS, Scope.WRITE_SUBSCRIBERS]),
    ):
        keys.make(publication, ines, name=name, scopes=scopes)
    print(
        json.dumps(
            {
                "invitation": urlsplit(tokens.colleague_url(invited.pk, invited.mails)).path,
                "endpoint": _webhooks(publication, ines),
            }
        )
    )


def _factors(user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    accounts.record("factor-set", user=user, ip="192.0.2.17", user_agent=FIREFOX)


def _webhooks(publication: Publication, by: User) -> int:
    """Store an endpoint and how its messages fared; return its number."""
    endpoint = endpoints.add(
        HookEndpoint(
            publication=publication,
            url="https://newsroom.example/hooks/intelbrief",
            description="The newsroom’s chat",
            types=[kind for kind in KINDS if not kind.startswith("subscriber.")],
        ),
        by,
    )
    now = timezone.now()
    for number, (kind, status, ms) in enumerate(FARED):
        at = now - dt.timedelta(hours=9 - number)
        message = HookMessage.objects.create(
            endpoint=endpoint,
            type=kind,
            source="ping",
            source_id=number,
            at=at,
            created_at=at,
            status="delivered" if status < 400 else "pending",
            tries=1 if status < 400 else 3,
            due_at=now + dt.timedelta(hours=2),
        )
        HookAttempt.objects.create(message=message, at=at, status=status, ms=ms)
    return int(endpoint.pk)
