"""Recognise the wish to leave: mail to the address of List-Unsubscribe, or with that subject."""

import re
from email.message import Message

from deliveries.returned import reading

# unsubscribe+<token>@…: the token is that of the link (subscribers.tokens), whose case counts.
_LOCAL = re.compile(r"\bunsubscribe\+([A-Za-z0-9_-]{15,80})@", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?<![\w.+-])(unsubscribe|list-unsubscribe|leave|"
    r"optout|opt-out|remove|signoff)(?:[+_=-][^\s@<>]*)?@",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\W*((re|aw|antw|sv|fwd?|wg|tr|rv|odp)\s*:\s*)*\W*(please |pls |bitte |kindly |auto )?"
    r"(un-?subscribe|unsubscribe (me|request|from\b.{0,80}|please|this .{0,40}|all)|"
    r"unsubscription|"
    r"unsub|opt[ -]?out|opt me out|signoff\b.{0,40}|sign off|(please )?(remove|take|"
    r"delete) me( (from|off)\b.{0,80})?|remove( from (the )?(list|mailing list).{0,40})?|"
    r"abmelden|abmeldung|abbestellen|abbestellung|newsletter (abmelden|abbestellen|abmeldung)|"
    r"austragen|kündigen|kündigung( \S+){0,4}|"
    r"d[eé]sabonner?|d[eé]sinscription|d[eé]sinscrire|se d[eé]sabonner|d[eé]sabonnement|"
    r"cancelar (la )?(suscripci[oó]n|inscri[cç][aã]o|assinatura)|darse? de baja|baja|"
    r"desuscribir(se|me)?|desinscribir|anular suscripci[oó]n|"
    r"descadastrar|descadastro|remover|cancelar|"
    r"cancellami|cancellazione|disiscri\w+|annulla(re)? (l.)?iscrizione|disiscrivimi|"
    r"uitschrijven|afmelden|uitschrijving|avregistrera|avanmäl\w*|avmeld\w*|afmeld\w*|frameld\w*|"
    r"peruuta( tilaus)?|peru tilaus|"
    r"wypisz( mnie)?|wypis|rezygnacja|wyrejestruj|отписаться|отписка|отпишите( меня)?|отписать|"
    r"відписатися|"
    r"odhl[aá]sit( se)?|odhl[aá]šen[ií]|leiratkoz\w*|dezabon\w*|abonelikten? (çık|ayrıl)\w*|"
    r"üyelikten çık\w*|"
    r"退订|取消订阅|退訂|取消訂閱|配信停止|購読解除|登録解除|解除|"
    r"退会|구독 ?취소|수신 ?거부|إلغاء الاشتراك|ביטול מנוי|הסר|"
    r"hủy đăng ký|berhenti berlangganan)"
    r"( (me|please|request|mich|bitte))?\W*",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"\W*(please |pls )?(unsubscribe|remove|opt[ -]?out|stop|abmelden|abbestellen|désabonner|"
    r"desinscribir|baja|отписаться|退订)"
    r"( me)?( (from|off) .{0,60})?( please)?\W*",
    re.IGNORECASE,
)
# Within a few sentences of one's own.
_PLEA = re.compile(
    r"\b(unsubscribe|remove|delete) me\b|\btake me off\b|"
    r"(remove|delete|take) (me|my (e-?mail|name|"
    r"address)( address)?) (from|off)|(stop|cease) (sending|e-?mailing|spamming)|"
    r"aus dem verteiler|newsletter (bitte )?(ab|nicht mehr)|no (quiero|deseo) recibir|"
    r"ne (souhaite|veux) plus recevoir|non (voglio|desidero) (più )?ricevere|"
    r"n[ãa]o (quero|desejo) (mais )?receber|не (хочу|желаю) (больше )?получать|отпишите",
    re.IGNORECASE,
)
_HEADERS = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "Cc",
)


_SIGNED = re.compile(
    r"(sent from|get outlook|gesendet (von|mit)|von meinem|"
    r"envoy[ée] (de|depuis)|enviado (desde|do)|"
    r"inviato da|verzonden vanaf|отправлено)\b",
    re.IGNORECASE,
)


def token_of(message: Message) -> str | None:
    """Return the token of the unsubscribe address that *message* was sent to, or None.

    It proves nothing by itself: whoever acts on it verifies its MAC.
    """
    for name in _HEADERS:
        for value in reading.headers(message, name):
            if found := _LOCAL.search(value):
                return found[1]
    return None


def wishes_to_leave(message: Message, text: str) -> bool:
    """Tell whether *message* asks to be taken off, by where it went or by what it says."""
    if token_of(message) is not None:
        return True
    subject = reading.header(message, "Subject")[:200]
    if _SUBJECT.fullmatch(subject):
        return True
    to_us = any(_PLAIN.search(v) for name in _HEADERS for v in reading.headers(message, name))
    own = own_words(text[:5000])
    if to_us and len(own) < 400:
        return True
    if len(own) < 80 and _BODY.fullmatch(own) is not None:
        return True
    return len(own) < 250 and "@" not in own and _PLEA.search(own) is not None


def own_words(text: str) -> str:
    """Return what the writer of *text* wrote above what is quoted."""
    lines = []
    for line in text.splitlines():
        bare = line.strip()
        if (
            bare.startswith(">")
            or re.match(
                r"-{2,}\s*(original|ursprüng|weitergeleit|forwarded|mensaje orig|message d.orig)|"
                r"_{10,}|"
                r"(on|am|le|el|il|em|op|den|в|w dniu)\b.{5,200}(wrote|schrieb|a écrit|escribió|"
                r"ha scritto|escreveu|schreef|skrev|пишет|написал\w*|napisał\w*)\s*:?$|"
                r"(from|von|de|da|van|от):\s.+@",
                bare,
                re.IGNORECASE,
            )
            or bare == "--"
        ) or _SIGNED.match(bare):
            break
        lines.append(bare)
    return " ".join(" ".join(lines).split())
