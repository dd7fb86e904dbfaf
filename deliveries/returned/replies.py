"""Recognise the answers of programs and people, which are never bounces (RFC 3834)."""

import re
from email.message import Message

from deliveries.returned import reading

# Headers that answering programs add; the value does not matter.
_HEADERS = (
    "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoreply-From", "X-Mail-Autoreply",
    "X-Auto-Reply", "X-Auto-Reply-From", "X-Vacation", "X-OOO", "X-TMDA-Confirm-Done",
    "X-Zendesk-From-Account-Id", "X-RT-Ticket", "X-OTRS-FollowUp", "X-Freshdesk-Ticket",
)  # fmt: skip
_SUBJECT = re.compile(
    r"^\W*(re|aw|antw|sv|vs|rv|ynt|odp|r|fw|fwd)?\W*("
    r"auto(matic|mated|matische?|m[aá]tic[ao]?|matisch|matyczna|maattinen|"
    r"matisk[at]?)?[ -]?(e-?mail[ -])?"
    r"(reply|response|respon[sd]er|responder|answer|antwort\w*|rispost\w*|resposta|respuesta|"
    r"r[eé]ponse|svar|"
    r"antwoord|odpowied\w*|vastaus|cevap|acknowledge?ment|notification de r[eé]ception)|"
    r"autoreply|autoresp\w*|auto:|autosvar|autorepl\w*)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"out[ -]of[ -](the[ -])?(office|town|country)|\booo\b|out of office|away from (my|"
    r"the) (office|desk|mail|e-?mail)|"
    r"(on|annual|parental|maternity|paternity|sick|medical) (vacation|holiday|leave)|"
    r"vacation (reply|response|message|notice|autoreply)|"
    r"^\W*(re:\W*)?(vacation|holiday|away|on leave)\b|i( a|')m (currently )?(away|out|"
    r"on (vacation|holiday|leave|annual))|"
    r"currently (away|out of|on leave|on vacation)|"
    r"no longer (with|at|work\w*|employed|monitored|in use)|automatic(ally)? (generated )?(reply|"
    r"response)|automated (reply|response|message)|"
    r"r[eé]ponse automatique|absence d[ue]|absent(e)? d[ue]|message d.absence|"
    r"r[eé]ponse d.absence|en cong[eé]|hors d[ue] bureau|accus[eé] de r[eé]ception|"
    r"automatische antwort|abwesenheit|abwesend|nicht im (b[uü]ro|haus)|au(ß|ss)er haus|"
    r"im urlaub|eingangsbest[aä]tigung|automatisch\w* (antwort|benachricht|e-?mail)|"
    r"respuesta autom|fuera de (la )?oficina|de vacaciones|ausente|ausencia|acuse de recibo|"
    r"contestaci[oó]n autom|"
    r"resposta autom|fora do escrit[oó]rio|de f[eé]rias|aus[eê]ncia|aus[eê]nte|"
    r"risposta autom|fuori (sede|ufficio)|assenza|assente|in ferie|"
    r"afwezig|automatisch antwoord|niet aanwezig|met vakantie|ontvangstbevestiging|"
    r"autosvar|automatiskt? svar|frånvaro|frav[aæ]r|ikke til stede|ikke p[aå] kontoret|semester|"
    r"ferie|poissa|loma(vastaus|lla)|automaattinen vastaus|"
    r"autoodpowied|automatyczna odpowied|nieobecno|poza biurem|na urlopie|urlop|"
    r"автоответ|автоматическ\w+ ответ|в отпуске|отсутств|вне офиса|не в офисе|автовідповід|"
    r"automatick[aá] odpov|mimo kancel|nep[rř][ií]tomn|dovolen[aáé]|automatikus v[aá]lasz|"
    r"házon kívül|szabadság|"
    r"otomatik (yanıt|cevap)|ofis dışında|izinde|tatilde|αυτόματη απάντηση|εκτός γραφείου|"
    r"r[aă]spuns automat|în concediu|automatski odgovor|samodejni odgovor|"
    r"自動返信|自動応答|自动回复|自動回覆|自动答复|不在|"
    r"休暇|外出|休假|휴가|부재중|자동 ?(응답|회신|답장)|"
    r"رد تلقائي|خارج المكتب|תשובה אוטומטית|מחוץ למשרד|tự động trả lời|trả lời tự động|"
    r"ตอบกลับอัตโนมัติ|balasan otomatis",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\[?(ticket|case|request|issue|inquiry|anfrage|vorgang|demande|solicitud|заявка|"
    r"обращение)\s*(id|no|nr|number|#|:)*\s*[#:\[]?\s*[A-Z]{0,6}-?\d{3,}|"
    r"(we|have) (have )?received your (message|e-?mail|request|inquiry|enquiry|mail|query)|"
    r"thank(s| you) for (contacting|your (message|e-?mail|inquiry|enquiry|mail|request)|"
    r"e-?mailing|writing|getting in touch)|"
    r"(vielen )?dank f[uü]r (ihre|deine) (nachricht|anfrage|e-?mail|mail)|merci (pour|"
    r"de) votre (message|e-?mail|mail)|gracias por (su|tu|contactar)|grazie per (la|averci)|"
    r"obrigad[oa] p(or|elo)|спасибо за (ваше|обращение|"
    r"письмо)|bedankt voor (uw|je)|お問い合わせ|受け付け|"
    r"感谢您的(来信|邮件)|"
    r"your (e-?mail|message|request) (has been|was) (received|logged)|message received|"
    r"receipt of your",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"challenge|(please )?(confirm|verify) (that you|your (e-?mail|message|identity|delivery|"
    r"address))|spam ?arrest|boxbe|bluebottle|mailblocks|qurb|"
    r"verification (required|needed|request)|sender (verification|confirmation|"
    r"address verification)|"
    r"(confirm|authenticat|approv|verify)\w*( \S+){0,6} (to (deliver|be delivered|release)|"
    r"delivery)|"
    r"your message (is|has been) (being )?(held|quarantined|waiting|on hold)|"
    r"awaiting (your )?(confirmation|approval|moderator)|"
    r"guest ?list|whitelist|moderator approval|choicemail|tmda|vanquish|uol antispam|antispam uol|"
    r"action required.{0,40}(deliver|message|e-?mail)|[bB]est[aä]tigung erforderlich|"
    r"confirmação.{0,20}mensagem",
    re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"^\W*(read|gelesen|lu|le[ií]d[oa]|lida?|letto|gelezen|läst|læst|lest|przeczytan[oey]|"
    r"прочитано|прочтено|既読|已读|已讀|"
    r"not read|ungelesen|non lu|n[aã]o lida|return receipt|read[ -]receipt|lesebest[aä]tigung|"
    r"confirmation de lecture|receipt|disposition notification|empfangsbest[aä]tigung)\b\s*[:\-(]",
    re.IGNORECASE,
)
_RELAYED = re.compile(
    r"^\W*(delivered|relayed|zugestellt|remis|entregado|entregue|consegnato|bezorgd|levererat|"
    r"доставлено|"
    r"successful mail delivery|(mail |message )?delivery (confirmation|success\w*)|"
    r"successfully delivered)\b",
    re.IGNORECASE,
)


# Reports on our domain: DMARC (RFC 7489) and TLS (RFC 8460).
_DOMAIN_REPORT = re.compile(
    r"report[ -]?domain:.{0,200}(submitter|report-id):|\bdmarc\b.{0,40}report|"
    r"^\W*(tls|smtp tls)[ -]?(rpt|report)",
    re.IGNORECASE,
)


def is_receipt(message: Message) -> bool:
    """Tell whether *message* says that our mail arrived or was read (RFC 8098): no bounce."""
    report = reading.parameter(message, "report-type")
    if report == "disposition-notification":
        return True
    for part in reading.parts(message, inside=False):
        if reading.content_type(part) in (
            "message/disposition-notification",
            "message/global-disposition-notification",
        ):
            return True
    subject = reading.header(message, "Subject")[:300]
    return bool(_RECEIPT.search(subject) or _RELAYED.search(subject))


def is_rejection(text: str) -> bool:
    """Tell whether a receipt says that the mail was refused, as Dovecot and Sieve do."""
    return (
        re.search(r"(was|is) (automatically )?(rejected|refused)", text[:1500], re.IGNORECASE)
        is not None
    )


def kind_of(message: Message, text: str) -> str:
    """Return “auto-reply”, “challenge” or “ticket” if a program answered; else nothing.

    Reports of mail servers bear Auto-Submitted too, so these are asked for
    after every sign of a bounce of their own.
    """
    subject = reading.header(message, "Subject")[:300]
    head = text[:1500]
    if "TLS-Report-Domain" in message or _DOMAIN_REPORT.search(subject):
        return "report"
    if _SUBJECT.search(subject) or _WORDS.search(subject):
        return "auto-reply"
    if _CHALLENGE.search(subject):
        return "challenge"
    if _has_header(message):
        return "challenge" if _CHALLENGE.search(head) else "auto-reply"
    if _TICKET.search(subject):
        return "ticket"
    if is_answer(message) or _is_automatic(message):
        if _WORDS.search(head):
            return "auto-reply"
        if _CHALLENGE.search(head):
            return "challenge"
        if _TICKET.search(head):
            return "ticket"
    return ""


def is_auto(message: Message) -> bool:
    """Tell whether *message* bears what only answering programs write."""
    subject = reading.header(message, "Subject")[:300]
    return (
        _has_header(message)
        or _SUBJECT.search(subject) is not None
        # “Out of office: delivery”, but not “Undeliverable: Out of office”.
        or _WORDS.match(subject.lstrip(" [(*")) is not None
    )


def _has_header(message: Message) -> bool:
    if any(name in message for name in _HEADERS):
        return True
    precedence = reading.header(message, "Precedence").lower()
    return (
        precedence in ("auto_reply", "auto-reply")
        or "autoresponder"
        in (
            reading.header(message, "X-POST-MessageClass") + reading.header(message, "Delivered-To")
        ).lower()
    )


def _is_automatic(message: Message) -> bool:
    said = reading.header(message, "Auto-Submitted").lower()
    return said.startswith("auto") or reading.header(message, "Precedence").lower() in (
        "bulk",
        "junk",
        "list",
    )


def is_answer(message: Message) -> bool:
    """Tell whether *message* answers another, by its headers or its subject."""
    return (
        "In-Reply-To" in message
        or "References" in message
        or re.match(
            r"\s*(re|aw|antw|sv|vs|odp|res|rif|ynt|回复|答复|回覆)\s*(\[\d+\])?\s*[:：]",
            reading.header(message, "Subject"),
            re.IGNORECASE,
        )
        is not None
    )


def is_forward(message: Message) -> bool:
    """Tell whether a person forwarded something, by its subject."""
    return (
        re.match(
            r"\s*(fwd?|wg|tr|i|rv|enc|vl|doorst|转发|轉寄)\s*:",
            reading.header(message, "Subject"),
            re.IGNORECASE,
        )
        is not None
    )
