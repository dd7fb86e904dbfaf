"""What may no longer change once a brief was frozen or published, and who could try."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefs import revisions, workflow
from briefs.admin.brief_form import BriefForm
from briefs.models import Brief, Membership, Publication, User
from deliveries import planning
from tests.desk.conftest import FormOf
from tests.make import make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


def change(brief: Brief) -> str:
    return reverse("admin:briefs_brief_change", args=[brief.pk])


def publish(brief: Brief) -> Brief:
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    return brief


@pytest.fixture
def elsewhere(publication: Publication) -> Publication:
    """Return a publication for which the owner of the first may write, and no more."""
    other = make_publication(name="Elsewhere")
    olga = User.objects.get_or_create(email="olga@harbour.example", is_staff=True)[0]
    Membership.objects.create(user=olga, publication=other, role="writer")
    return other


@pytest.mark.parametrize("freeze", [publish, revisions.take, make_edition])
def test_a_frozen_brief_stays_with_its_publication(
    olga: Client, elsewhere: Publication, brief: Brief, form_of: FormOf, freeze: Any
) -> None:
    freeze(brief)
    answer = olga.post(change(brief), form_of(elsewhere))
    assert "stays there" in answer.content.decode()
    brief.refresh_from_db()
    assert brief.publication != elsewhere
    assert brief.headline not in Client().get(f"/{elsewhere.slug}/").content.decode()


def test_a_draft_may_still_move(
    olga: Client, elsewhere: Publication, brief: Brief, form_of: FormOf
) -> None:
    assert olga.post(change(brief), form_of(elsewhere)).status_code == 302
    brief.refresh_from_db()
    assert brief.publication == elsewhere


@pytest.mark.parametrize("is_published", [False, True])
def test_no_revision_is_published_where_it_was_not_frozen_for(
    brief: Brief, is_published: bool
) -> None:
    if is_published:
        publish(brief)
    Brief.objects.update(headline="Another headline")
    revision = revisions.take(brief)
    Brief.objects.update(publication=make_publication())
    brief.refresh_from_db()
    with pytest.raises(workflow.WrongPublication):
        workflow.publish(brief, revision, timezone.now())
    before = brief.published_revision
    brief.refresh_from_db()
    assert brief.published_revision == before != revision


def test_an_edition_whose_brief_has_moved_mails_nobody_and_says_why(brief: Brief) -> None:
    make_readers(brief.publication, 2)
    elsewhere = make_publication()
    make_readers(elsewhere, 2)
    edition = make_edition(brief)
    Brief.objects.update(publication=elsewhere)
    planning.start_due()
    edition.refresh_from_db()
    assert (edition.status, edition.audience) == ("paused", None)
    assert "stands elsewhere now" in edition.word
    assert not edition.deliveries.exists()


def test_a_published_brief_keeps_its_web_address(
    olga: Client, publication: Publication, brief: Brief, form_of: FormOf
) -> None:
    address = publish(brief).web_path()
    for given in ({"slug": "other"}, {"slug": ""}, {"date": "2026-05-01"}):
        answer = olga.post(change(brief), form_of(publication, **given, series="Changed"))
        assert answer.status_code == 302
        brief.refresh_from_db()
        assert (brief.web_path(), brief.series) == (address, "Changed")
        assert Client().get(address).status_code == 200
    form = olga.get(change(brief)).content.decode()
    assert form.count("keeps its web address") == 2
    assert form.count("readonly") >= 2


def test_the_form_says_that_who_may_read_it_changes_at_once(
    olga: Client, publication: Publication, brief: Brief, form_of: FormOf
) -> None:
    address = publish(brief).web_path()
    assert "Takes effect at once" in olga.get(change(brief)).content.decode()
    olga.post(change(brief), form_of(publication, access="subscribers"))
    assert Client().get(address).status_code == 403


@pytest.mark.parametrize("year", [1, 999, 9999])
def test_a_brief_of_any_year_has_an_address_that_opens(brief: Brief, year: int) -> None:
    Brief.objects.update(date=dt.date(year, 4, 6))
    brief.refresh_from_db()
    address = publish(brief).web_path()
    assert f"/{year:04}/04/06/" in address
    assert Client().get(address).status_code == 200
    assert address in Client().get(f"/{brief.publication.slug}/").content.decode()
    named = {"slug": brief.publication.slug, "date": brief.date, "brief_slug": brief.slug}
    assert reverse("briefs:brief", kwargs=named) == address


@pytest.mark.parametrize(
    ("access", "is_public", "shown"),
    [("public", True, True), ("subscribers", True, False), ("public", False, False)],
)
def test_the_web_page_is_offered_only_where_it_opens(
    olga: Client, brief: Brief, access: str, is_public: bool, shown: bool
) -> None:
    edition = make_edition(brief)
    publish(brief)
    Brief.objects.update(access=access)
    Publication.objects.update(is_public=is_public)
    assert (Client().get(brief.web_path()).status_code == 200) is shown
    for page in (change(brief), reverse("admin:deliveries_edition_change", args=[edition.pk])):
        assert (f'href="{brief.web_path()}"' in olga.get(page).content.decode()) is shown


@pytest.mark.django_db(transaction=True)
def test_a_brief_published_while_it_is_saved_stays_published(
    olga: Client, publication: Publication, brief: Brief, form_of: FormOf, monkeypatch: Any
) -> None:
    revision = revisions.take(brief)

    def publish_it() -> None:
        workflow.publish(brief, revision, timezone.now())
        connection.close()

    tick = threading.Thread(target=publish_it)

    def while_the_form_is_checked(form: BriefForm) -> str:
        tick.start()
        tick.join(0.5)  # it waits for the row, or would be overwritten
        return str(form.cleaned_data["access"])

    monkeypatch.setattr(BriefForm, "clean_access", while_the_form_is_checked, raising=False)
    posted = form_of(publication, headline="Corrected", slug="")
    assert olga.post(change(brief), posted).status_code == 302
    tick.join(30)
    found = Brief.objects.get()
    assert (found.status, found.headline) == ("published", "Corrected")
    assert Client().get(found.web_path()).status_code == 200
