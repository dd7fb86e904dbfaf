"""What readers see is translated: the catalogue is whole, compiled and used."""

import datetime as dt
import gettext
import re
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from briefs.rendering import Look, Places, Text, render_email
from deliveries import compiling
from intelbrief.languages import preferred
from subscribers import consent, notices, preferences, tokens
from subscribers.models import ConsentRecord, Subscriber
from subscribers.speaking import spoken_to
from tests.make import make_publication, make_subscription
from tests.public.test_pages import publish

ROOT = Path(__file__).resolve().parent.parent.parent
LANGUAGES = ("de", "fr", "es")
PLACEHOLDER_OR_TAG = re.compile(r"%\(\w+\)s|</?\w+")


def catalogue(language: str) -> dict[str | tuple[str, int], str]:
    """Return what the compiled catalogue of *language* says."""
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        told = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # not in the stubs
    return {one: other for one, other in told.items() if one}


def source(language: str) -> dict[str | tuple[str, int], str]:
    """Return what its source says; a message in the plural has a key with the form's number."""
    text = (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    pattern = r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) "((?:[^"\\]|\\.)*)"$'
    found: dict[str | tuple[str, int], str] = {}
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


# --- what decides --------------------------------------------------------------


def of_two_tongues(**fields):
    """Store a German publication with a reader of French."""
    publication = make_publication(name="Hafenwacht", language="de", **fields)
    return publication, make_subscription(publication, "ada@example.com", language="fr")


@pytest.mark.django_db
def test_a_reader_is_spoken_to_in_the_language_of_their_choice_on_pages_and_in_notices(
    client, mailoutbox
):
    _publication, reader = of_two_tongues()
    footer = f"/s/prefs/{tokens.unsubscribe.make(reader.pk, 0)}"
    answer = client.get(footer, HTTP_ACCEPT_LANGUAGE="es")
    page = answer.content.decode()
    assert '<html lang="fr" dir="ltr">' in page
    assert "Vos préférences" in page
    # Its publication's own words say which language they are in.
    assert '<span lang="de" dir="ltr">Hafenwacht</span>' in page
    assert answer["Content-Language"] == "fr"
    preferences.mail_link(reader)
    notices.sweep()
    assert mailoutbox[0].subject == "Votre lien vers les préférences de Hafenwacht"
    assert 'lang="fr"' in mailoutbox[0].alternatives[0][0]


@pytest.mark.django_db
def test_days_are_written_as_their_language_writes_them_and_by_the_publications_calendar(client):
    publication, reader = of_two_tongues(time_zone="Pacific/Auckland")
    consent.unsubscribe(reader, source="page")
    record = ConsentRecord.objects.get(subscriber=reader.subscriber)
    # Noon in Greenwich on the last of March is the first of April in Auckland.
    at = dt.datetime(2026, 3, 31, 12, 30, tzinfo=dt.UTC)
    day = {}
    for language in ("en", "de", "fr", "es"):
        Subscriber.objects.update(language=language)
        reader.subscriber.refresh_from_db()
        with spoken_to(reader):
            day[language] = date_format(timezone.localtime(at), "DATE_FORMAT")
    assert record.publication == publication
    assert day == {
        "en": "April 1, 2026",
        "de": "1. April 2026",
        "fr": "1 avril 2026",
        "es": "1 de abril de 2026",
    }


@pytest.mark.django_db
def test_the_date_of_a_mail_is_written_as_its_language_writes_it():
    written = {}
    for language in ("de", "fr", "es"):
        look = Look(name="Watch", language=language)
        text = Text(headline="News", date=dt.date(2016, 4, 6))
        written[language] = render_email(text, look, Places()).text
    assert "Mittwoch, 6. April 2016" in written["de"]
    assert "mercredi 6 avril 2016" in written["fr"]
    assert "miércoles, 6 de abril de 2016" in written["es"]


@pytest.mark.django_db
def test_a_cache_keeps_one_page_of_a_publication_and_one_per_browser_where_that_decides(client):
    publication, _reader = of_two_tongues(slug="hafenwacht")
    for path in ("/", "/hafenwacht/", "/s/hafenwacht/", "/s/"):
        answer = client.get(path, HTTP_ACCEPT_LANGUAGE="es")
        assert answer["Content-Language"] == "de", path
        assert "Accept-Language" not in answer.get("Vary", ""), path
    make_publication(name="Harbour Watch", language="en")
    publication.refresh_from_db()
    for path in ("/", "/s/", "/s/confirm/broken", "/nothing/"):
        answer = client.get(path, HTTP_ACCEPT_LANGUAGE="es", HTTP_COOKIE="django_language=fr")
        assert answer["Content-Language"] == "es", path
        assert "Accept-Language" in answer["Vary"], path
    # Names of each publication say their language on a page for both.
    front = client.get("/", HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert '<h2 lang="en" dir="ltr"><a href=' in front
    assert "<h2><a href=" in front


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("ja, de;q=0.5", "de"),
        ("es;q=0, *", "en"),
        ("x" * 9_000, "en"),
        ("," * 900, "en"),
        ("de;q=nan", "en"),
        ("", "en"),
    ],
)
def test_the_browser_names_its_languages_in_its_order_or_nonsense(header, language):
    assert preferred(header) == language


# --- from right to left -----------------------------------------------------------


@pytest.mark.django_db
def test_a_right_to_left_publication_runs_from_the_right_on_each_page_and_in_mails(client):
    publication = make_publication(name="מבט הנמל", slug="namal", language="he")
    brief = publish(publication, headline="שתי עגורנים")
    for path in ("/namal/", brief.web_path(), "/s/namal/", "/namal/archive/"):
        answer = client.get(path)
        assert '<html lang="he" dir="rtl">' in answer.content.decode(), path
        assert answer["Content-Language"] == "he"
    mail = compiling.render(brief.published_revision, view="https://a.example", unsubscribe="")
    assert 'lang="he" dir="rtl"' in mail.html
    # What stands at an end, as the date, is on the left now.
    assert "text-align:right" in mail.html.replace(": ", ":")
    assert "letter-spacing" not in mail.html


@pytest.mark.django_db
def test_a_headline_from_right_to_left_says_so_among_others(client):
    publish(make_publication(name="Watch", language="en"))
    publish(make_publication(name="מבט", language="he"), headline="שתי עגורנים")
    front = client.get("/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert re.search(r'<h3 lang="he" dir="rtl"><a href="[^"]+">שתי', front)


def test_style_sheets_of_pages_know_no_left_and_right():
    physical = re.compile(
        r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)\b|[{;]\s*(?:left|right)\s*:"
        r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
    )
    for sheet in (ROOT / "static" / "site").glob("*.css"):
        assert not physical.findall(sheet.read_text()), sheet.name
