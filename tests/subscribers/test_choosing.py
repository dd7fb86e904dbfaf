"""What a reader may choose: publications, topics, language, time zone, another spelling."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from subscribers import consent, intake, notices, typos, waiting
from subscribers.forms import ChooseForm
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db


def choose(client, publications, chosen, monkeypatch, **fields):
    form = ChooseForm(publications)
    with monkeypatch.context() as patched:
        patched.setattr("subscribers.forms.SOONEST_SECONDS", -1)
        data = {"address": "ada@example.com", "stamp": form.fresh_stamp(), "publications": chosen}
        answer = client.post(reverse("subscribers:choose"), {**data, **fields})
    intake.note_waiting()
    return answer


def test_several_publications_are_chosen_in_one_form_and_asked_in_one_mail(client, monkeypatch):
    publications = [make_publication(name=f"Watch {n}") for n in range(3)]
    make_publication(is_public=False, name="Hidden")
    html = client.get("/s/").text
    assert all(f"Watch {n}" in html for n in range(3))
    assert "Hidden" not in html
    chosen = [publications[0].slug, publications[2].slug]
    answer = choose(client, publications, chosen, monkeypatch)
    assert (answer.status_code, answer["Location"]) == (303, "/s/thanks")
    assert "Check your inbox" in client.get("/s/thanks").text
    assert {one.publication for one in Subscription.objects.all()} == {
        publications[0],
        publications[2],
    }
    assert Notice.objects.count() == 1


def test_one_button_confirms_what_was_chosen_together_and_nothing_else(
    client, monkeypatch, mailoutbox
):
    publications = [make_publication(name=f"Watch {n}") for n in range(4)]
    elsewhere = consent.request(publications[3], "ada@example.com", source="form")
    Notice.objects.all().delete()
    chosen = [one.slug for one in publications[:3]]
    choose(client, publications, chosen, monkeypatch)
    notices.sweep()
    (mail,) = mailoutbox
    assert all(f"Watch {n}" in mail.body for n in range(3))
    assert "Watch 3" not in mail.body
    link = re.search(r"/s/confirm/\S+", mail.body)[0]
    assert "Watch 2" in client.get(link).text
    assert not Subscription.objects.filter(status="active").exists()
    client.post(link)
    confirmed = Subscription.objects.filter(status="active")
    assert {one.publication for one in confirmed} == set(publications[:3])
    elsewhere.refresh_from_db()
    assert elsewhere.status == "unconfirmed"
    assert ConsentRecord.objects.filter(kind="confirmed").count() == 3


@pytest.mark.parametrize("chosen", [[], ["nowhere"]])
def test_nothing_chosen_is_told(client, monkeypatch, chosen):
    answer = choose(client, [make_publication()], chosen, monkeypatch)
    assert answer.status_code == 422
    assert "Choose at least one." in answer.text


def test_a_site_without_public_publications_has_no_such_page(client):
    make_publication(is_public=False)
    assert client.get("/s/").status_code == 404


def test_topics_language_and_time_zone_are_kept(fill_in, publication):
    ports = publication.topics.create(name="Ports", slug="ports")
    publication.topics.create(name="Grain", slug="grain")
    fill_in(topics=["ports", "nothing"], language="de", time_zone="Asia/Tokyo")
    subscription = Subscription.objects.get()
    assert list(subscription.topics.all()) == [ports]
    assert subscription.subscriber.language == "de"
    assert subscription.subscriber.time_zone == "Asia/Tokyo"


def test_a_language_or_zone_that_we_do_not_know_keeps_nobody_out(fill_in):
    assert fill_in(language="xx", time_zone="Mars/Olympus").status_code == 303
    subscriber = Subscriber.objects.get()
    assert (subscriber.language, subscriber.time_zone) == ("", "")


def test_a_slip_is_asked_about_before_anything_is_kept(fill_in):
    answer = fill_in("ada@gmial.com")
    assert answer.status_code == 422
    assert "Did you mean ada@gmail.com?" in answer.text
    assert 'name="correct" value="ada@gmail.com"' in answer.text
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("button", "kept"), [("correct", "ada@gmail.com"), ("keep", "ada@gmial.com")]
)
def test_the_reader_decides_about_a_slip(fill_in, button, kept):
    assert fill_in("ada@gmial.com", **{button: kept}).status_code == 303
    assert Subscriber.objects.get().address == kept


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("GMIAL.COM", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yahoo.cmo", "yahoo.com"),
        ("company.con", "company.com"),
        ("gmx.at", ""),
        ("gmx.ch", ""),
        ("mail.com", ""),
        ("company.com", ""),
        ("web.dk", ""),
        ("me.co", ""),
    ],
)
def test_which_domains_are_taken_for_slips(typed, meant):
    assert typos.meant(f"ada@{typed}") == (f"ada@{meant}" if meant else "")


def test_no_common_domain_is_a_slip():
    assert not any(typos.meant(f"ada@{domain}") for domain in typos.COMMON)


def grow_old(days):
    at = timezone.now() - dt.timedelta(days=days)
    Subscription.objects.update(requested_at=at)


def test_what_nobody_confirms_is_forgotten_after_a_week_but_for_its_evidence(fill_in):
    fill_in()
    grow_old(6.9)
    assert waiting.forget_unconfirmed() == 0
    grow_old(7.1)
    assert waiting.forget_unconfirmed() == 1
    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()
    record = ConsentRecord.objects.get()
    assert record.subscriber is None
    assert record.address_hash
    assert waiting.forget_unconfirmed() == 0


def test_a_reader_of_something_else_stays(publication):
    other = make_publication()
    active = make_subscription(other, "ada@example.com")
    make_subscription(publication, "eve@example.com", status="unsubscribed")
    Subscription.objects.create(subscriber=active.subscriber, publication=publication)
    grow_old(8)
    assert waiting.forget_unconfirmed() == 1
    assert Subscriber.objects.count() == 2
    assert Subscription.objects.count() == 2
