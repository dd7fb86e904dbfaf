"""Recognise people who call our mail spam in words of their own, without any form."""

import re
from email.message import Message

from deliveries.returned import leavewords, reading, replies, wishes

MOST = 600  # characters that are looked at: who comes to it later, discusses
# Said to our face.
_STRONG = re.compile(
    r"(stop|quit|cease)( \S+)? spam+ing|you(r company)?( are|'re|r)?( \S+)? (spam+ing|spam+ers?|"
    r"sending( me| us)? (spam|unsolicited|junk))|"
    r"(this|your (e-?mail|mail|message|newsletter)s?|it)( is|'s| are)( \S+)? (spam\b|junk|"
    r"unsolicited|uce\b|ube\b)(?!\?)|"
    r"report(ed|ing)? (you|this|your|it)\b.{0,60}\b(spam|abuse|provider|authorit|spamcop|isp\b|"
    r"ico\b|ftc\b)|never (signed up|subscribed|opted|asked|requested|gave (you )?(my )?consent)|"
    r"did(n't| not) (sign up|subscribe|opt in|ask for|request|consent)|without my (consent|"
    r"permission)|"
    r"(das|dies|es) ist (\S+ )?spam|(nie|niemals|nicht)( \S+){0,3} (bestellt|angemeldet|abonniert|"
    r"eingewilligt|zugestimmt)|(unerwünschte|unverlangte|belästigung)\w*( werbung| e-?mails?)?|"
    r"spam( \S+)? (gemeldet|melden)|anzeige erstatten|"
    r"(ceci|c'|ce (mail|courriel|message)) ?est (du |un )?(spam|pourriel|ind[eé]sirable)|"
    r"(signale|signal[eé]|d[eé]nonce)\w*.{0,60}\b(spam|pourriel|cnil|abus)|"
    r"jamais (demand[eé]|souscrit|inscrit|abonn|autoris|consenti)|"
    r"(esto|este (correo|mensaje)) es (spam|correo no deseado|basura)|"
    r"(denunci|report)\w+.{0,40}(spam|agencia|abuso)|"
    r"(nunca|jam[aá]s)( \S+){0,2} (suscrib|ped[ií]|solicit|autoric|inscrev|assinei|autorizei)|"
    r"(no|n[aã]o) me (he )?(suscri|inscrev|cadastr)\w+|"
    r"(isto|isso|este e-?mail) [eé] (um )?spam|(questo|questa|[eè]) ([eè] )?(uno )?spam\b|"
    r"mai (richiest|iscritt|autorizzat|dato il consenso)|segnal\w+( \S+){0,4} spam|"
    r"(dit|deze mail|dit bericht) is (\S+ )?spam|nooit (aangemeld|gevraagd|toestemming)|"
    r"(det(ta| här)?|dette) (är|er) (\S+ )?(spam|skräppost|søppelpost)|"
    r"to jest (\S+ )?spam|nigdy( \S+){0,3} (zapis|zamawia|wyraża|subskryb)|"
    r"(это|это письмо|ваша рассылка)( -| —|:)? ?спам|(прекратите|хватит) (\S+ )?(спам|присылать|"
    r"рассыл)|я не подписывал|не давал\w* согласи|"
    r"(toto|to) je (\S+ )?spam|nikdy( \S+){0,3} (nepřihl|nesouhlas|nevyžád)|ez (egy )?spam|"
    r"bu (bir )?spam|(这是|這是)(垃圾|骚扰)|(举报|投诉).{0,10}垃圾|"
    r"迷惑メールです|스팸(입니다|신고)",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"\bspam|unsolicited|\bjunk\b|\babuse\b|\buce\b|beschwerde|bel[aä]stig|plainte|pourriel|"
    r"queja|denuncia|den[uú]ncia|reclamo|reclama[cç]|segnalazion|klacht|skarg|жалоб|спам|"
    r"stížnost|panasz|şikayet|投诉|投訴|举报|迷惑|苦情|스팸|신고",
    re.IGNORECASE,
)
_DESK = re.compile(r"\b(abuse|spam|complaints?|fbl|postmaster)@", re.IGNORECASE)


def accuses(message: Message, text: str) -> bool:
    """Tell whether a person complains of us in *message*, whose own text is *text*.

    Lists, newsletters and programs speak of spam too: what they send is none.
    """
    if not wishes.is_private(message):
        return False
    if wishes.token_of(message) is not None:
        return False  # to leave is what they asked for
    own = wishes.own_words(text[:5000])[:MOST]
    subject = reading.header(message, "Subject")[:200]
    plain = own.replace("\u2019", "'")
    if not _STRONG.search(plain) or leavewords.STAYS.search(plain):  # “if you did not ask for it”
        return _WEAK.search(own) is not None and _WEAK.search(subject) is not None and _to(message)
    answers = replies.is_answer(message) or replies.is_forward(message)
    return answers or len(own) < 250 or _WEAK.search(subject) is not None or _to(message)


def _to(message: Message) -> bool:
    return any(_DESK.search(value) for value in reading.headers(message, "To"))
