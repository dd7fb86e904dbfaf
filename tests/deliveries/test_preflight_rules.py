"""Broken briefs: each is the clean one with a single thing changed, and trips one rule alone."""

import copy
import datetime as dt
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.utils import timezone

from briefs import revisions
from briefs.models import Brief, Snippet
from briefs.preflight import TEXT, Reading, Severity
from deliveries import compiling, lanes, preflight
from deliveries.models import Edition
from deliveries.preflight import lookups, page, reachable, records, targets
from deliveries.preflight.targets import State, Verdict
from tests.make import make_brief, make_fit_brief, make_publication, make_readers

LINK = "https://news.harbour-watch.org/cranes"
IMAGE = "https://img.harbour-watch.org/crane.png"
RULES = {rule.name: rule for registry in preflight.REGISTRIES for rule in registry.rules}


@pytest.fixture
def brief(db):
    """Return the clean brief, with a reader; its snapshot is what the rules are given."""
    publication = make_publication()
    make_readers(publication, 1)
    return make_fit_brief(publication)


def tripped(brief, snapshot=None):
    found = preflight.check_snapshot(snapshot or revisions.snapshot(brief), brief)
    kinds = ((Severity.ERROR, found.errors), (Severity.WARNING, found.warnings))
    for severity, findings in kinds:
        for finding in findings:
            assert RULES[finding.rule].severity == severity
            assert finding.where
    return list(dict.fromkeys(finding.rule for findings in found for finding in findings))


def test_the_clean_brief_trips_no_rule(brief):
    assert tripped(brief) == []


def change(snapshot, **changes):
    """Return a copy of *snapshot* with *changes*; those of the publication begin with “its_”."""
    broken = copy.deepcopy(snapshot)
    for name, value in changes.items():
        if name.startswith("its_"):
            broken["publication"][name.removeprefix("its_")] = value
        else:
            broken[name] = value
    return broken


def body(words):
    return {"body": f"The cranes arrived on Monday.\n\n{words}"}


LONG_PATH = "https://port.example/" + "a" * 400
BROKEN_TEXTS = [
    ("headline-empty", {"headline": " "}),
    ("text-empty", {"body": "", "key_points": []}),
    ("preheader-empty", {"preheader": ""}),
    ("contact-empty", {"contact_block": " "}),
    ("contact-unfinished", {"contact_block": "For more, please contact:"}),
    ("postal-address-empty", {"its_postal_address": ""}),
    ("sender-empty", {"its_sender_address": ""}),
    ("sender-beyond-ascii", {"its_sender_address": "brieftäube@harbour.example"}),
    ("reply-to-beyond-ascii", {"its_reply_to": "büro@harbour.example"}),
    ("subject-too-long", {"headline": "word " * 40}),
    ("subject-as-mailed", {"headline": "港" * 150}),
    ("subject-invisible", {"headline": "The Port’s\u200b New Cranes"}),
    ("subject-shouts", {"headline": "The Port Has New Cranes!!!"}),
    ("subject-shouts", {"headline": "THE PORT HAS NEW CRANES"}),
    ("left-over", {"headline": "The Port’s TK Cranes"}),
    ("left-over", {"preheader": "TODO"}),
    ("left-over", {"key_points": ["Two cranes arrived", "XXX is delayed"]}),
    ("left-over", body("It cost ??? in all.")),
    ("placeholder", body("Lorem ipsum dolor sit amet.")),
    ("placeholder", body("Dear {{ first_name }}, good morning.")),
    ("placeholder", {"headline": "News for *|FNAME|*"}),
    ("left-over", {"contact_block": "Write to [insert name here]."}),
    ("html-left-over", body("Cranes &amp;nbsp; and ships")),
    ("damaged", body("The portâ€™s cranes")),
    ("merge-broken", body("Dear [[name|")),
    ("merge-in-link", body("[x](https://port.example/[[name|y]])")),
    ("merge-without-default", body("Dear [[name]]")),
    ("merge-unknown", body("Dear [[nmae|reader]]")),
    ("merge-too-many", body("[[name|x]] " * 201)),
    ("link-nowhere", body("[the port](www.port.example)")),
    ("link-unread", body("[the port](https://port.example/cranes")),
    ("link-inside", body("[the port](https://localhost:3000/cranes)")),
    ("link-inside", body("[the port](http://192.168.1.4/cranes)")),
    ("link-inside", body("[the port](http://2130706433/cranes)")),
    ("link-inside", body("[the port](https://wiki/cranes)")),
    ("link-preview", body("[the port](https://port.example/?p=7&preview=true)")),
    ("link-preview", body("[the brief](http://127.0.0.1:8000/admin/briefs/brief/1/change/)")),
    ("link-preview", body("[leave](http://127.0.0.1:8000/u/abcdefghijklmnopqrst)")),
    ("link-http", body("[the port](http://port.example/cranes)")),
    ("link-made-up", {"its_sender_address": "brief@harbour-watch.org"}),
    ("link-mailto", {"contact_block": "Write to [the desk](mailto:desk)."}),
    ("link-words", body("For the cranes, [click here](https://port.example/cranes).")),
    ("image-without-words", body(f"![]({IMAGE})")),
    ("image-lost", body("![A crane](http://img.harbour-watch.org/crane.png)")),
    ("image-lost", {"key_points": [f"Two cranes ![A crane]({IMAGE}) arrived"]}),
    ("image-inside", body("![A crane](https://10.0.0.8/crane.png)")),
    ("image-missing", body("![A crane](/p/images/2026/04/0a1b2c3d-640x480.png)")),
    ("colour-in-the-dark", {"its_colour": "#101010"}),
    ("colour-on-white", {"its_colour": "#ffff66"}),
    ("too-long", {"body": "words " * 20_000}),
    ("nested-too-deep", {"body": "1. " * 300 + "a"}),
    ("too-involved", {"body": "[^1] " * 4_000}),
    ("too-large", {"body": "Übergrößenträger " * 4_500}),
    ("large", {"body": "words " * 13_000}),
    ("text-part-empty", {"body": "---", "key_points": []}),
    ("text-part-lines", {**body(f"[the port]({LONG_PATH})"), "its_tracking": "off"}),
    ("text-part-html", {"its_postal_address": "Harbour Watch<br>1 Quay Street"}),
]  # fmt: skip


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        pytest.param(*row, id=f"{number:02}-{row[0]}")
        for number, row in enumerate(BROKEN_TEXTS, start=1)
    ],
)
def test_a_broken_text_trips_its_own_rule_alone(brief, rule, changes):
    assert tripped(brief, change(revisions.snapshot(brief), **changes)) == [rule]


