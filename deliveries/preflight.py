"""Preflight: the text's own rules, and those on the mail, its audience and its provider."""

from typing import Any

from briefs import preflight, revisions
from briefs.models import Brief, Revision
from briefs.preflight import Finding, Findings
from briefs.rendering import Field, Unrenderable, html_octets, merge_troubles, render_email
from deliveries import audience, compiling, lanes

# Gmail clips a larger HTML part, and the unsubscribe link with it.
MOST_OCTETS = 102_400
MANY_OCTETS = 80_000
LONG_VALUE = 60  # characters that a merge field takes
LOOKED_AT = 2_000  # readers


def check(brief: Brief) -> Findings:
    """Return what stands against sending *brief* as it is now."""
    return check_snapshot(revisions.snapshot(brief), brief)


def check_revision(revision: Revision) -> Findings:
    """Return what stands against sending *revision*, whatever the brief says by now."""
    return check_snapshot(revision.snapshot, revision.brief)


def check_snapshot(snapshot: dict[str, Any], brief: Brief) -> Findings:
    """Return what stands against mailing *snapshot* to the readers of *brief*."""
    text = preflight.check(snapshot)
    mail = _mail(snapshot)
    return Findings(
        errors=[*text.errors, *_provider(), *(f for f in mail if f.rule != "large")],
        warnings=[
            *text.warnings,
            *(f for f in mail if f.rule == "large"),
            *_audience(brief),
            *_unknown_fields(snapshot, brief),
        ],
    )


def _mail(snapshot: dict[str, Any]) -> list[Finding]:
    link = "https://example.org/c/" + "x" * 30
    try:
        mail = render_email(
            revisions.text_from(snapshot),
            revisions.look_from(snapshot),
            compiling.places(snapshot, link, link, link),
            merge=_long_value,
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


def _long_value(field: Field) -> str:
    """Return what a reader with much to say would see: the mail must not be clipped for them."""
    return field.default.ljust(LONG_VALUE, "x")


def _unknown_fields(snapshot: dict[str, Any], brief: Brief) -> list[Finding]:
    """Find merge fields that none of the latest readers has: misspelt, as a rule."""
    parts = merge_troubles(revisions.text_from(snapshot))
    unknown = {field.name: part.where for part in parts for field in part.fields}
    for name in ("name", "first_name"):
        unknown.pop(name, None)
    if not unknown:
        return []
    latest = audience.of_brief(brief).order_by("-pk")
    known: set[str] = set()
    for attributes in latest.values_list("subscriber__attributes", flat=True)[:LOOKED_AT]:
        known.update(attributes if isinstance(attributes, dict) else ())
    return [
        Finding(
            "merge-unknown",
            f"None of the latest readers has “{name}”, so all would get the default of "
            f"[[{name}]]. Is it misspelt? There are: "
            f"{', '.join(['name', 'first_name', *sorted(known)[:20]])}.",
            where,
        )
        for name, where in unknown.items()
        if name not in known
    ]


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
    if audience.of_brief(brief).exists():
        return []
    if audience.readers(brief.publication).exists():
        words = f"Nobody who reads {brief.publication} has chosen one of this brief’s topics"
    else:
        words = f"Nobody is subscribed to {brief.publication}"
    message = f"{words}: the brief will stand on the web only."
    return [Finding("audience-empty", message, "publication")]
