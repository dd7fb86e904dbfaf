"""The parts of the unattended run that can be looked at alone."""

import datetime as dt

import pytest

from briefs.models import Brief, Publication, User
from briefs.plaintext import read_brief
from deliveries import preflight
from intelbrief.ops import demo, once
from intelbrief.ops.visitor import Page, PageRefused
from subscribers import consent
from subscribers.models import Subscription
from tests.make import make_subscription


def test_the_sample_brief_is_one_as_organisations_have_it():
    text = demo.SAMPLE.read_text(encoding="utf-8").replace("{date}", "April 6, 2026")
    read = read_brief(text)
    assert read.date == dt.date(2026, 4, 6)
    assert read.series == "Meridian Daily"
    assert read.headline == "Veldhaven’s Ferries and the Price of a Quiet Winter"
    assert len(read.key_points) == 4
    assert len(read.paragraphs) == 5
    assert "desk@meridian.example" in read.contact
    assert read.subscribe_line == "Subscribe to Meridian Daily"
    assert read.warnings == ()


@pytest.mark.django_db
def test_the_demonstration_is_made_once_and_never_beside_somebodys_own():
    publication = demo.seed()
    assert publication is not None
    assert demo.seed() is None
    brief = Brief.objects.get()
    assert brief.status == Brief.Status.DRAFT
    assert preflight.check(brief).ok
    publication.slug = "the-harbour-post"
    publication.save()
    assert demo.seed() is None
    assert Publication.objects.count() == 1


@pytest.mark.django_db
def test_the_first_log_in_is_made_once_and_its_password_works():
    made = demo.make_admin()
    assert made is not None
    assert User.objects.get(email=made.email).check_password(made.password)
    assert demo.make_admin() is None


@pytest.mark.django_db
def test_readers_of_an_earlier_run_leave_before_the_next():
    publication = demo.make_publication()
    subscription = make_subscription(publication, "ada.0123abcd@example.com")
    assert once.vacant_publication() == publication
    subscription.refresh_from_db()
    assert subscription.status == Subscription.Status.UNSUBSCRIBED


@pytest.mark.django_db
def test_a_publication_that_somebody_reads_is_left_alone():
    publication = demo.make_publication()
    reader = make_subscription(publication, "me@example.com")
    vacant = once.vacant_publication()
    assert vacant.slug == "demonstration-2"
    assert once.vacant_publication() == vacant
    reader.refresh_from_db()
    assert reader.status == Subscription.Status.ACTIVE
    consent.unsubscribe(reader, source="page")
    assert once.vacant_publication() == publication


FORM = """
<form method="post" action="/s/x/"><input type="hidden" name="stamp" value="a&amp;b">
<input type="email" name="address"><input name="website">
<input type="checkbox" name="agree" required>
<input type="checkbox" name="more"><button>Subscribe</button></form>
<form action="/search"><input name="q"></form>
"""


def test_a_visitor_fills_in_what_a_person_would():
    form = Page("http://127.0.0.1/s/x/", 200, FORM).form_with_email()
    assert form.email_fields == ["address"]
    assert form.fields == {"stamp": "a&b", "address": "", "website": "", "agree": "on"}


def test_a_page_without_a_form_is_refused_by_name():
    page = Page("http://127.0.0.1/x", 200, "<p>Nothing here</p>")
    with pytest.raises(PageRefused, match=r"http://127\.0\.0\.1/x has no form"):
        page.form_with_email()
    with pytest.raises(PageRefused, match="has no button"):
        page.form_to_post()
