"""Mails that come back, one of each shape: (name, kind, address, status, bytes)."""

from typing import NamedTuple

US = "b+00@bounces.harbour.example"
ADA = "ada@example.com"


class Shape(NamedTuple):
    """A mail and what it is."""

    name: str
    kind: str
    address: str
    status: str
    raw: bytes


def mail(body: str, subject: str, sender: str, *more: str, charset: str = "utf-8") -> bytes:
    """Return a plain mail in *charset*; *more* are further header lines."""
    head = [
        *(f"From: {sender}", f"To: {US}", f"Subject: {subject}", *more, "MIME-Version: 1.0"),
        *(f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit"),
    ]
    return "\r\n".join([*head, "", body]).encode(charset)


def dsn(
    action: str,
    status: str,
    diagnosis: str = "",
    *,
    subject: str = "Undelivered Mail Returned to Sender",
    words: str = "This is the mail system at host mx.example.net.",
    fields: str = "",
    kind: str = "message/delivery-status",
) -> bytes:
    """Return a report as RFC 3464 writes it."""
    said = [f"Final-Recipient: rfc822; {ADA}", f"Action: {action}"]
    said += [f"Status: {status}"] if status else []
    said += [f"Diagnostic-Code: smtp; {diagnosis}"] if diagnosis else []
    return "\r\n".join([
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)", f"To: {US}",
        f"Subject: {subject}", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"', "",
        "--b1", "Content-Type: text/plain; charset=utf-8", "", words, "",
        "--b1", f"Content-Type: {kind}", "", "Reporting-MTA: dns; mx.example.net", "",
        *said, *fields.splitlines(), "",
        "--b1", "Content-Type: message/rfc822", "", "Message-ID: <abc@harbour.example>",
        f"To: {ADA}", "Subject: Harbour Brief", "", "Mailbox full? User unknown? No: news.", "",
        "--b1--", "",
    ]).encode()  # fmt: skip


def arf(feedback: str, *fields: str, original: str = f"To: {ADA}") -> bytes:
    """Return a feedback report as RFC 5965 writes it."""
    return "\r\n".join([
        "From: feedback@arf.example", f"To: {US}", "Subject: FW: Harbour Brief",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b2"', "",
        "--b2", "Content-Type: text/plain", "", "This is an email abuse report.", "",
        "--b2", "Content-Type: message/feedback-report", "", f"Feedback-Type: {feedback}",
        "User-Agent: Harbour-FBL/1.0", "Version: 1", *fields, "",
        "--b2", "Content-Type: message/rfc822", "", "From: brief@harbour.example", original,
        "Subject: Harbour Brief", "", "News.", "", "--b2--", "",
    ]).encode()  # fmt: skip


DAEMON = "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>"
QMAIL = (
    "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver "
    "your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it "
    "didn't work out.\n\n<ada@example.com>:\n{}\n\n--- Below this line is a copy of the "
    "message.\n\n"
    "Return-Path: <b+00@bounces.harbour.example>\nTo: ada@example.com\n"
)
EXIM = (
    "This message was created automatically by mail delivery software.\n\nA message that you sent "
    "could not be delivered to one or more of its\nrecipients. {}The following address(es) "
    "failed:\n\n  ada@example.com\n    {}\n\n------ This is a copy of the message, including all "
    "the headers. ------\n\nTo: ada@example.com\n"
)
FULL = "552 5.2.2 <ada@example.com>... Mailbox is full / Postfach voll"
AWAY = "I am out of the office until Monday and will answer your mail then. Ada"


def _s(name: str, kind: str, raw: bytes, address: str = ADA, status: str = "") -> Shape:
    return Shape(name, kind, address, status, raw)


