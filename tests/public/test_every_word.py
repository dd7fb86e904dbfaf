"""Every word that readers see can be translated: pages and mails in a language of brackets.

Each message comes out as ⟦message⟧, and all that the desk wrote is Greek. Latin
letters outside of brackets are words that no catalogue could ever translate.
"""

import datetime as dt
import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import ngettext, trans_real

from briefs import corrections, revisions, workflow
from briefs.models import Author, Brief, ClientGroup, Publication, Topic
from deliveries import compiling
from subscribers import consent, forms, groups, moving, notices, preferences, reading, tokens
from subscribers.models import ConsentRecord, Defence, GroupMember, Subscription
from tests.make import make_brief, make_publication, make_subscription, make_user
from tests.public.test_languages import catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

# What has its own name in all languages.
NAMES = {"BibTeX", "RIS", "PDF", "IntelBrief", "UTC", "GMT"}
NOT_READ = re.compile(r"<(script|style|pre|select|title[^>]*data)\b.*?</\1>|<!--.*?-->", re.DOTALL)
READ_ALOUD = re.compile(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"')
ADDRESS = re.compile(r"https?://\S+|\S+@\S+|&lt;\S+&gt;|\b\S*\d\S*\b")
INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Speak the language of brackets; return all that was said, which grows."""
    real = translation._trans  # type: ignore[attr-defined]  # what its functions ask
    heard: set[str] = set()

    def bracketed(function: Callable[..., str]) -> Callable[..., str]:
        def say(*words: Any) -> str:
            said = function(*words)
            heard.add(str(words[0]))
            return f"⟦{said}⟧" if said and words[0] else said

        return say

    for name in ("gettext", "ngettext", "pgettext"):
        monkeypatch.setattr(real, name, bracketed(getattr(real, name)))
    assert str(ngettext("a", "b", 2)) == "⟦b⟧"
    heard.clear()
    return heard


def untranslated(heard: set[str]) -> set[str]:
    """Return what neither our catalogues nor Django's say in other words in some language."""
    known = {key if isinstance(key, str) else key[0] for key in catalogue("de")}
    left = {words for words in heard - known if re.search("[A-Za-z]{2}", words)}
    left -= set(dict(settings.LANGUAGES).values())
    for language in ("fr", "es"):
        with translation.override(language):
            left = {words for words in left if trans_real.gettext(words) == words}
    return left


def bare_words(page: str, *, is_html: bool = True) -> set[str]:
    """Return the words of *page* that no catalogue was asked for."""
    if is_html:
        page = NOT_READ.sub(" ", page)
        named = READ_ALOUD.findall(page)
        page = " ".join([re.sub(r"<[^>]*>", " ", page), *named])
    while INNERMOST.search(page):
        page = INNERMOST.sub(" ", page)
    page = ADDRESS.sub(" ", html.unescape(page))
    return set(re.findall(r"[A-Za-z]{2,}", page)) - NAMES


def make() -> Publication:
    """Store a publication, another under attack, and briefs, all in Greek letters."""
    publication = make_publication(
        name="Λιμάνι", series="Σειρά", sender_name="Λιμάνι", tagline="Κάθε πρωί.",
        postal_address="Λιμάνι\nΟδός 1", contact_block="Γράψτε μας.", consent_wording="",
        description="Πλοία.", time_zone="UTC", tracking="per-reader", language="en",
    )  # fmt: skip
    stormy = make_publication(
        name="Θύελλα", slug="storm", postal_address="Οδός 2", sender_name="Θύελλα",
        consent_wording="Ναι.", tagline="", time_zone="UTC",
    )  # fmt: skip
    Defence.objects.create(publication=stormy, mode="on")
    topics = [
        Topic.objects.create(publication=publication, name=name, slug=slug, kind=kind)
        for name, slug, kind in (("Πλοία", "p", "subject"), ("Βαλτική", "v", "region"))
    ]
    author = Author.objects.create(name="Άντα", slug="ada")
    other = Author.objects.create(name="Εύα", slug="eve")
    body = "Ήρθαν.[^1]\n\n| α | β |\n|---|--:|\n| γ | δ |\n\n[^1]: Από εκεί."
    for day, fields in ((6, {}), (7, {"access": "subscribers"}), (8, {})):
        brief = make_brief(
            publication, headline="Πλοία", date=dt.date(2016, 4, day), body=body,
            key_points=("Ένα",), **fields,
        )  # fmt: skip
        brief.topics.set(topics)
        brief.authors.set([author, other])
        workflow.publish(brief, revisions.take(brief), timezone.now())
    corrected = publication.briefs.earliest("date")
    Brief.objects.filter(pk=corrected.pk).update(headline="Πλοίο", body="Άλλα.")
    corrected.refresh_from_db()
    corrections.issue(corrected, "Λάθος.", None)
    return publication


def at_the_door(client: Client, publication: Publication) -> Iterator[tuple[str, Any]]:
    """Yield the pages that everybody may see."""
    home, form = f"/{publication.slug}/", f"/s/{publication.slug}/"
    corrected, locked, _last = publication.briefs.order_by("date")
    lists = ("archive/", "2016/", "2016/04/", "2016/04/06/", "topics/p/", "regions/v/")
    gets = [
        "/", home, *(home + name for name in (*lists, "authors/ada/")),
        corrected.web_path(), locked.web_path(), "/nothing/", "/search/?q=Πλοία", "/search/?q=zz",
        f"{home}search/?q=Πλοίο", *(form + name for name in ("", "thanks/", "reading/",
        "preferences/", "embed/", "privacy/", "imprint/")), "/s/", "/s/thanks", "/s/storm/",
        "/s/confirm/x", "/u/x", "/s/read/x", "/s/prefs/x",
    ]  # fmt: skip
    for path in gets:
        yield path, client.get(path)
    for path in (form, "/s/", f"{form}reading/", f"{form}preferences/"):
        yield f"{path} empty", client.post(path, {"address": ""})
        yield f"{path} wrong", client.post(path, {"address": "ada@", "name": "α" * 121})
    yield "misspelt", client.post(form, {"address": "ada@gmial.com"})
    for name in ("reading/", "preferences/"):
        yield f"{name} asked", client.post(form + name, {"address": "ada@example.com"})
    for tracking in ("off", "totals"):
        Publication.objects.filter(pk=publication.pk).update(tracking=tracking)
        yield f"privacy {tracking}", client.get(f"{form}privacy/")


def with_a_link(client: Client, publication: Publication) -> Iterator[tuple[str, Any]]:
    """Yield the pages behind mailed links."""
    ada, rests, left = (
        make_subscription(publication, f"{name}@example.com", name="Άντα")
        for name in ("ada", "rests", "left")
    )
    waits = consent.request(publication, "waits@example.com", source="form")
    assert waits is not None
    confirm = f"/s/confirm/{tokens.confirm.make(waits.pk)}"
    yield "confirm", client.get(confirm)
    yield "confirmed", client.post(confirm)
    day = timezone.now().date() + dt.timedelta(days=9)
    preferences.pause(rests, day, source="preferences", origin={"ip": None, "user_agent": ""})
    for reader in (ada, rests):
        footer = f"/s/prefs/{tokens.unsubscribe.make(reader.pk, 0)}"
        yield "footer", client.get(footer)
    own = f"/s/own/{preferences.own_token(ada)}"
    for query in ("", "?done=join", "?done=details", "?done=address", "?done=link"):
        yield f"own{query}", client.get(own + query)
    for wish in ("pause", "details", "address"):
        yield f"own {wish}", client.post(own, {"wish": wish, "time_zone": "no", "name": "α" * 121})
    yield "erase", client.get(f"{own}/erase")
    leave = f"/u/{tokens.unsubscribe.make(left.pk, 0)}"
    yield "leave", client.get(leave)
    yield "left", client.post(leave, {"wish": "unsubscribe"})
    yield "left long ago", client.get(leave)
    yield "not to be confirmed", client.get(f"/s/confirm/{tokens.confirm.make(left.pk)}")
    for record in ConsentRecord.objects.filter(subscriber=left.subscriber):
        yield "undo", client.get(f"/s/undo/{tokens.undo.make(record.pk)}")
    member = invite(publication)
    yield "invitation", client.get(f"/s/invitation/{tokens.invitation.make(member.pk)}")
    moving.ask(ada, "ada@new.example")
    preferences.mail_link(ada)
    reading.mail_link(ada)
    reading.let_in(answer := HttpResponse(), ada)
    client.cookies.update(answer.cookies)
    yield "as a reader", client.get(f"/{publication.slug}/")


def invite(publication: Publication) -> GroupMember:
    """Invite an address to a client group."""
    group = ClientGroup.objects.create(publication=publication, name="Πελάτες")
    return groups.add(group, "client@example.com", make_user())


def test_no_word_of_a_page_stands_outside_of_the_catalogues(
    client: Client, brackets: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SOONEST_SECONDS", 0)
    publication = make()
    assert bare_words('<p>⟦By ⟦and⟧⟧ one<b title="two">α</b></p>') == {"one", "two"}
    found = {}
    for visits in (at_the_door, with_a_link):
        for name, answer in visits(client, publication):
            page = answer.content.decode()
            assert "⟦" in page or answer.status_code in (302, 303), name
            if words := bare_words(page):
                found[name] = words
    assert found == {}
    assert untranslated(brackets) == set()


def test_no_word_of_a_mail_stands_outside_of_the_catalogues(
    client: Client, brackets: set[str], mailoutbox: list[Any]
) -> None:
    publication = make()
    for _ in with_a_link(client, publication):
        pass
    Subscription.objects.filter(subscriber__address="ada@example.com").update(status="active")
    notices.sweep()
    found = {}
    assert len(mailoutbox) >= 6
    for mail in mailoutbox:
        texts = [(mail.subject, False), (mail.body, False), (mail.alternatives[0][0], True)]
        for text, is_html in texts:
            if words := bare_words(text, is_html=is_html):
                found[mail.subject] = words
    brief = publication.briefs.earliest("date")
    assert brief.published_revision is not None
    mailed = compiling.render(
        brief.published_revision, view="https://a.example/1", unsubscribe="https://a.example/2"
    )
    for text, is_html in ((mailed.subject, False), (mailed.html, True), (mailed.text, False)):
        if words := bare_words(text, is_html=is_html):
            found[mailed.subject] = words
    assert found == {}
    assert untranslated(brackets) == set()