def without_readers(brief, **_tools):
    brief.publication.subscriptions.all().delete()


def with_many_more_readers(brief, **_tools):
    other = make_brief(brief.publication, headline="Yesterday’s")
    Edition.objects.create(
        brief=other, revision=revisions.take(other), publication=brief.publication,
        status="finished", send_at=timezone.now(), finished_at=timezone.now(), audience=20,
    )  # fmt: skip


def with_the_same_headline(brief, **_tools):
    earlier = make_brief(brief.publication, headline="The port's new cranes")
    Brief.objects.filter(pk=earlier.pk).update(
        status="published",
        published_at=timezone.now() - dt.timedelta(days=29),
        published_revision=revisions.take(earlier),
    )


def dated_yesterday(brief, **_tools):
    brief.date -= dt.timedelta(days=1)


def under_embargo(brief, **_tools):
    brief.embargo_until = timezone.now() + dt.timedelta(hours=2)


def with_a_sponsor(brief, **_tools):
    Snippet.objects.create(
        publication=brief.publication, name="Crane & Co", kind="sponsor",
        text="Crane & Co lifts you up.",
    )  # fmt: skip
    brief.body += "\n\nCrane & Co lifts you up."


def without_provider(settings, **_tools):
    settings.PROVIDERS = {}


def with_a_lane_at_rest(**_tools):
    cache.set("lane-rests:main", lanes.BREAKS_AFTER, 60)


def without_the_link(which):
    def happens(monkeypatch, **_tools):
        places = compiling.places
        monkeypatch.setattr(
            compiling, "places", lambda *given: replace(places(*given), **{which: ""})
        )

    return happens


def without_one_click(monkeypatch, **_tools):
    monkeypatch.setattr(preflight.Matter, "head", b"Subject: x\r\n")


def without_https(settings, **_tools):
    settings.SITE_URL = "http://harbour-watch.org"
    settings.SITE_IS_LOCAL = False


def known(found, words=None, **domain):
    """Return a mutation by which the look-up *found* has come to something."""

    def looked_up(brief, settings, monkeypatch, **_tools):
        settings.CHECK_OUTSIDE = True
        monkeypatch.setattr(lookups._Crew, "order", lambda *_given: None)
        cache.set(reachable.key_of("main"), "", 60)
        if isinstance(found, records.Records):
            settings.LOCAL_INBOX = False
            settings.DKIM_SELECTORS = domain.get("selectors", ["s1"])
            settings.BOUNCE_DOMAIN = domain.get("bounces", "")
            type(brief.publication).objects.update(sender_address="brief@harbour-watch.org")
            brief.publication.refresh_from_db()
            brief.body = "The cranes arrived."
            cache.set(records.key_of("harbour-watch.org"), found, 60)
        elif words == "image":
            brief.body += f"\n\n![A crane]({IMAGE})"
            cache.set(targets.key_of(IMAGE, image=True), found, 60)
        elif words == "lane":
            cache.set(reachable.key_of("main"), found, 60)
        else:
            brief.body += f"\n\n[The cranes]({LINK})"
            cache.set(targets.key_of(LINK), found, 60)

    return looked_up


