"""What people write to the address of bounces: wishes, complaints, and neither."""

import pytest

from deliveries.returned import sorting
from tests.deliveries.returned import shapes

pytestmark = pytest.mark.sqlite_only

QUOTED = "\n\nOn Mon, 5 Oct 2026, Harbour Brief\n<brief@example.org> wrote:\n> Unsubscribe here\n"


def written(body: str, subject: str = "Re: Harbour Brief", *more: str) -> sorting.Returned:
    return sorting.sort(shapes.mail(body, subject, f"Ada <{shapes.ADA}>", *more))


@pytest.mark.parametrize(
    "words",
    ["STOP", "Abmeldung, bitte!", "me désabonner", "Hola, darme de baja por favor. Gracias",
     "disiscrivimi", "uitschrijven", "avmeld meg", "Proszę, wypisz mnie", "відписатися", "odhlásit",
     "leiratkozás", "abonelikten çık", "配信停止お願いします", "구독 취소해 주세요", "הסר אותי",
     "Cancel my subscription", "I no longer wish to receive these emails.",
     "Bitte nehmen Sie ada@example.com aus dem Verteiler.",
     "Прошу исключить меня из рассылки."],
)  # fmt: skip
def test_who_wants_to_leave_says_so_in_any_language(words):
    assert written(words + QUOTED).kind == sorting.UNSUBSCRIBE


@pytest.mark.parametrize(
    "words",
    ["Please do not remove me from the list!", "Stop by at the office, there is cake.",
     "If you no longer wish to receive these reports, write to us.",
     "The ferry could not dock on Monday; it returned to Hamburg."],
)  # fmt: skip
def test_who_wants_to_stay_stays(words):
    assert written(words + QUOTED).kind == sorting.NOT_A_BOUNCE


@pytest.mark.parametrize(
    "words",
    ["Stop spamming me!", "This is spam. I never signed up for it.",
     "Ich habe Ihren Newsletter nie bestellt. Das ist Spam.",
     "Je n\u2019ai jamais demandé à recevoir vos messages. Je signale ce courriel comme spam."],
)  # fmt: skip
def test_who_calls_it_spam_complains(words):
    found = written(words + QUOTED)
    assert (found.kind, found.address) == (sorting.COMPLAINT, shapes.ADA)


@pytest.mark.parametrize("header", ["List-Id: <users.example.net>", "Auto-Submitted: auto-replied"])
def test_lists_and_programs_that_speak_of_spam_do_not_complain(header):
    assert written("This is spam, is it not?", "Spam", header).kind == sorting.NOT_A_BOUNCE


def test_a_report_on_our_domain_is_neither_a_wish_nor_a_bounce():
    subject = "Report Domain: example.org Submitter: mail.example Report-ID: <17>"
    words = "If you do not wish to receive these reports, write back."
    assert written(words, subject).kind == sorting.NOT_A_BOUNCE


@pytest.mark.parametrize(
    ("subject", "words", "kind"),
    [
        ("Non recapitabile: Notizie", "La cassetta postale del destinatario è piena.", "transient"),
        ("Kan ikke leveres: Nyt", "Modtagerens postkasse er fuld.", "transient"),
        ("배달되지 않음", "받는 사람의 사서함이 꽉 차서 배달하지 못했습니다.", "transient"),
        ("Недоставимо: Новини", "Доставката беше неуспешна.", "permanent"),
        ("No es pot lliurar", "Error en el lliurament a aquests destinataris:", "permanent"),
        ("Nije moguće isporučiti", "Isporuka ovim primateljima nije uspjela:", "permanent"),
    ],
)
def test_servers_write_in_the_language_of_their_owner(subject, words, kind):
    raw = shapes.mail(f"{words}\n\n{shapes.ADA}\n", subject, "postmaster@example.com")
    found = sorting.sort(raw)
    assert (found.kind, found.address) == (kind, shapes.ADA)


def test_the_alternative_in_html_and_what_a_company_sets_below_change_nothing():
    disclaimer = "\n\nAda Lovelace\nReader Ltd\n" + "This e-mail is confidential.\n" * 20
    raw = (
        f"From: {shapes.ADA}\nSubject: Re: Harbour Brief\nMIME-Version: 1.0\n"
        "Content-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nHello,\nUnsubscribe\n{disclaimer}\n"
        "--b\nContent-Type: text/html\n\n<p>Hello,<p><b>Unsubscribe</b><hr>Ships came.\n--b--\n"
    )
    assert sorting.sort(raw.encode()).kind == sorting.UNSUBSCRIBE


def test_a_report_in_html_is_read_though_a_list_adds_its_footer_as_text():
    raw = (
        "From: postmaster@example.com\nSubject: Undeliverable: News\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/html\n\n<p>{shapes.ADA}<p>The recipient's mailbox is full.\n"
        "--b\nContent-Type: text/plain\n\n____\nusers mailing list\nhttps://lists.example.net\n--b--"
    )
    found = sorting.sort(raw.encode())
    assert (found.kind, found.address) == (sorting.TRANSIENT, shapes.ADA)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Please confirm your subscription", "If you did not request this, ignore this mail."),
        ("Zustellung", "Der Newsletter kommt bei mir nicht mehr an. Bitte prüfen."),
        (
            "Re: Undelivered Mail",
            f"What is that?\n> Final-Recipient: {shapes.ADA}\n> Status: 5.1.1",
        ),
    ],
)
def test_who_asks_something_is_no_bounce_and_no_complaint(subject, words):
    assert written(words, subject).kind == sorting.NOT_A_BOUNCE


def test_a_note_of_absence_may_speak_of_deliveries():
    words = "If your message could not be delivered, call us. 550 Main Street."
    found = written(words, "Out of office: delivery", "Return-Path: <>")
    assert found.kind == sorting.NOT_A_BOUNCE


def test_a_report_beyond_ascii_names_the_whole_address():
    raw = (
        "From: MAILER-DAEMON@example.net\nSubject: Undelivered\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; mx\n\n"
        "Final-Recipient: utf-8; jörg@example.com\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    assert sorting.sort(raw.encode()).address == "jörg@example.com"
