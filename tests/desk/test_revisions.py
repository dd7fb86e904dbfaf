"""Revisions on the desk: listed, compared, brought back; corrections and links of sent mails."""

import datetime as dt

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from briefs import restoring, revisions, text_versions, workflow
from briefs.models import AuditEntry, Author, Brief, Correction, KeyPoint, Topic
from deliveries import links, planning
from deliveries.models import Edition, Link
from subscribers import tokens
from tests.make import make_edition, make_member, make_readers

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def reword(brief, **fields):
    Brief.objects.filter(pk=brief.pk).update(**fields)
    brief.refresh_from_db()


def sent(brief):
    edition = make_edition(brief)
    planning.start_due()
    edition.deliveries.update(status="sent")
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())
    brief.refresh_from_db()
    return edition


@pytest.mark.sqlite_only
def test_the_list_says_what_became_of_each_revision(brief, paul, django_assert_max_num_queries):
    make_readers(brief.publication, 1)
    edition = sent(brief)
    reword(brief, headline="New headline")
    for number in range(5):
        reword(brief, body=f"Text {number}")
        revisions.take(brief)
    with django_assert_max_num_queries(30):
        body = paul.get(page("briefs_brief_revisions", brief.pk)).content.decode()
    assert f"edition {edition.pk}: finished" in body
    assert "on the web" in body
    assert "Revision 6" in body


@pytest.mark.sqlite_only
def test_any_two_are_compared_and_what_was_sent_with_now(brief, wanda):
    revisions.take(brief)
    reword(brief, body=brief.body.replace("on Monday,", "on Tuesday"))
    revisions.take(brief)
    reword(brief, headline="<script>alert(1)</script>")
    body = wanda.get(page("briefs_brief_compare", brief.pk, 1, 2)).content.decode()
    assert '<del><span class="ib-hidden">removed: </span>Monday,</del>' in body
    assert "Headline" not in body.split('id="compare-title"')[1]
    body = wanda.get(page("briefs_brief_compare", brief.pk, 2, 0)).content.decode()
    assert "<script>alert(1)" not in body
    for before, after in ((9, 0), (1, 9), (0, 1), (10**30, 0)):
        address = page("briefs_brief_compare", brief.pk, before, after)
        assert wanda.get(address).status_code == 404
    chosen = wanda.get(page("briefs_brief_compare_any", brief.pk) + "?before=1&after=2")
    assert chosen.url == page("briefs_brief_compare", brief.pk, 1, 2)


def test_a_revision_comes_back_and_says_what_could_not(publication, brief, wanda):
    ports = Topic.objects.create(publication=publication, name="ports", slug="ports")
    gone = Topic.objects.create(publication=publication, name="gone", slug="gone")
    ada = Author.objects.create(name="Ada", slug="ada")
    twins = [Author.objects.create(name="Twin", slug=f"twin-{n}") for n in "ab"]
    brief.topics.set([ports, gone])
    brief.authors.set([ada, twins[0]])
    old = revisions.take(brief)
    reword(brief, headline="Wrong", body="Lost")
    KeyPoint.objects.filter(brief=brief).delete()
    brief.topics.clear()
    brief.authors.clear()
    gone.delete()
    answer = wanda.post(
        page("briefs_brief_restore", brief.pk, old.number),
        {"text_version": brief.text_version},
        follow=True,
    )
    assert "Topics that are gone: gone." in answer.content.decode()
    assert "two of one name: Twin" in answer.content.decode()
    brief.refresh_from_db()
    assert brief.text_version == 2
    now = revisions.snapshot(Brief.objects.get(pk=brief.pk))
    assert {**now, "topics": 0, "authors": 0} == {**old.snapshot, "topics": 0, "authors": 0}
    assert (now["topics"], now["authors"]) == (["ports"], ["Ada"])
    assert AuditEntry.objects.get(brief=brief, verb="restored").revision == old


def test_what_somebody_saved_meanwhile_is_not_restored_over(brief, wanda):
    old = revisions.take(brief)
    reword(brief, headline="Somebody's words", text_version=7)
    answer = wanda.post(page("briefs_brief_restore", brief.pk, 1), {"text_version": 6}, follow=True)
    assert "Somebody has saved this brief" in answer.content.decode()
    brief.refresh_from_db()
    assert brief.headline == "Somebody's words"
    with pytest.raises(text_versions.SavedMeanwhile):
        restoring.restore(brief, old, None, seen=1)