PERMANENT = [
    _s("postfix", "permanent", dsn("failed", "5.1.1", "550 5.1.1 User unknown"), status="5.1.1"),
    _s("no status", "permanent", dsn("failed", "", "550 5.1.1 No such user"), status="5.1.1"),
    _s("exchange", "permanent", dsn(
        "failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
        subject="Undeliverable: Harbour Brief"), status="5.1.10"),
    _s("office 365 edge", "permanent", dsn(
        "failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
        status="5.4.1"),
    _s("null MX", "permanent", dsn(
        "failed", "5.1.0", "556 5.1.10 The domain example.com accepts no mail (nullMX)"),
        status="5.1.10"),
    _s("disabled", "permanent", dsn(
        "failed", "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled"),
        status="5.2.1"),
    _s("general status", "permanent", dsn("failed", "5.0.0", "550 Requested action not taken: "
                                          "mailbox unavailable"), status="5.0.0"),
    _s("spam", "permanent", dsn("failed", "5.7.1", "554 5.7.1 Spam message rejected"),
       status="5.7.1"),
    _s("DMARC", "permanent", dsn(
        "failed", "5.7.26", "550 5.7.26 Unauthenticated email is not accepted due to domain's "
        "DMARC policy"), status="5.7.26"),
    _s("in UTF-8 (RFC 6533)", "permanent", dsn(
        "failed", "5.1.1", "550 5.1.1 Unknown", kind="message/global-delivery-status"),
        status="5.1.1"),
    _s("report in plain text", "permanent", dsn("failed", "5.1.2", "550 Host unknown",
                                                kind="text/plain"), status="5.1.2"),
    _s("german", "permanent", dsn(
        "failed", "5.0.0", "550 Empfänger unbekannt", subject="Unzustellbar: Harbour Brief",
        words="Ihre Nachricht konnte nicht zugestellt werden."), status="5.0.0"),
    _s("qmail", "permanent", mail(QMAIL.format("Sorry, no mailbox here by that name. (#5.1.1)"),
                                  "failure notice", DAEMON), status="5.1.1"),
    _s("exim", "permanent", mail(
        EXIM.format("This is a permanent error. ", "Unrouteable address"),
        "Mail delivery failed: returning message to sender", DAEMON,
        "X-Failed-Recipients: ada@example.com")),
    _s("gmail of old", "permanent", mail(
        "Delivery to the following recipient failed permanently:\n\n     ada@example.com\n\n"
        "Technical details of permanent failure:\nThe email account that you tried to reach does "
        "not exist. 550 5.1.1\n\n----- Original message -----\n\nTo: ada@example.com\n",
        "Delivery Status Notification (Failure)", "mailer-daemon@googlemail.example",
        "X-Failed-Recipients: ada@example.com"), status="5.1.1"),
    _s("sendmail of old", "permanent", mail(
        "   ----- The following addresses had permanent fatal errors -----\n<ada@example.com>\n"
        "    (reason: 550 5.1.1 <ada@example.com>... User unknown)\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n"
        ">>> RCPT To:<ada@example.com>\n<<< 550 5.1.1 <ada@example.com>... User unknown\n",
        "Returned mail: see transcript for details", DAEMON), status="5.1.1"),
    _s("domino", "permanent", mail(
        "Your message\n\n  Subject: Harbour Brief\n\nwas not delivered to:\n\n  ada@example.com\n\n"
        "because:\n\n  User ada (ada@example.com) not listed in Domino Directory\n",
        "DELIVERY FAILURE: User ada (ada@example.com) not listed in Domino Directory",
        "Postmaster@example.com")),
    _s("yahoo", "permanent", mail(
        "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n"
        "<ada@example.com>:\nThis user doesn't have a yahoo.example account (ada@example.com)\n",
        "Delivery failure", "MAILER-DAEMON@yahoo.example")),
    _s("french", "permanent", mail(
        "Votre message n'a pas pu être remis à ada@example.com.\nMotif : utilisateur inconnu.\n",
        "Échec de la remise : Harbour Brief", "Administrateur système <postmaster@example.com>")),
    _s("spanish", "permanent", mail(
        "No se pudo entregar su mensaje a ada@example.com: el usuario no existe.\n",
        "Notificación de error de entrega", "postmaster@example.com", charset="iso-8859-1")),
    _s("portuguese", "permanent", mail(
        "A sua mensagem não pôde ser entregue a ada@example.com.\nDestinatário desconhecido.\n",
        "Falha na entrega da mensagem", "postmaster@example.com")),
    _s("italian", "permanent", mail(
        "Il messaggio per ada@example.com non è stato consegnato: utente sconosciuto.\n",
        "Mancata consegna", "postmaster@example.com")),
    _s("polish", "permanent", mail(
        "Wiadomość do ada@example.com nie została dostarczona. Użytkownik nie istnieje.\n",
        "Niedostarczona wiadomość", "MAILER-DAEMON@example.com", charset="iso-8859-2")),
    _s("russian", "permanent", mail(
        "Ваше письмо не может быть доставлено получателю ada@example.com:\n"
        "пользователь не найден.\n",
        "Ваше сообщение не доставлено", "mailer-daemon@corp.example", charset="koi8-r")),
    _s("japanese", "permanent", mail(
        "次のあて先へのメッセージはエラーのため送信できませんでした。\n\n<ada@example.com>\n"
        "宛先のメールアドレスが見つかりませんでした。\n",
        "Mail System Error - Returned Mail", "Postmaster@example.com", charset="iso-2022-jp")),
    _s("chinese", "permanent", mail(
        "很抱歉您的邮件被退回来了。\n收件人邮件地址（ada@example.com）不存在，邮件无法送达。\n",
        "系统退信", "Postmaster@example.com", charset="gb18030")),
    _s("korean", "permanent", mail(
        "보내신 메일이 ada@example.com 님에게 전송되지 못했습니다.\n"
        "존재하지 않는 사용자입니다. 550\n"
        "메일을 보낼 수 없습니다.\n", "반송: Harbour Brief", "postmaster@example.com",
        charset="euc-kr"), status="5.0.0"),
]  # fmt: skip

TRANSIENT = [
    _s("mailbox full", "transient", dsn("failed", "5.2.2", FULL), status="5.2.2"),
    _s("mailbox full, class 4", "transient", dsn("failed", "4.2.2", "452 4.2.2 Over quota"),
       status="4.2.2"),
    _s("expired", "transient", dsn(
        "failed", "4.4.7", "connect to mx.example.com[192.0.2.1]:25: Connection timed out"),
        status="4.4.7"),
    _s("delayed", "transient", dsn("delayed", "4.4.1", "connection refused",
                                   subject="Delayed Mail (still being retried)"), status="4.4.1"),
    _s("greylisted", "transient", dsn("failed", "4.7.1", "450 4.7.1 Greylisted, try again in 300 "
                                      "seconds"), status="4.7.1"),
    _s("general status, own code of class 4", "transient", dsn(
        "failed", "5.0.0", "421 4.7.0 Too many connections"), status="4.7.0"),
    _s("qmail, over quota", "transient", mail(
        QMAIL.format("ada@example.com: mailbox is over quota"), "failure notice", DAEMON)),
    _s("exim, days later", "transient", mail(
        EXIM.format("", "retry timeout exceeded"),
        "Mail delivery failed: returning message to sender", DAEMON,
        "X-Failed-Recipients: ada@example.com")),
    _s("exim, a warning", "transient", mail(
        "This message was created automatically by mail delivery software.\nA message that you "
        "sent has not yet been delivered to some of its\nrecipients after more than 24 hours "
        "on the queue.\n\nThe address to which the message has not yet been delivered is:\n\n"
        "  ada@example.com\n\nNo action is required. Delivery attempts will continue.\n",
        "Warning: message 1Abc-000 delayed 24 hours", DAEMON)),
    _s("german, full", "transient", mail(
        "Ihre E-Mail an ada@example.com konnte nicht zugestellt werden: Das Postfach ist voll.\n",
        "Mail delivery failed", "Mailer-Daemon@example.de")),
]  # fmt: skip

COMPLAINTS = [
    _s("ARF", "complaint", arf("abuse", f"Original-Rcpt-To: <{ADA}>")),
    _s("ARF without a recipient", "complaint", arf("abuse")),
    _s("ARF, fraud", "complaint", arf("fraud", f"Original-Rcpt-To: {ADA}")),
    _s("JMRP", "complaint", arf(
        "abuse", original=f"X-HmXmrOriginalRecipient: {ADA}").replace(
        b"report-type=feedback-report; ", b"").replace(b"report", b"remark")),
    _s("AOL of old", "complaint", mail(
        "This is an email abuse report for an email message received from IP 192.0.2.1.\nThe user "
        "marked it as spam.\n", "Email Feedback Report for IP 192.0.2.1", "scomp@aol.example"), ""),
]  # fmt: skip

WISHES = [
    _s("to the address of the header", "unsubscribe", mail(
        "This message was automatically generated.", "unsubscribe", f"Ada <{ADA}>").replace(
        b"To: b+00@", b"To: unsubscribe+AbCdEfGhIjKlMnOpQrSt@")),
    *(
        _s(f"by its subject: {subject}", "unsubscribe", mail("", subject, f"Ada <{ADA}>"))
        for subject in ("Unsubscribe", "Abbestellen", "désabonnement", "darse de baja",
                        "отписаться", "退订", "Re: UNSUBSCRIBE")
    ),
    _s("by its only words", "unsubscribe", mail(
        "Please remove me from this list\n\nOn Monday Harbour Watch wrote:\n> News.\n",
        "Re: Harbour Brief", f"Ada <{ADA}>")),
]  # fmt: skip

_NOBODY = "not-a-bounce"
OTHERS = [
    _s("delivered", _NOBODY, dsn("delivered", "2.0.0"), status="2.0.0"),
    _s("relayed", _NOBODY, dsn("relayed", "2.0.0"), status="2.0.0"),
    _s("not spam", _NOBODY, arf("not-spam")),
    _s("DMARC failure report", _NOBODY, arf("auth-failure")),
    _s("read receipt", _NOBODY, dsn("displayed", "").replace(
        b"delivery-status", b"disposition-notification").replace(
        b"Action: displayed", b"Disposition: manual-action/MDN-sent-manually; displayed"), ""),
    *(
        _s(f"away: {subject}", _NOBODY, mail(
            AWAY, subject, f"Ada <{ADA}>", "Auto-Submitted: auto-replied"), "")
        for subject in (
            "Automatic reply: Harbour Brief", "Abwesenheitsnotiz: Harbour Brief",
            "Réponse automatique : Harbour Brief", "Respuesta automática: Harbour Brief",
            "Risposta automatica: Harbour Brief", "Resposta automática: Harbour Brief",
            "Autoodpowiedź: Harbour Brief", "Автоответ: Harbour Brief", "自動返信: Harbour Brief",
            "自动回复: Harbour Brief", "Automatisch antwoord: Harbour Brief",
            "Autosvar: Harbour Brief", "Out of Office", "Re: Harbour Brief",
        )
    ),
    _s("away, with a null sender and a bounce's words", _NOBODY, mail(
        "I am on leave. Your message was not forwarded and will not be read.",
        "Out of office: Delivery of the harbour plans", f"Ada <{ADA}>", "Return-Path: <>",
        "X-Autoreply: yes", "Precedence: bulk"), ""),
    _s("challenge", _NOBODY, mail(
        "Your message is being held. Please confirm that you are a person.",
        "Please verify your message", f"Ada <{ADA}>"), ""),
    _s("ticket", _NOBODY, mail(
        "Thank you for contacting us. We have received your request.",
        "[Ticket #48213] Harbour Brief", "help@example.com", "Auto-Submitted: auto-replied"), ""),
    _s("answer", _NOBODY, mail(
        "The link in today's brief could not be opened: 404 not found. Is it gone?",
        "Re: Harbour Brief", f"Ada <{ADA}>", "In-Reply-To: <abc@harbour.example>"), ""),
    _s("answer that quotes a bounce", _NOBODY, mail(
        "I got this, what is wrong?\n\n> <bob@example.org>: 550 5.1.1 User unknown\n",
        "Re: Undelivered Mail Returned to Sender", f"Ada <{ADA}>",
        "In-Reply-To: <abc@harbour.example>"), ""),
    _s("news of a delivery", _NOBODY, mail(
        "Your parcel was delivered to your neighbour.", "Your delivery has arrived",
        "Parcels <news@parcels.example>"), ""),
    _s("words about unsubscribing", _NOBODY, mail(
        "How do your readers unsubscribe? I ask for an article about newsletters.",
        "A question about unsubscribing", f"Ada <{ADA}>"), ""),
    _s("nothing", _NOBODY, b"", ""),
]  # fmt: skip

ALL = [*PERMANENT, *TRANSIENT, *COMPLAINTS, *WISHES, *OTHERS]
