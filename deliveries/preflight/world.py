"""Rules on what is looked up outside: links, images, the sender's domain, the provider."""

from collections.abc import Iterator

from django.conf import settings

from briefs.preflight import Trouble
from deliveries import lanes
from deliveries.preflight import reachable, records, targets
from deliveries.preflight.matter import WORLD, Matter, Outside
from deliveries.preflight.targets import State


@WORLD.error("link-broken")
def link_broken(matter: Matter) -> Iterator[Trouble]:
    """Find links to a page or a name that does not exist (404, 410, or unknown to the DNS)."""
    for where, url, words in _targets(matter, State.GONE):
        yield Trouble(where, f"The link {_short(url)} is broken: {words} Mend it.")


@WORLD.error("link-refused")
def link_refused(matter: Matter) -> Iterator[Trouble]:
    """Find links whose name leads into a house's own network, and addresses that carry a password
    or an unusual port: no reader may be sent there, and nothing is asked there from here.
    """
    for where, url, words in _targets(matter, State.REFUSED):
        yield Trouble(
            where, f"The link {_short(url)} was not asked for: {words} Use a public address."
        )


@WORLD.warning("link-doubtful")
def link_doubtful(matter: Matter) -> Iterator[Trouble]:
    """Find links whose server gave no page: none in time, or an error. Some refuse programs and
    would have answered a reader, so this only warns.
    """
    for where, url, words in _targets(matter, State.DOUBTFUL):
        yield Trouble(where, f"The link {_short(url)} gave no page: {words} Open it yourself.")


@WORLD.warning("link-unchecked")
def link_unchecked(matter: Matter) -> Iterator[Trouble]:
    """Find links that nobody has asked for within the time there was; said before a send only."""
    if matter.outside is not Outside.ASK or not settings.CHECK_OUTSIDE:
        return
    missing = [
        (where, url) for where, url in matter.links if targets.key_of(url) not in matter.known
    ]
    if missing:
        where, url = missing[0]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        yield Trouble(
            where, f"The link {_short(url)}{more} could not be checked in time. Open it yourself."
        )


@WORLD.error("image-broken")
def image_broken(matter: Matter) -> Iterator[Trouble]:
    """Find images that are not there, or are no images: readers see a broken frame."""
    for state in (State.GONE, State.REFUSED, State.NO_IMAGE):
        for where, url, words in _targets(matter, state, image=True):
            yield Trouble(where, f"The image {_short(url)} is not there: {words} Upload it here.")


@WORLD.warning("image-doubtful")
def image_doubtful(matter: Matter) -> Iterator[Trouble]:
    """Find images whose server gave none: readers may see a broken frame."""
    for where, url, words in _targets(matter, State.DOUBTFUL, image=True):
        yield Trouble(where, f"The image {_short(url)} did not come: {words} Upload it here.")


def _targets(
    matter: Matter, state: State, *, image: bool = False
) -> Iterator[tuple[str, str, str]]:
    """Yield (where, address, words) of what turned out to be in *state*."""
    for where, url in matter.images if image else matter.links:
        verdict = matter.known.get(targets.key_of(url, image=image))
        if verdict is not None and verdict.state == state:
            yield where, url, verdict.words


def _short(url: str) -> str:
    return f"“{url}”" if len(url) <= 70 else f"“{url[:69]}…”"


# --- the domain ---------------------------------------------------------------


