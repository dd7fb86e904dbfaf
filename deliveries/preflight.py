"""Preflight: the text's own rules, and those on the mail, its audience and its provider."""

from typing import Any

from briefs import preflight, revisions
from briefs.models import Brief, Publication, Revision
from briefs.preflight import Finding, Findings
from briefs.rendering import Unrenderable, html_octets, render_email
from deliveries import compiling, lanes
from subscribers.models import Subscription

# Gmail clips a larger HTML part, and the unsubscribe link with it.
MOST_OCTETS = 102_400
MANY_OCTETS = 80_000


def check(brief: Brief) -> Findings:
    """Return what stands against sending *brief* as it is now."""
    return check_snapshot(revisions.snapshot(brief), brief.publication)


def check_revision(revision: Revision) -> Findings:
    """Return what stands against sending *revision*, whatever the brief says by now."""
    return check_snapshot(revision.snapshot, revision.brief.publication)


def check_snapshot(snapshot: dict[str, Any], publication: Publication) -> Findings:
    """Return what stands against mailing *snapshot* to the readers of *publication*."""
    text = preflight.check(snapshot)
    mail = _mail(snapshot)
    return Findings(
        errors=[*text.errors, *_provider(), *(f for f in mail if f.rule != "large")],
        warnings=[
            *text.warnings,
            *(f for f in mail if f.rule == "large"),
            *_audience(publication),
        ],
    )


def audience(publication: Publication) -> int:
    """Count who would get a brief of *publication* if it went out now."""
    return Subscription.objects.filter(
        publication=publication, status=Subscription.Status.ACTIVE
    ).count()


def _mail(snapshot: dict[str, Any]) -> list[Finding]:
    link = "https://example.org/c/" + "x" * 30
    try:
        mail = render_email(
            revisions.text_from(snapshot),
            revisions.look_from(snapshot),
            compiling.places(snapshot, link, link),
        )
    except Unrenderable as error:
        return [Finding(error.rule, str(error), "body")]
    octets = html_octets(mail)
    if octets > MOST_OCTETS:
        return [
            Finding(
                "too-large",
                f"The mail has {octets:,} octets, and Gmail cuts off what is over "
                f"{MOST_OCTETS:,}, with the unsubscribe link. Shorten the body.",
                "body",
            )
        ]
    if octets > MANY_OCTETS:
        return [
            Finding("large", f"The mail has {octets:,} of at most {MOST_OCTETS:,} octets.", "body")
        ]
    return []


def _provider() -> list[Finding]:
    if lanes.names():
        return []
    return [
        Finding(
            "provider-missing",
            "No e-mail provider is set up. Set EMAIL_PROVIDER or EMAIL_URL and restart.",
            "settings",
        )
    ]


def _audience(publication: Publication) -> list[Finding]:
    if audience(publication):
        return []
    return [
        Finding(
            "audience-empty",
            f"Nobody is subscribed to {publication}: the brief will stand on the web only.",
            "publication",
        )
    ]
