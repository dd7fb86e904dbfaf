"""What readers see is translated: the catalogue is whole, compiled and used."""

import gettext
import re
from pathlib import Path

import pytest

from subscribers import consent, notices, tokens
from tests.make import make_publication, make_subscription

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = ("de", "fr", "es")
PLACEHOLDER_OR_TAG = re.compile(r"%\(\w+\)s|</?\w+")


def catalogue(language: str) -> dict[object, str]:
    """Return what the compiled catalogue of *language* says."""
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return {one: other for one, other in gettext.GNUTranslations(file)._catalog.items() if one}


def source(language: str) -> dict[object, str]:
    """Return what its source says; a message in the plural has a key with the form's number."""
    text = (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    pattern = r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) "((?:[^"\\]|\\.)*)"$'
    found: dict[object, str] = {}
    one = ""
    for keyword, quoted in re.findall(pattern, text, re.MULTILINE):
        words = quoted.replace('\\"', '"').replace("\\n", "\n")
        if keyword == "msgid":
            one = words
        elif keyword != "msgid_plural" and one:
            assert (one if keyword == "msgstr" else (one, int(keyword[7]))) not in found, one
            found[one if keyword == "msgstr" else (one, int(keyword[7]))] = words
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_source(language):
    written = source(language)
    assert written == catalogue(language)
    assert all(written.values())
    assert written.keys() == source("de").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_every_placeholder_and_tag(language):
    for key, other in catalogue(language).items():
        one = key if isinstance(key, str) else key[0]
        kept = sorted(PLACEHOLDER_OR_TAG.findall(other))
        assert kept == sorted(PLACEHOLDER_OR_TAG.findall(one)), other


def test_french_has_its_spaces_and_nothing_has_a_space_that_mail_programs_mangle():
    for language in LANGUAGES:
        assert not [words for words in catalogue(language).values() if "\u00a0" in words]
    bare = re.compile(r"(?<![\u202f:/!?\d])[;!?»]|\w:(?!/)(?!%)|«(?!\u202f)")
    ours = [re.sub(r"<[^>]*>", "", words) for words in catalogue("fr").values()]
    assert [words for words in ours if bare.search(words) and "http" not in words] == []


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
