"""Preflight: the text's own rules, and those on the mail, its audience and its provider."""

from briefs import preflight, revisions
from briefs.models import Brief
from briefs.preflight import Finding, Findings
from briefs.rendering import html_octets, render_email
from deliveries import compiling, lanes
from subscribers.models import Subscription

# Gmail clips a larger HTML part, and the unsubscribe link with it.
MOST_OCTETS = 102_400
MANY_OCTETS = 80_000


def check(brief: Brief) -> Findings:
    """Return what stands against sending *brief* as it is now."""
    text = preflight.check(brief)
    size = _size(brief)
    return Findings(
        errors=[*text.errors, *_provider(), *(f for f in size if f.rule == "too-large")],
        warnings=[
            *text.warnings,
            *(f for f in size if f.rule == "large"),
            *_audience(brief),
        ],
    )


def audience(brief: Brief) -> int:
    """Count who would get *brief* if it went out now."""
    return Subscription.objects.filter(
        publication=brief.publication, status=Subscription.Status.ACTIVE
    ).count()


def _size(brief: Brief) -> list[Finding]:
    content = revisions.snapshot(brief)
    link = "https://example.org/c/" + "x" * 30
    mail = render_email(
        revisions.text_from(content),
        revisions.look_from(content),
        compiling.places(content, link, link),
    )
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


def _audience(brief: Brief) -> list[Finding]:
    if audience(brief):
        return []
    return [
        Finding(
            "audience-empty",
            f"Nobody is subscribed to {brief.publication}: the brief will stand on the web only.",
            "publication",
        )
    ]