@pytest.mark.sqlite_only
def test_a_restored_text_loses_the_approval_of_another(publication, brief):
    old = revisions.take(brief)
    reword(brief, headline="Approved words")
    approved = revisions.take(brief)
    publication.needs_approval = True
    publication.save()
    approved.approvals.create(by=make_member(publication, "editor"))
    Brief.objects.filter(pk=brief.pk).update(status="approved", approved_revision=approved)
    restoring.restore(brief, old, None, seen=1)
    brief.refresh_from_db()
    assert brief.status == "draft"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("who", ["stan", "anonymous"])
def test_strangers_see_no_revision(who, brief, stan, client):
    revisions.take(brief)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    edition = make_edition(brief)
    visitor = {"stan": stan, "anonymous": client}[who]
    for address in (
        page("briefs_brief_revisions", brief.pk),
        page("briefs_brief_compare", brief.pk, 1, 0),
        page("deliveries_correct", brief.pk),
        page("deliveries_links", edition.pk),
    ):
        assert visitor.get(address).status_code in (302, 404)
        assert visitor.post(address, {"notice": "x"}).status_code in (302, 404)
    answer = visitor.post(page("briefs_brief_restore", brief.pk, 1), {"text_version": 1})
    assert answer.status_code in (302, 404)
    assert not AuditEntry.objects.filter(verb__in=["restored", "corrected"]).exists()


@pytest.mark.sqlite_only
def test_a_writer_corrects_and_restores_nothing_that_readers_have(brief, wanda):
    make_readers(brief.publication, 1)
    edition = sent(brief)
    link = Link.objects.get(edition=edition)
    reword(brief, body="Right.")
    assert wanda.get(page("deliveries_correct", brief.pk)).status_code == 403
    notice = {"notice": "It was so.", "text_version": brief.text_version}
    assert wanda.post(page("deliveries_correct", brief.pk), notice).status_code == 403
    wrong = {"link": link.pk, "url": "https://evil.example/", "seen": ""}
    assert wanda.get(page("deliveries_links", edition.pk)).status_code == 200
    assert wanda.post(page("deliveries_links", edition.pk), wrong).status_code == 403
    answer = wanda.post(page("briefs_brief_restore", brief.pk, 1), {"text_version": 1})
    assert answer.status_code == 403
    assert not Correction.objects.exists()


def test_a_correction_is_issued_from_its_page_with_a_mail(brief, paul):
    make_readers(brief.publication, 2)
    edition = sent(brief)
    address = page("deliveries_correct", brief.pk)
    assert "reads as on the web" in paul.get(address).content.decode()
    reword(brief, body="The cranes arrived on Tuesday.")
    form = paul.get(page("briefs_brief_change", brief.pk)).content.decode()
    assert "Changed since it was sent: Body." in form
    assert address in form
    body = paul.get(address).content.decode()
    assert "2 at most" in body
    posted = {"notice": "It was *Tuesday*.", "by_mail": "1", "text_version": brief.text_version}
    stale = paul.post(address, {**posted, "text_version": 99}).content.decode()
    assert "Somebody has saved this brief" in stale
    answer = paul.post(address, posted)
    mail = Edition.objects.get(kind="correction")
    assert answer.url == page("deliveries_edition_change", mail.pk)
    assert mail.corrects == [edition.pk]
    assert AuditEntry.objects.get(verb="corrected").words == "It was *Tuesday*."
    assert f"mailed as edition {mail.pk}" in paul.get(address).content.decode()


@pytest.mark.sqlite_only
def test_a_correction_on_the_web_can_be_mailed_later(brief, paul):
    make_readers(brief.publication, 1)
    sent(brief)
    reword(brief, body="The cranes arrived on Tuesday.")
    address = page("deliveries_correct", brief.pk)
    paul.post(address, {"notice": "It was Tuesday.", "text_version": brief.text_version})
    assert not Edition.objects.filter(kind="correction").exists()
    paul.post(address, {"mail": "1"})
    assert Edition.objects.filter(kind="correction").count() == 1