EMPTY = {
    "headline": "", "series": "", "date": "2026-04-06", "preheader": "", "key_points": [],
    "authors": [], "topics": [], "contact_block": "", "body": "",
    "publication": {"name": "", "postal_address": "", "reply_to": "", "sender_address": ""},
}  # fmt: skip
SPF, DMARC = ("v=spf1 mx -all",), "v=DMARC1; p=reject"
WHOLE = records.Records(SPF, dkim=True, dmarc=DMARC, dmarc_at="harbour-watch.org")
SITUATIONS = [
    ("audience-empty", without_readers),
    ("audience-unusual", with_many_more_readers),
    ("headline-again", with_the_same_headline),
    ("date-not-today", dated_yesterday),
    ("embargo-later", under_embargo),
    ("sponsor-unlabelled", with_a_sponsor),
    ("provider-missing", without_provider),
    ("provider-resting", with_a_lane_at_rest),
    ("provider-unreachable", known("mx:25: Connection refused", "lane")),
    ("unsubscribe-missing", without_the_link("unsubscribe")),
    ("view-missing", without_the_link("view")),
    ("one-click-missing", without_one_click),
    ("one-click-insecure", without_https),
    ("link-broken", known(Verdict(State.GONE, "The server says 404: there is no such page."))),
    ("link-refused", known(Verdict(State.REFUSED, "It is at 10.0.0.8, inside."))),
    ("link-doubtful", known(Verdict(State.DOUBTFUL, "The server says 403."))),
    ("image-broken", known(Verdict(State.NO_IMAGE, "The server sends text/html."), "image")),
    ("image-doubtful", known(Verdict(State.DOUBTFUL, "No answer came in time."), "image")),
    ("spf-missing", known(WHOLE._replace(spf=()))),
    ("spf-missing", known(WHOLE._replace(spf=(*SPF, *SPF)))),
    ("spf-unaligned", known(WHOLE, bounces="bounces.other.org")),
    ("dkim-missing", known(WHOLE._replace(dkim=False))),
    ("dkim-unknown", known(WHOLE._replace(dkim=None), selectors=[])),
    ("dmarc-missing", known(WHOLE._replace(dmarc="", dmarc_at=""))),
    (None, known(WHOLE, bounces="bounces.harbour-watch.org")),
    (None, known(Verdict(State.THERE))),
]


@pytest.mark.parametrize(
    ("rule", "happens"),
    [
        pytest.param(*row, id=f"{number:02}-{row[0]}")
        for number, row in enumerate(SITUATIONS, start=1)
    ],
)
def test_a_broken_situation_trips_its_own_rule_alone(brief, rule, happens, settings, monkeypatch):
    happens(brief=brief, settings=settings, monkeypatch=monkeypatch)
    assert tripped(brief) == ([rule] if rule else [])


def test_a_link_that_was_not_looked_at_in_time_is_said_before_the_send(
    brief, settings, monkeypatch
):
    known(Verdict(State.THERE))(brief, settings, monkeypatch)
    cache.delete(targets.key_of(LINK))
    late = lookups.Order(targets.key_of(LINK), lambda: 1 / 0)
    late.done.set()  # nobody has to wait for it here
    monkeypatch.setattr(lookups._Crew, "order", lambda *_given: late)
    assert tripped(brief) == []
    findings = preflight.check(brief, outside=preflight.Outside.ASK)
    assert [finding.rule for finding in findings.warnings] == ["link-unchecked"]
    assert findings.ok


@pytest.mark.sqlite_only
@pytest.mark.parametrize("piece", ["`", "![a](", "<img src "])
def test_no_text_keeps_the_rules_busy(piece):
    """A pattern that tries every way there is took minutes for these."""
    text = Reading({**EMPTY, "body": piece * (60_000 // len(piece))})
    assert TEXT.check(text).errors


@pytest.mark.sqlite_only
def test_each_rule_has_a_brief_that_trips_it():
    covered = {rule for rule, _case in [*BROKEN_TEXTS, *SITUATIONS]}
    # The first has no text today; the second is above.
    assert set(RULES) - covered == {"unrenderable", "link-unchecked"}


@pytest.mark.sqlite_only
def test_the_page_about_the_rules_is_up_to_date(settings):
    written = (settings.BASE_DIR / "docs" / "preflight.md").read_text(encoding="utf-8")
    assert written == page.make(), "Run: manage.py preflight --docs > docs/preflight.md"
    for rule in RULES.values():
        assert rule.reason.startswith("Find "), rule.name
