"""Archives of other houses that come in."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from briefs import moving
from briefs.models import AuditEntry, Brief, Image, Redirect, Revision
from briefs.moving import Report, Wish, import_archive
from tests.make import make_brief, make_publication, make_user
from tests.moving import houses

pytestmark = pytest.mark.django_db


def take(path: Path, **wishes) -> Report:
    wish = Wish(wishes.pop("publication", None) or make_publication(), **wishes)
    return import_archive(path, wish)


def reasons(report: Report) -> str:
    return "\n".join(f"{one.where}: {one.reason}" for one in report.refused)


def notes(report: Report) -> str:
    return "\n".join(note for _where, note in report.notes)


def test_posts_of_substack_come_in_as_they_stood(tmp_path, client):
    report = take(houses.substack(tmp_path / "a.zip"))
    assert dict(report.counts) == {"published": 2, "draft": 1}
    late, paid, draft = Brief.objects.order_by("pk")
    assert [point.text for point in late.key_points.all()] == [
        "The tide was **late**",
        "Nobody knows why",
    ]
    assert late.body == (
        "The harbour at \\*dawn\\*[^1], read [the table](https://port.example/tides) and "
        "another.\n\n"
        "![A crane](https://img.example/a.png)\n\n*The third crane*\n\nLast *words* for.\n\n"
        "[^1]: By the *old* clock."
    )
    assert (late.preheader, late.slug, late.access) == ("A sub", "late-tide", "public")
    assert late.published_at.isoformat() == "2019-07-26T20:48:19.814000+00:00"
    assert paid.access == "subscribers"
    assert draft.status == "draft"
    assert client.get("/p/late-tide").headers["Location"] == late.web_path()
    page = client.get(late.web_path()).content.decode()
    assert "old</em> clock" in page
    assert "alert" not in page
    assert "a “thread”" in reasons(report)
    assert "posts/905.gone.html" in reasons(report)
    assert "tracked links that do not tell where they led: 1" in notes(report)


def test_posts_of_ghost_bring_authors_tags_notes_and_pictures(tmp_path):
    report = take(houses.ghost(tmp_path / "a.zip"), base="https://low.example")
    brief = Brief.objects.get()
    picture = Image.objects.get()
    assert brief.body == (
        f"![The quay]({picture.file.url})\n\n[Other](https://low.example/other/) news[^1].\n\n"
        "[^1]: A note."
    )
    assert (brief.access, str(brief.date), brief.preheader) == (
        "subscribers",
        "2021-03-04",
        "What was low",
    )
    assert [str(one) for one in brief.authors.all()] == ["Ada Quay"]
    assert [str(one) for one in brief.topics.all()] == ["Ports"]
    assert Redirect.objects.get().path == "/low-water/"
    assert "is a page" in reasons(report)


def test_posts_of_ghost_are_read_as_its_editors_store_them(tmp_path):
    report = take(houses.ghost_editors(tmp_path / "a.zip"))
    new, old = Brief.objects.order_by("-date")
    assert new.body == (
        "Low & **bold** ***both***, see [the log](https://log.example/)\n\n## Tides\n\n1. one\n"
        "2. two\n\n> So it is.\n\n* * *\n\n![A quay](https://img.example/a.png)\n\nAt **night**"
        "\n\nRaw *words*\n\nMarked *down*.\n\n```\na < b\n```\n\n[A book](https://book.example/)"
        "\n\n> ! Mind the gap"
    )
    assert old.body == (
        "## Old\n\n**bold** and [a link](https://old.example/)\n\n- one\n- two\n\n"
        "![Old](https://img.example/b.png)\n\n* * *\n\n- item"
    )
    assert "left out: poll card" in notes(report)
    assert "left out: signup card" in notes(report)
    assert "left out: email-cta card" in notes(report)
    assert reasons(report).count("cannot be read") == 2


def test_mails_of_buttondown_lose_their_fields_and_keep_their_code(tmp_path):
    report = take(houses.buttondown(tmp_path / "a.zip"))
    high, private, unsent = Brief.objects.order_by("pk")
    assert high.body == (
        "Hello friend,\n\n## Highlights\n\n- One thing\n\nSee the log or\n"
        "[this](https://log.example/a?b=1). In code: `{{ name }}`."
    )
    assert private.access == "subscribers"
    assert unsent.status == "draft"
    assert Redirect.objects.filter(path="/archive/high-water/", brief=high).exists()
    assert report.format == "buttondown"


def test_campaigns_of_listmonk_lose_ways_out_and_web_views(tmp_path):
    take(houses.listmonk(tmp_path / "a.json"))
    brief = Brief.objects.get()
    assert brief.body == "Dear, the [ebb](https://ebb.example/x)."
    assert set(Redirect.objects.values_list("path", flat=True)) == {
        "/archive/the-ebb",
        "/archive/11111111-2222-3333-4444-555555555555",
    }


def test_a_table_of_beehiiv_is_read(tmp_path):
    take(houses.beehiiv(tmp_path / "posts.csv"))
    brief = Brief.objects.get()
    assert (brief.body, brief.slug) == ("Up & **down**", "spring-tide")
    assert brief.topics.count() == 2


def test_what_hugo_and_jekyll_read_is_read(tmp_path):
    report = take(houses.markdown(tmp_path / "a.zip"))
    assert not report.refused
    slack = Brief.objects.get(headline="Slack Water")
    assert slack.body.startswith(f"![The quay]({Image.objects.get().file.url}) and you")
    assert "Key points" in slack.body
    assert [str(one) for one in slack.authors.all()] == ["Ada Quay", "Ben Pier"]
    assert Redirect.objects.get().path == "/2018/slack.html"
    neap = Brief.objects.get(headline="Neap: half a tide")
    assert neap.body == '```python\nprint("{{ kept }}")\n```\n\nWords\u00a0here.'
    assert (neap.slug, str(neap.date)) == ("neap", "2017-02-03")
    assert Brief.objects.get(headline="Later").status == "draft"


def test_a_further_import_brings_what_is_new_and_tells_what_changed(tmp_path):
    publication = make_publication()
    take(houses.substack(tmp_path / "a.zip"), publication=publication)
    Brief.objects.filter(headline="Half a Tide").delete()
    before = Revision.objects.count()
    report = take(houses.substack(tmp_path / "b.zip"), publication=publication)
    assert dict(report.counts) == {"known": 2, "draft": 1}
    assert Revision.objects.count() == before
    Brief.objects.filter(headline="Late Tide").update(imported_digest="0" * 64)
    report = take(houses.substack(tmp_path / "b.zip"), publication=publication)
    assert dict(report.counts) == {"changed": 1, "known": 2}
    assert "Late Tide" in report.changed[0]


def test_an_import_needs_no_approval_mails_nobody_and_stands_in_the_trail(tmp_path):
    publication = make_publication(needs_approval=True)
    owner = make_user(is_staff=True, is_superuser=True)
    take(houses.buttondown(tmp_path / "a.zip"), publication=publication, by=owner)
    brief = Brief.objects.get(slug="high-water")
    assert brief.status == "published"
    assert not brief.editions.exists()
    entry = AuditEntry.objects.get(brief=brief)
    assert (entry.verb, entry.by) == ("imported", owner)
    assert entry.words == "buttondown · a.zip · emails.csv, line 2"


def test_modes_decide_what_is_on_the_web(tmp_path):
    path = houses.markdown(tmp_path / "a.zip")
    assert dict(take(path, mode=moving.ALL_DRAFTS).counts) == {"draft": 3}
    assert dict(take(path, mode=moving.ALL_PUBLISHED).counts) == {"published": 3}
    dry = take(path, is_dry=True)
    assert (dict(dry.counts), dry.briefs) == ({"published": 2, "draft": 1}, [])


def test_an_old_address_takes_no_page_and_no_other_old_address(tmp_path):
    publication = make_publication(slug="low-water")
    report = take(houses.ghost(tmp_path / "a.zip"), publication=publication)
    assert not Redirect.objects.exists()
    assert "cannot lead here: /low-water/" in notes(report)


def test_two_texts_of_one_day_and_address_both_stand(tmp_path):
    publication = make_publication()
    make_brief(publication, date="2018-05-06", slug="slack", body="Ours.")
    take(houses.markdown(tmp_path / "a.zip"), publication=publication)
    assert Brief.objects.filter(slug="slack-2").exists()


HOSTILE = {
    "bomb.md": "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nText\n",
    "object.md": "---\ntitle: !!python/object/apply:os.system ['true']\n---\nText\n",
    "deep.md": "---\ntitle: " + "[" * 3000 + "\n---\nText\n",
    "date.md": "---\ntitle: A\ndate: 2016-02-31\n---\nText\n",
    "open.md": "---\ntitle: A\n",
    "list.md": "---\n- a\n---\nText\n",
    "long.md": "---\ntitle: A\n---\n" + "x " * 60_000,
    "latin.md": "---\ntitle: Stra\xdfe\ndate: 2016-02-03\n---\nText \x93so\x94.\n".encode(
        "latin-1"
    ),
    "binary.md": b"---\ntitle: A\n---\n\xff\xfe\x00\x00",
    "../../etc/evil.md": "---\ntitle: Evil\n---\nText\n",
    "none.md": "",
    "forged.md": "---\nformat: intelbrief/1\nid: 'x'\ntitle: A\n---\n\nText\n",
    "types.md": "---\ntitle: [1, {a: 2}]\nauthors: {a: {b: 1}}\ntags: 7\ndate: true\n---\nText\n",
    "nul.md": '---\ntitle: "A\\0B\\uD800"\ndate: 2016-02-04\n---\nA\x00B \u202e\n',
}


def test_what_means_harm_is_refused_with_a_reason_and_the_rest_comes_in(tmp_path):
    report = take(houses.zipped(tmp_path / "a.zip", HOSTILE))
    said = reasons(report)
    for name, words in {
        "bomb.md": "aliases",
        "object.md": "cannot be read",
        "deep.md": "cannot be read",
        "date.md": "cannot be read",
        "open.md": "never closed",
        "list.md": "no list of names",
        "long.md": "characters",
        "binary.md": "no text in UTF-8",
        "../../etc/evil.md": "leads out",
        "forged.md": "",
    }.items():
        assert f"{name}: " in said
        assert words in said
    assert Brief.objects.get(slug="latin").headline == "Straße"


def test_what_is_no_archive_is_told_in_a_sentence(tmp_path, monkeypatch):
    make_publication(slug="daily")
    broken = tmp_path / "broken.zip"
    whole = houses.substack(tmp_path / "a.zip").read_bytes()
    broken.write_bytes(whole[:200] + b"\0" * 100 + whole[300:])
    other = tmp_path / "a.json"
    other.write_text("[" * 100_000)
    for path in (broken, other, tmp_path / "gone.zip"):
        with pytest.raises(CommandError):
            call_command("import_archive", str(path), publication="daily")
    monkeypatch.setattr("briefs.moving.opening.FREE", 1_000)
    monkeypatch.setattr("briefs.moving.opening.MOST_RATIO", 1)
    with pytest.raises(CommandError, match="unpacks to more"):
        call_command(
            "import_archive",
            str(houses.zipped(tmp_path / "bomb.zip", {"a.md": "a" * 1_000_000})),
            publication="daily",
        )


def test_somebody_who_may_not_publish_imports_nothing(tmp_path):
    make_publication(slug="daily")
    writer = make_user(is_staff=True)
    with pytest.raises(CommandError, match="may not publish"):
        call_command("import_archive", str(tmp_path), publication="daily", by=writer.email)


def test_the_command_tells_all_as_json(tmp_path, capsys):
    make_publication(slug="daily")
    path = houses.substack(tmp_path / "a.zip")
    call_command("import_archive", str(path), publication="daily", json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["published"], told["draft"], len(told["refused"])) == (2, 1, 2)
    call_command("import_archive", str(path), publication="daily")
    assert "known      3" in capsys.readouterr().out