@WORLD.warning("spf-missing")
def spf_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a domain without SPF (RFC 7208), or with several records, which counts as none: Gmail,
    Yahoo and Outlook.com refuse mail to many. Nothing is said where an ESP's own domain takes the
    bounces, or in a try-out.
    """
    found = _records(matter)
    if found is None or found.spf is None or not _bounces_come_to_us():
        return
    domain = records.bounce_domain(matter.sender_domain)
    if not found.spf:
        yield Trouble(
            "settings",
            f"{domain} publishes no SPF record, so large providers refuse the mail. Add a TXT "
            "record like “v=spf1 include:… -all”; your provider names what to include.",
        )
    elif len(found.spf) > 1:
        yield Trouble(
            "settings",
            f"{domain} publishes {len(found.spf)} SPF records, which counts as none. Make one of "
            "them.",
        )


@WORLD.warning("spf-unaligned")
def spf_unaligned(matter: Matter) -> Iterator[Trouble]:
    """Find a bounce domain that does not belong to the sender's domain: SPF passes for it and
    says nothing for the sender (DMARC, RFC 7489, 3.1.2), so all hangs on DKIM.
    """
    found = _records(matter)
    if found is None or not found.dmarc or not _bounces_come_to_us():
        return
    bounces, sender = records.bounce_domain(matter.sender_domain), matter.sender_domain
    home = found.dmarc_at
    is_strict = "aspf=s" in found.dmarc.replace(" ", "").lower()
    fits = bounces == sender or (
        not is_strict and (bounces == home or bounces.endswith(f".{home}"))
    )
    if not fits:
        yield Trouble(
            "settings",
            f"Bounces go to {bounces}, which is not aligned with the sender’s domain {sender}. Set "
            f"BOUNCE_DOMAIN to {'that very domain' if is_strict else f'a name under {home}'}.",
        )


@WORLD.warning("dkim-missing")
def dkim_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a domain without a DKIM key under the selectors that are known (RFC 6376)."""
    found = _records(matter)
    if found is not None and found.dkim is False:
        names = ", ".join(records.selectors())
        yield Trouble(
            "settings",
            f"{matter.sender_domain} publishes no DKIM key under {names}, so large providers "
            "refuse the mail. Add the record that your provider shows, or correct DKIM_SELECTORS.",
        )


@WORLD.warning("dkim-unknown")
def dkim_unknown(matter: Matter) -> Iterator[Trouble]:
    """Find a set-up where nobody has said under which selector the DKIM key stands: then it
    cannot be looked up.
    """
    if _records(matter) is not None and not records.selectors():
        yield Trouble(
            "settings",
            f"Whether {matter.sender_domain} publishes a DKIM key cannot be looked up without its "
            "selector. Set DKIM_SELECTORS (your provider shows the selector).",
        )


@WORLD.warning("dmarc-missing")
def dmarc_missing(matter: Matter) -> Iterator[Trouble]:
    """Find a domain without DMARC, which Gmail, Yahoo and Outlook.com ask of who mails many."""
    found = _records(matter)
    if found is not None and found.dmarc == "":
        yield Trouble(
            "settings",
            f"{matter.sender_domain} publishes no DMARC record. Add a TXT record at "
            f"_dmarc.{matter.sender_domain}: “v=DMARC1; p=none; rua=mailto:…” is enough to begin.",
        )


def _records(matter: Matter) -> records.Records | None:
    """Return what is known of the sender's domain."""
    if not matter.sender_domain:
        return None
    found: records.Records | None = matter.known.get(records.key_of(matter.sender_domain))
    return found


def _bounces_come_to_us() -> bool:
    """Tell whether the envelope has our own domain: an ESP puts one of its own there."""
    return any(lanes.options(lane)["provider"] == "smtp" for lane in lanes.names())


# --- the provider -------------------------------------------------------------


@WORLD.error("provider-missing")
def provider_missing(_matter: Matter) -> Iterator[Trouble]:
    """Find a site without a provider: nobody would carry the mail."""
    if not lanes.names():
        yield Trouble(
            "settings",
            "No e-mail provider is set up. Set EMAIL_PROVIDER or EMAIL_URL and restart.",
        )


@WORLD.warning("provider-unreachable")
def provider_unreachable(matter: Matter) -> Iterator[Trouble]:
    """Find a provider that no connection can be made to. It only warns: what is scheduled waits
    until it is back.
    """
    for lane in lanes.names():
        if trouble := matter.known.get(reachable.key_of(lane)):
            yield Trouble(
                "settings",
                f"The provider of lane {lane} cannot be reached ({trouble}). Mail waits until it "
                "is back; look at EMAIL_URL and the network.",
            )


@WORLD.warning("provider-resting")
def provider_resting(_matter: Matter) -> Iterator[Trouble]:
    """Find a lane that rests because its provider refused again and again."""
    for lane in sorted(lanes.broken()):
        _is_log_in, words = lanes.last_trouble(lane)
        said = f" Its last words: {words}" if words else ""
        yield Trouble(
            "settings", f"Lane {lane} has taken no mail lately and is tried seldom.{said}"
        )
