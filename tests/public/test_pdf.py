"""The print edition of a brief: who gets it, what it shows, and what making it costs."""

import datetime as dt
import io
import os
import re
import shutil
import subprocess
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from briefs import corrections, pdf, renditions, revisions, tasks, workflow
from briefs.models import Brief, Rendition
from briefs.pdf import printing
from briefs.pdf.sheet import Sheet, sheet_of
from tests.make import make_brief, make_publication

pytestmark = [pytest.mark.django_db]

BODY = """Dear [[first_name|reader]], [the port](https://port.example/cranes) is pleased.[^1]

| crane | tonnes |
|---|--:|
| first | 1,200 |

![A crane in the fog](https://elsewhere.example/fog.png)

[^1]: A note below.
"""


@pytest.fixture
def press() -> None:
    """Skip where no PDF can be made."""
    if pdf.trouble():
        pytest.skip(pdf.trouble())


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> list[Sheet]:
    """Print nothing, and return the sheets that would have been; also where there is no press."""
    printed: list[Sheet] = []

    def print_sheet(sheet: Sheet) -> bytes:
        printed.append(sheet)
        return b"%PDF-" + sheet.digest.encode()

    monkeypatch.setattr(pdf, "trouble", lambda: "")
    monkeypatch.setattr(printing, "print_sheet", print_sheet)
    return printed


@pytest.fixture(autouse=True)
def _silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.make_renditions, "apply_async", lambda **_: None)


def published(**fields: Any) -> Brief:
    brief = make_brief(fields.pop("publication", None), **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now() - dt.timedelta(hours=1))
    brief.refresh_from_db()
    return brief


def path_of(brief: Brief) -> str:
    return f"{brief.web_path()}brief.pdf"


def told_by(program: list[str], made: bytes) -> str:
    """Return what one of poppler's programs says of a PDF."""
    if shutil.which(program[0]) is None:
        pytest.skip("no poppler on this machine (on Debian: apt-get install poppler-utils)")
    done = subprocess.run(program, input=made, capture_output=True, check=True)
    return done.stdout.decode()


def test_who_asks_first_waits_and_who_asks_later_gets_the_file(
    client: Client, paper: list[Sheet]
) -> None:
    brief = published()
    assert path_of(brief) in client.get(brief.web_path()).content.decode()
    waiting = client.get(path_of(brief))
    assert waiting.status_code == 202
    # A page that reloads under somebody's eyes is refused by WCAG 2.2.1: there is a link.
    assert '<a class="button" href="">' in waiting.content.decode()
    assert "http-equiv" not in waiting.content.decode()
    assert client.head(path_of(brief)).status_code == 202
    assert waiting.headers["Cache-Control"] == "no-store"
    client.get(path_of(brief))
    assert Rendition.objects.filter(brief=brief, status="wanted").count() == 1
    tasks.make_renditions()
    tasks.make_renditions()
    assert len(paper) == 1
    given = client.get(path_of(brief))
    assert given.content == b"%PDF-" + paper[0].digest.encode()
    assert given.headers["Content-Type"] == "application/pdf"
    assert given.headers["Content-Disposition"].endswith('-2026-04-06-the-ports-new-cranes.pdf"')
    assert given.headers["Cache-Control"] == "public, max-age=60"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Link"] == f'<{settings.SITE_URL}{brief.web_path()}>; rel="canonical"'
    again = client.get(path_of(brief), headers={"If-None-Match": given.headers["ETag"]})
    assert again.status_code == 304


def test_a_correction_asks_for_another_and_the_old_one_goes_after_a_day(
    client: Client, paper: list[Sheet]
) -> None:
    brief = published()
    tasks.look_after_renditions()  # nobody has asked yet
    tasks.make_renditions()
    assert client.get(path_of(brief)).status_code == 200
    Brief.objects.filter(pk=brief.pk).update(body="Three cranes.")
    brief.refresh_from_db()
    corrections.issue(brief, "They were three.", None)
    assert client.get(path_of(brief)).status_code == 202
    tasks.make_renditions()
    assert "They were three." in paper[-1].html
    rows = Rendition.objects.filter(kind="pdf").order_by("pk")
    files = [renditions.file_of("pdf", row.digest) for row in rows]
    assert len(files) == 2
    renditions.tidy()
    assert all(file.exists() for file in files)
    Rendition.objects.update(created_at=timezone.now() - dt.timedelta(days=2))
    lost = renditions.folder_of("card") / f"{'0' * 64}.png"
    lost.parent.mkdir(parents=True, exist_ok=True)
    lost.touch()
    for file in (*files, lost):
        os.utime(file, (0, 0))
    renditions.tidy()
    assert [file.exists() for file in (*files, lost)] == [False, True, False]


@pytest.mark.sqlite_only
def test_a_lost_file_is_made_again(client: Client, paper: list[Sheet]) -> None:
    brief = published()
    for _ in range(2):
        assert client.get(path_of(brief)).status_code == 202
        tasks.make_renditions()
        assert client.get(path_of(brief)).status_code == 200
        renditions.file_of("pdf", Rendition.objects.get().digest).unlink()
    assert len(paper) == 2


