"""The watch over deliverability: troubles are told once, and the health page says what to fix."""

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from analytics import backlogs, houses, sender_records, watch
from analytics.models import DomainCheck, DomainDay, Trouble
from briefs.models import Publication
from deliveries import tasks
from deliveries.models import InboundEvent
from deliveries.preflight import lookups, records
from subscribers.models import Notice
from tests.make import make_member

pytestmark = [pytest.mark.django_db]

DOMAIN = "harbour-watch.net"
PAGE = "/admin/analytics/trouble/"
WHOLE: dict[str, Any] = {
    "spf": ["v=spf1 mx -all"],
    "dkim": True,
    "dmarc": "v=DMARC1; p=quarantine",
    "dmarc_at": DOMAIN,
    "bounce_domain": DOMAIN,
    "mx": [f"mx.{DOMAIN}"],
    "relays": {},
}


@pytest.fixture
def dns(publication: Publication, monkeypatch, settings) -> dict[str, Any]:
    """Return what the DNS says of the sender's domain, to be changed."""
    Publication.objects.filter(pk=publication.pk).update(sender_address=f"brief@{DOMAIN}")
    settings.CHECK_OUTSIDE, settings.LOCAL_INBOX = True, False
    settings.DKIM_SELECTORS = ["s1"]
    make_member(publication, "owner", email="olga@harbour.example")
    said = dict(WHOLE)
    monkeypatch.setattr(sender_records, "ask", lambda _domain: dict(said))
    return said


def look(times: int = 1) -> list[str]:
    """Look *times* times, a day apart; return the subjects that editors were told so far."""
    for _time in range(times):
        DomainCheck.objects.update(checked_at=timezone.now() - dt.timedelta(days=2))
        watch.look()
    rows = Notice.objects.filter(kind="editor", user__email="olga@harbour.example")
    return list(rows.order_by("pk").values_list("subject", flat=True))


def test_a_record_that_disappears_is_told_once_and_once_more_when_it_is_back(dns) -> None:
    assert look(2) == []
    dns["dmarc"], dns["dmarc_at"] = "", ""
    assert look() == []  # one look may be a slip
    [subject] = look()
    assert DOMAIN in subject
    assert len(look(3)) == 1
    dns["dmarc"] = None  # nobody answers: that tells nothing
    assert len(look(2)) == 1
    dns.update(WHOLE)
    assert look(2)[1:] == [f"Mended: DMARC of {DOMAIN}"]
    row = DomainCheck.objects.get()
    assert (row.before["dmarc"], row.found["dmarc"]) == ("", WHOLE["dmarc"])


def test_what_was_never_there_is_shown_and_not_told(dns, paul: Client) -> None:
    dns["spf"] = []
    assert look(3) == []
    answer = paul.get(PAGE)
    assert answer.context["tone"] == "danger"
    text = answer.content.decode()
    assert "v=spf1 a:" in text
    assert DOMAIN in text


def test_a_domain_is_asked_daily_and_more_often_while_something_is_wrong(dns) -> None:
    watch.look()
    DomainCheck.objects.update(checked_at=timezone.now() - dt.timedelta(hours=2))
    assert watch._due() == {}
    DomainCheck.objects.update(found={**WHOLE, "dkim": False})
    assert list(watch._due()) == [DOMAIN]
    Publication.objects.update(sender_address="brief@elsewhere.example")
    Trouble.objects.create(
        publication=Publication.objects.get(),
        kind="dkim",
        about=DOMAIN,
        since=timezone.now(),
        seen_at=timezone.now(),
    )
    watch.look()  # nothing is sent in its name any more
    assert not Trouble.objects.filter(mended_at__isnull=True).exists()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("change", "kind", "tone"),
    [
        ({"spf": ["v=spf1 mx -all", "v=spf1 a -all"]}, "spf", "danger"),
        ({"spf": ["v=spf1 +all"]}, "spf", "warning"),
        ({"spf": None}, "spf", "neutral"),
        ({"dkim": False}, "dkim", "danger"),
        ({"dmarc": "v=DMARC1; rua=mailto:a@b"}, "dmarc", "danger"),
        ({"dmarc": "v=DMARC1; p=none"}, "dmarc", "success"),
        ({"bounce_domain": "bounces.other.net"}, "alignment", "warning"),
        ({"bounce_domain": f"b.{DOMAIN}"}, "alignment", "success"),
        ({"dmarc": "v=DMARC1; p=none; aspf=s", "bounce_domain": f"b.{DOMAIN}"}, "alignment",
         "warning"),
        ({"mx": []}, "mx", "danger"),
        ({"relays": {"mx.net": ""}}, "ptr", "warning"),
    ],
    ids=["two-spf", "spf-all", "spf-silent", "no-dkim", "dmarc-without-policy", "dmarc-none",
         "unaligned", "aligned", "strict", "no-mx", "no-ptr"],
)  # fmt: skip
def test_records_are_judged_as_receivers_do(settings, change, kind, tone) -> None:
    settings.DKIM_SELECTORS = ["s1"]
    found = {one.kind: one.tone for one in sender_records.findings(DOMAIN, {**WHOLE, **change})}
    assert found[kind] == tone


