"""What readers are told of a correction, wherever they read the brief."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from briefs import corrections, revisions, workflow
from briefs.models import Brief, Correction
from deliveries import digests, planning
from deliveries.models import Edition
from subscribers import letters, tokens
from subscribers.models import Notice
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
)

# What the pages show of the database; the rules behind them are tested on both.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def published(publication=None, **fields):
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    return brief


def correct(brief, notice="It was *Tuesday*, not Monday.", **fields):
    Brief.objects.filter(pk=brief.pk).update(**fields)
    brief.refresh_from_db()
    return corrections.issue(brief, notice, None)


def page_of(client, brief):
    answer = client.get(brief.web_path())
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_a_dated_notice_and_the_sentence_that_changed(client):
    brief = published(body="All is well. The cranes arrived on **Monday** at six. Nobody knew.")
    assert "Correction" not in page_of(client, brief)
    correct(brief, body="All is well. The cranes arrived on **Tuesday** at six. Nobody knew.")
    body = page_of(client, brief)
    notice = re.search(r'<aside class="notices".*?</aside>', body, re.DOTALL)[0]
    assert "It was <em>Tuesday</em>, not Monday." in notice
    assert f'datetime="{timezone.localtime(Correction.objects.get().at).isoformat()}"' in notice
    difference = re.search(r'<dd class="difference">(.*?)</dd>', notice, re.DOTALL)[1]
    assert difference == (
        'The cranes arrived on <del><span class="unseen">removed: </span>Monday</del>'
        '<ins><span class="unseen">added: </span>Tuesday</ins> at six. '
    )
    assert "cranes arrived on <strong>Tuesday</strong>" in body.split("</aside>")[1]


def test_a_wrong_link_is_named_and_a_change_of_marks_is_not(client):
    brief = published(body="See [the port](https://wrong.example/). So it is.")
    correct(brief, "The link was wrong.", body="See [the port](https://right.example/). So it is.")
    body = page_of(client, brief)
    assert "https://wrong.example/</del>" in body
    correct(brief, "Nothing to see.", body="See [the port](https://right.example/). So it *is*.")
    latest = page_of(client, brief).split('<div class="told">')[1]
    assert "Nothing to see." in latest
    assert "<del>" not in latest


def test_nothing_that_somebody_wrote_becomes_markup(client):
    brief = published(body="<script>alert(1)</script> and [[name|<b>you</b>]] on Monday.")
    correct(
        brief,
        "<img src=x onerror=alert(1)> [x](javascript:alert(1)) https://a.example/",
        body="<script>alert(2)</script> and [[name|<b>you</b>]] on Tuesday.",
    )
    body = page_of(client, brief)
    notice = re.search(r'<aside class="notices".*?</aside>', body, re.DOTALL)[0]
    assert "<script" not in notice
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", notice)
    assert "javascript:" not in re.findall(r'href="([^"]*)', notice)
    assert "<b>" not in notice


@pytest.mark.parametrize("notice", ["", "   ", "x" * 1001, "Dear [[name]]", "<!-- -->"],
                         ids=["empty", "blank", "long", "merged", "hidden"])  # fmt: skip
def test_a_notice_that_no_reader_could_read_is_refused(notice):
    brief = published()
    Brief.objects.update(body="Right.")
    with pytest.raises(corrections.NotANotice):
        corrections.issue(Brief.objects.get(pk=brief.pk), notice, None)
    assert not Correction.objects.exists()


def test_a_brief_that_nobody_has_read_is_not_corrected():
    with pytest.raises(corrections.NothingToCorrect, match="has not been published"):
        corrections.issue(make_brief(), "It was so.", None)


def test_lists_mark_what_was_corrected_without_a_query_for_each(client, django_assert_num_queries):
    publication = make_publication()
    wrong = published(publication, headline="Wrong one")
    for number in range(4):
        published(publication, headline=f"Right one {number}")
    correct(wrong, body="Right now.")
    with django_assert_num_queries(3):
        body = client.get(f"/{publication.slug}/").content.decode()
    assert body.count('class="corrected"') == 1


def test_the_page_speaks_the_language_of_its_publication(client):
    brief = published(make_publication(language="de"))
    correct(brief, "Es war Dienstag.", headline="Die neuen Kräne")
    body = page_of(client, brief)
    assert "Berichtigung" in body
    assert "gestrichen: " in body
    assert "Überschrift" in body


def test_the_copy_in_a_browser_says_what_was_corrected_since(client):
    publication = make_publication()
    make_readers(publication, 1)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    edition.deliveries.update(status="sent")
    delivery = edition.deliveries.get()
    address = f"/v/{tokens.view.make(edition.pk, delivery.pk)}"
    assert "corrected since" not in client.get(address).content.decode()
    correct(Brief.objects.get(pk=edition.brief_id), body="The cranes arrived on Tuesday.")
    body = client.get(address).content.decode()
    assert "It has been corrected since." in body
    assert "It was <em>Tuesday</em>, not Monday." in body
    assert "The cranes arrived on Monday" in body  # what they got, below
    anybody = client.get(f"/v/{tokens.view.make(edition.pk, 0)}").content.decode()
    assert "It has been corrected since." in anybody


def test_the_copy_in_a_browser_has_the_link_that_is_right(client):
    publication = make_publication(tracking="per-reader")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    edition.links.update(corrected_url='https://right.example/?a=1&b="2"')
    body = client.get(f"/v/{tokens.view.make(edition.pk, 0)}").content.decode()
    assert 'href="https://right.example/?a=1&amp;b=&quot;2&quot;"' in body
    assert "https://port.example/cranes" not in body


def test_the_weekly_digest_tells_of_a_correction():
    publication = make_publication(time_zone="UTC")
    make_readers(publication, 1)
    publication.subscriptions.update(rhythm="weekly")
    brief = published(publication)
    correct(brief, body="The cranes arrived on Tuesday.")
    end = timezone.now() + dt.timedelta(minutes=1)
    assert digests.make(publication, end)
    text = Edition.objects.get(kind="digest").brief.body
    assert "It was *Tuesday*, not Monday." in text


def test_a_welcome_that_brings_the_brief_brings_its_notice_too():
    publication = make_publication(welcome_shows_latest=True)
    link = make_subscription(publication)
    brief = published(publication)
    correct(brief, "See [the port](https://right.example/).", body="Right.")
    letter = letters.welcome(Notice(kind="welcome", subscription=link))
    assert "Correction, " in letter.body
    assert ": See the port (https://right.example/)." in letter.body
    assert '<a href="https://right.example/"' in str(letter.alternatives[0].content)