@pytest.mark.sqlite_only
def test_a_correction_needs_the_approval_that_its_publication_wants(publication, brief, paul):
    sent(brief)
    publication.needs_approval = True
    publication.save()
    reword(brief, body="The cranes arrived on Tuesday.")
    address = page("deliveries_correct", brief.pk)
    assert "needs the approval" in paul.get(address).content.decode()
    posted = {"notice": "It was Tuesday.", "text_version": brief.text_version}
    assert paul.post(address, posted).status_code == 200
    assert not Correction.objects.exists()
    revisions.take(brief).approvals.create(by=make_member(publication, "editor"))
    assert paul.post(address, posted).status_code == 302
    assert Correction.objects.exists()


@pytest.mark.sqlite_only
def test_a_mailed_link_is_pointed_elsewhere(brief, paul, client):
    make_readers(brief.publication, 1)
    edition = sent(brief)
    link = Link.objects.get(edition=edition)
    address = page("deliveries_links", edition.pk)
    right = {"link": link.pk, "url": "https://right.example/page", "seen": ""}
    for bad in (
        "javascript:alert(1)",
        "//evil.example/",
        "ftp://a.example/",
        "https://",
        "x" * 3000,
        f"{settings.SITE_URL}/c/x".upper(),
    ):
        assert paul.post(address, {**right, "url": bad}).status_code == 200
    assert paul.post(address, right).status_code == 302
    click = links_click(edition)
    assert client.get(click)["Location"] == "https://right.example/page"
    entry = AuditEntry.objects.get(verb="link-corrected")
    assert entry.words == "https://port.example/cranes → https://right.example/page"
    paul.post(address, {**right, "url": "https://late.example/"})  # who saw it as it was
    assert client.get(click)["Location"] == "https://right.example/page"
    paul.post(address, {**right, "url": "", "seen": "https://right.example/page"})
    assert client.get(click)["Location"] == "https://port.example/cranes"


def links_click(edition):
    return f"/c/{tokens.click.make(edition.pk, 0, 0)}"


@pytest.mark.sqlite_only
def test_where_tracking_is_off_the_desk_says_that_links_stay(publication, brief, paul):
    publication.tracking = "off"
    publication.save()
    make_readers(publication, 1)
    brief.refresh_from_db()
    edition = sent(Brief.objects.get(pk=brief.pk))
    link = Link.objects.get(edition=edition)
    body = paul.get(page("deliveries_links", edition.pk)).content.decode()
    assert "cannot be changed any more" in body
    assert "Point it there" not in body
    with pytest.raises(links.NotATarget):
        links.correct(link, "https://right.example/", None, seen="")


@pytest.mark.sqlite_only
def test_the_embargo_is_recorded_when_the_form_changes_it(publication, brief, paul, form_of):
    points = brief.key_points.all()
    posted = form_of(
        publication,
        headline=brief.headline,
        embargo_until="2030-01-01 06:00",
        **{
            "key_points-INITIAL_FORMS": 2,
            **{f"key_points-{n}-id": p.pk for n, p in enumerate(points)},
            **{f"key_points-{n}-brief": brief.pk for n in range(2)},
        },
    )
    answer = paul.post(page("briefs_brief_change", brief.pk), posted)
    assert answer.status_code == 302
    (entry,) = AuditEntry.objects.filter(verb="embargoed")
    assert entry.words == "none → 1 January 2030, 06:00 (UTC)"
    form = paul.get(page("briefs_brief_change", brief.pk)).content.decode()
    assert "Under embargo until 1 January 2030, 06:00 (UTC)" in form


@pytest.mark.sqlite_only
def test_the_send_screen_offers_the_first_moment_after_the_embargo(brief, paul):
    until = timezone.now().replace(second=0, microsecond=0) + dt.timedelta(days=9)
    reword(brief, embargo_until=until)
    address = page("deliveries_send", brief.pk)
    assert f"{until:%Y-%m-%dT%H:%M}" in paul.get(address).content.decode()
    refused = paul.post(address, {"when": "now", "after": 0}).content.decode()
    assert "is under embargo until" in refused
    assert not Edition.objects.exists()


@pytest.mark.sqlite_only
def test_a_restored_brief_still_follows_its_publication(brief):
    """The series of the publication was written into the brief, and stayed when it was renamed."""
    revision = revisions.take(brief)
    reword(brief, body="Other words.")
    restoring.restore(brief, revision, None, seen=brief.text_version)
    assert (brief.series, brief.contact_block) == ("", "")
    assert revisions.take(brief) == revision