@pytest.mark.sqlite_only
def test_a_file_has_its_name_once_the_disk_has_it(
    paper: list[Sheet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", fail)
    brief = published()
    row = renditions.want(brief, sheet_of(brief))
    assert not renditions.make(row)
    assert not list(renditions.folder_of("pdf").glob(f"*{row.digest}*"))
    assert Rendition.objects.get().status == "wanted"


def test_what_two_workers_see_one_of_them_makes(paper: list[Sheet]) -> None:
    brief = published()
    renditions.want(brief, sheet_of(brief))
    first, second = Rendition.objects.get(), Rendition.objects.get()
    assert renditions.make(first)
    assert not renditions.make(second)
    assert len(paper) == 1
    assert Rendition.objects.get().octets > 0


@pytest.mark.sqlite_only
def test_what_ends_its_worker_each_time_is_given_up(paper: list[Sheet]) -> None:
    brief = published()
    row = renditions.want(brief, sheet_of(brief))
    Rendition.objects.update(attempts=renditions.MOST_ATTEMPTS)
    row.refresh_from_db()
    assert not renditions.make(row)
    assert (Rendition.objects.get().status, paper) == ("failed", [])


@pytest.mark.sqlite_only
def test_a_press_that_fails_is_tried_again_later_and_in_the_end_the_reason_is_kept(
    client: Client, paper: list[Sheet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def jam(_sheet: Sheet) -> bytes:
        raise printing.NotPrinted("The press jammed.")

    monkeypatch.setattr(printing, "print_sheet", jam)
    brief = published()
    client.get(path_of(brief))
    for _ in range(renditions.MOST_ATTEMPTS):
        assert not renditions.make_due(1)
        Rendition.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
    row = Rendition.objects.get()
    assert (row.status, row.attempts) == ("failed", renditions.MOST_ATTEMPTS)
    assert "jammed" in row.error
    assert client.get(path_of(brief)).status_code == 503
    Rendition.objects.update(due_at=timezone.now() - dt.timedelta(days=2))
    renditions.tidy()
    assert client.get(path_of(brief)).status_code == 202


@pytest.mark.sqlite_only
def test_without_weasyprint_there_is_no_link_and_no_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PACKAGE", "no_such_package")
    pdf.trouble.cache_clear()
    try:
        assert "pip install weasyprint" in pdf.trouble()
        brief = published()
        assert "brief.pdf" not in client.get(brief.web_path()).content.decode()
        assert client.get(path_of(brief)).status_code == 404
        tasks.look_after_renditions()
        assert not Rendition.objects.exists()
    finally:
        pdf.trouble.cache_clear()


@pytest.mark.sqlite_only
def test_paper_shows_pictures_of_ours_and_names_links_and_other_pictures() -> None:
    publication = make_publication(time_zone="America/New_York")
    drawing = io.BytesIO()
    Image.new("RGB", (8, 4)).save(drawing, "PNG")
    field = publication.logo.field
    name = field.storage.save("images/1/0-8x4.png", ContentFile(drawing.getvalue()))
    body = f"{BODY}\n\n![ours](/p/{name}) ![gone](/p/images/9/9-1x1.png)"
    sheet = sheet_of(published(publication=publication, body=body))
    assert sheet.read_pictures() == {f"picture:{name}": drawing.getvalue()}
    assert '<span class="picture">A crane in the fog</span>' in sheet.html
    assert '<span class="picture">gone</span>' in sheet.html
    assert '<li><a href="https://port.example/cranes">' in sheet.html
    assert "size: letter" in sheet.html
    field.storage.delete(name)


@pytest.mark.sqlite_only
def test_a_pdf_reads_as_the_brief_does_and_has_nothing_of_a_mail(press: None) -> None:
    brief = published(body=BODY, headline="Kräne & Κρήνες")
    Brief.objects.filter(pk=brief.pk).update(body=BODY.replace("1,200", "1,201"))
    brief.refresh_from_db()
    corrections.issue(brief, "It weighs 1,201 tonnes.", None)
    brief.refresh_from_db()
    made = printing.print_sheet(sheet_of(brief))
    about = told_by(["pdfinfo", "-"], made)
    assert re.search(r"Title: +Kräne & Κρήνες\n(.*\n)*Tagged: +yes", about)
    words = told_by(["pdftotext", "-", "-"], made)
    said = ("Kräne & Κρήνες", "Dear reader", "A note below", "It weighs 1,201",
            "Two cranes arrived", "https://port.example/cranes", brief.web_path()[:20],
            "1 Quay Street")  # fmt: skip
    assert [one for one in said if one not in words] == []
    assert re.search(r"^1 ?/ ?\d$", words, re.MULTILINE)
    assert not re.search(r"\[\[|first_name|/[vucos]/|(?i:unsubscribe)|view in browser", words)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://127.0.0.1:9/x"])
def test_the_press_fetches_nothing(press: None, target: str) -> None:
    with pytest.raises(printing.Unprintable, match="asks for"):
        printing.print_sheet(Sheet(f'<html lang="en"><p><img src="{target}" alt="x">'))


@pytest.mark.sqlite_only
def test_a_press_that_takes_too_long_is_stopped(press: None) -> None:
    with pytest.raises(printing.NotPrinted, match="stopped"):
        printing.print_sheet(Sheet("<p>x"), seconds=0.01)