def store(publication: Publication, domain: str, back: int = 0, **columns: int) -> None:
    day = timezone.localdate() - dt.timedelta(days=back)
    DomainDay.objects.update_or_create(
        publication=publication, day=day, domain=domain, defaults=columns
    )


def test_rates_are_told_once_each_and_the_worse_one_again(publication: Publication) -> None:
    make_member(publication, "publisher", email="olga@harbour.example")

    def told() -> list[str]:
        cache.delete("watch-rates")
        watch.look_at_rates()
        rows = Notice.objects.filter(user__email="olga@harbour.example").order_by("pk")
        return list(rows.values_list("text", flat=True))

    store(publication, "gmail.com", 1, sent=900, complained=1)
    store(publication, "small.example", 1, sent=60, bounced=60)
    store(publication, "small.example", 5, sent=60)
    texts = told()
    assert len(texts) == 1
    assert "refuses everything" in texts[0]
    store(publication, "googlemail.com", 1, sent=100, complained=1)  # 0.2 % of one house
    store(publication, "yahoo.com", 2, sent=300, bounced=30)
    texts = told()
    assert len(texts) == 2  # two troubles, one mail
    assert "0.20 % of the readers at Gmail" in texts[1]
    assert "10.0 % of the mail to Yahoo" in texts[1]
    assert len(told()) == 2
    store(publication, "gmail.com", 1, sent=900, complained=4)
    assert "is refused" in told()[2]
    store(publication, "gmail.com", 1, sent=900, complained=0)
    store(publication, "googlemail.com", 1, sent=100, complained=0)
    store(publication, "yahoo.com", 2, sent=300, bounced=14)  # below the limit, not well below
    assert len(told()) == 3
    assert set(Trouble.objects.filter(mended_at__isnull=True).values_list("about", flat=True)) == {
        "Yahoo",
        "small.example",
    }


def test_the_health_page_is_for_who_publishes_and_names_their_own_alone(
    publication: Publication, paul: Client, wanda: Client, stan: Client, client: Client
) -> None:
    store(publication, "gmail.com", 1, sent=900, bounced=90)
    other = Publication.objects.create(name="Other", slug="other", sender_address="a@secret.net")
    store(other, "secret-house.example", 1, sent=900)
    InboundEvent.objects.create(
        source="mail", key="k", due_at=timezone.now() - dt.timedelta(minutes=5)
    )
    text = paul.get(PAGE).content.decode()
    assert "Gmail" in text
    assert "secret" not in text
    assert "Bounces and complaints that came in wait" in text
    assert PAGE in paul.get("/admin/").content.decode()
    assert wanda.get(PAGE).status_code == 403
    assert PAGE not in wanda.get("/admin/").content.decode()
    theirs = stan.get(PAGE).context
    assert theirs["houses"] == []
    assert [one.publications for one in theirs["senders"]] == [["Elsewhere"]]
    assert client.get(PAGE).status_code == 302


def test_a_record_with_a_nul_is_kept_without_it(settings, monkeypatch) -> None:
    odd = records.Records(("v=spf1 \x00" + "x" * 9_000,), None, None)
    monkeypatch.setattr(records, "ask", lambda _domain: lookups.Known(odd, 1))
    monkeypatch.setattr(sender_records, "bounces_come_to_us", lambda: False)
    now = timezone.now()
    row = DomainCheck.objects.create(
        domain=DOMAIN, found=sender_records.ask(DOMAIN), checked_at=now
    )
    row.refresh_from_db()
    assert len(row.found["spf"][0]) == 500


@pytest.mark.sqlite_only
def test_a_mailbox_that_cannot_be_read_is_told(settings) -> None:
    def tone() -> str:
        return next(sign.tone for sign in backlogs.signs() if "mailbox" in sign.name)

    assert backlogs.signs() == []
    settings.BOUNCE_MAILBOX = "imaps://a:b@mail.example/INBOX"
    assert tone() == "warning"
    tasks._note_mailbox("mail.example cannot be used: no such user")
    assert tone() == "danger"
    tasks._note_mailbox("")
    assert tone() == "success"


@pytest.mark.sqlite_only
def test_a_house_is_known_by_all_its_names() -> None:
    rate = houses.Rate("Gmail", sent=2000, bounced=0, complained=8)
    assert "call it spam" in houses.meaning(rate)
    assert houses.meaning(houses.Rate("x.example", sent=10, bounced=2)) == ""
    assert "takes nothing" in houses.meaning(houses.Rate("x.example", sent=30, bounced=30))
