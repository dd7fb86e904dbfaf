"""What readers see is translated: the catalogue is whole, compiled and used."""

import gettext
import re
from pathlib import Path

import pytest

from subscribers import consent, notices, tokens
from tests.make import make_publication, make_subscription

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale" / "de" / "LC_MESSAGES"
QUOTED = r'"((?:[^"\\]|\\.)*)"'


def catalogue():
    """Return what the compiled German catalogue says."""
    with (CATALOGUE / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)._catalog


def test_the_compiled_catalogue_is_that_of_the_source():
    source = (CATALOGUE / "django.po").read_text()
    pairs = re.findall(rf"^msgid {QUOTED}\nmsgstr {QUOTED}$", source, re.MULTILINE)
    written = {one.replace('\\"', '"'): other.replace('\\"', '"') for one, other in pairs if one}
    compiled = {one: other for one, other in catalogue().items() if one}
    assert written == compiled
    assert all(written.values())


def test_translations_keep_every_placeholder_and_tag():
    for one, other in catalogue().items():
        for pattern in (r"%\(\w+\)s", r"</?\w+"):
            if one:
                assert sorted(re.findall(pattern, one)) == sorted(re.findall(pattern, other))


def test_every_word_of_the_readers_pages_is_translated():
    known = set(catalogue())
    pages = [
        *(ROOT / "templates" / "subscribers").rglob("*.*"),
        *(ROOT / "templates" / "briefs").glob("*.html"),
        ROOT / "templates" / "base.html",
        ROOT / "templates" / "404.html",
    ]
    words = {
        word
        for page in pages
        for _quote, word in re.findall(r"{% translate (['\"])(.*?)\1 %}", page.read_text())
    }
    assert len(words) > 60
    assert words - known == set()


@pytest.mark.django_db
def test_a_german_publication_speaks_german_from_the_form_to_the_goodbye(client, mailoutbox):
    publication = make_publication(language="de", consent_wording="", name="Hafenwacht")
    asked = consent.request(publication, "ada@example.com", source="form")
    active = make_subscription(publication, "eve@example.com")
    confirm = f"/s/confirm/{tokens.confirm.make(asked.pk)}"
    leave = f"/u/{tokens.unsubscribe.make(active.pk, 0)}"
    slug = publication.slug
    for url, words in [
        (f"/s/{slug}/", "Ich möchte Hafenwacht per E-Mail erhalten."),
        (f"/s/{slug}/thanks/", "Sehen Sie in Ihr Postfach"),
        (f"/s/{slug}/privacy/", "Ihre Rechte"),
        (f"/s/{slug}/imprint/", "Herausgeber"),
        (f"/{slug}/", "Die erste Ausgabe wird noch geschrieben"),
        (confirm, "Ja, ich abonniere"),
        (leave, "Hafenwacht abbestellen?"),
    ]:
        assert words in client.get(url).content.decode()
    notices.sweep()
    assert mailoutbox[0].subject == "Bitte bestätigen Sie Ihr Abonnement: Hafenwacht"
    assert "hoffentlich Sie selbst" in mailoutbox[0].body
    assert "Herzlich willkommen" in client.post(confirm).content.decode()
    assert "Sie haben abbestellt" in client.post(leave, {"wish": "unsubscribe"}).content.decode()
    refused = client.post(f"/s/{slug}/", {"address": "ada@"}).content.decode()
    assert "keine vollständige E-Mail-Adresse" in refused


@pytest.mark.django_db
def test_a_page_of_no_publication_speaks_the_language_of_the_browser(client):
    answer = client.get("/s/confirm/broken", HTTP_ACCEPT_LANGUAGE="de")
    assert "Dieser Link funktioniert nicht" in answer.content.decode()
