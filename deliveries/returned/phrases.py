"""Hold what servers say when they refuse, by what it means; read from top to bottom.

The phrases are looked for in text that rules.tidy has made: lower case, one line. They come
from the sources of the servers (Postfix, Exim, Sendmail, qmail, Courier, Exchange, Domino),
from the help pages of the big receivers and from reports as they are published in test data.
"""

import re

from deliveries.returned.nobody_there import NOBODY_THERE

# Whatever stands here is read as a regular expression; “ ” is one space, “~” up to 40 characters.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # What is wrong with us comes first: “sender address rejected: domain not found”.
    ("auth", (
        r"\bdmarc\b", r"\bdkim\b~(fail|invalid|missing|not pass|reject|align)",
        (
            r"\bspf\b~(fail|check|reject|not pass|invalid|error|mismatch|align|record|denied|"
            r"validat)"
        ),
        r"(fail|violat)\w*~\bspf\b", r"openspf\.", r"unauthenticated (e-?mail|sender)",
        r"reverse dns", r"\bptr\b~record", r"no ptr\b",
        r"cannot (find|resolve) your (host|reverse|address)",
        r"client host rejected: cannot find", r"unresolvable relay host", r"fix reverse",
        r"sender (address )?(rejected|verif\w+ failed|not verified)",
        r"sender (domain|address)~(does ?n[o']t|not (exist|found|resolv)|must exist|unresolv)",
        r"domain of sender", r"sender verify failed", r"(bad|invalid|unknown) sender",
        r"could not verify (the )?(sender|return)", r"helo (command )?rejected",
        r"(helo|ehlo)~(invalid|not resolv|does not)", r"authentication (is )?required",
        r"must authenticate", r"not authorized to send (mail )?(from|on behalf)",
        r"absenderadresse~(abgelehnt|ungültig)", r"authentication-required", r"autenticazione",
    )),
    ("busy", (
        r"gr[ea]y-?list", r"too many (concurrent |simultaneous )?(connections|sessions|errors)",
        r"rate ?limit",
        r"(receiving|sending) (mail|e-?mail|messages) (at a rate|too (quickly|fast))", r"throttl",
        r"temporarily deferred", r"exceeded~(hourly|daily|per hour|messages per)", r"daily~limit",
        r"mailbox (is )?(locked|in use|busy)", r"quota check failed", r"slow down",
        r"频率", r"頻度", r"trop de connexions", r"(connection|message|mail) rate",
        r"max\w* connection", r"(connection|per-domain|session)s? (frequency |connection )?limit",
        r"getting too much mail",
        r"resources temporarily",
    )),
    ("unreachable", (
        r"host not found, try again",
    )),
    ("too-large", (
        (
            r"(message|mail|e-?mail|e-mail message|nachricht|attachment)( file)?( size|"
            r" length)?( is| was)? (too (big|large|long)|larger than)"
        ),
        r"(message|mail|e-?mail) (file )?size~(exceed|limit|larger|too)",
        r"(?<!number of )message~(exceeds|exceeded|larger than)~(size|length|limit|maximum)",
        r"exceed(s|ed)?~(message|mail) (size|length)", r"max(imum)? (message|mail) (size|length)",
        r"size limit for", r"message (length|body)~(exceed|too)", r"too large message",
        r"content too (long|large)", r"quota \(message\)", r"nachricht~zu gro(ß|ss)",
        r"mensaje~(demasiado grande|excede)", r"message trop (gros|volumineux)",
        r"messaggio~(troppo grande|dimensioni)", r"слишком большо", r"크기~초과",
        r"message\.?too ?big", r"sizelimit", r"size restriction", r"maximum size",
    )),
    ("full", (
        r"over[- ]?(disk |the )?(allowed )?quota",
        (
            r"(quota|storage|mailbox)~(is |has been |been |was )?(exceed|used up|exhaust|"
            r"überschritten)"
        ),
        r"exceed\w*~(quota|storage|mailbox|disk space|allocat)", r"quota (is )?full",
        r"full mail ?box",
        (
            r"(mail ?box|mail ?folder|inbox|mail ?drop|maildir|message ?store|spool|"
            r"account)( \S+){0,4} (is )?(too )?full\b"
        ),
        r"(mail ?box|user) exceeds? allowed size", r"out of (disk )?(space|storage)",
        (
            r"(no|not enough|insufficient|lack of|low on) (disk |storage |system |mailbox |"
            r"free )*(space|storage)"
        ),
        r"does not have enough space", r"disk full", r"no space left",
        r"too many messages (on|in)~(server|mailbox|account)", r"too much mail data",
        r"mailbox size limit", r"mailbox~(limit (is )?(exceeded|reached)|has reached)",
        r"would exceed maximum allowed storage", r"reached~quota", r"\bmbox full\b",
        r"user'?s? (mailbox|space)~(full|used up)", r"quota violation", r"mail quota",
        r"quotaexceeded", r"system(speicher)? (is )?full",
        r"postfach~(voll|überfüllt|überschritten|quota)", r"speicherplatz",
        r"bo[iî]te~(pleine|saturée)", r"quota (est )?dépass", r"casella~pien[ao]",
        r"(bu[zs][oó]n|casilla|buz=n)~(llen[oa]|excedid[oa])",
        r"(espacio|cuota)~(exced|agot|insuficiente)", r"caixa~(cheia|lotada)", r"cota~exced",
        r"mailbox~vol\b", r"postvak~vol\b", r"переполнен", r"квот",
        r"skrzynk\w+~(pełna|przepełniona|zapełniona)", r"quota~przekroczon", r"容量",
        r"いっぱい|一杯|満杯",
        r"邮箱已满", r"郵箱已滿", r"已满", r"空间不足", r"posta kutusu~dolu", r"kota~aş",
        r"postilaatikko~täynnä", r"brevlåda~full", r"schránka~pln", r"가득", r"exceeded storage",
        r"(casella|cassetta)~pien", r"ящик~(заполн|полон|полн)", r"скриньк~(заповн|переповн)",
        r"переповнен", r"кутия~пълна", r"꽉 ?(찼|차)", r"용량~초과", r"已滿", r"信箱~滿",
        r"(postkasse|postboks|postlåda|inkorg)~(er |är )?(over)?ful", r"brevlådan?~full",
        r"(postal[aá]d|postafi[oó]k)\w*~(megtelt|tele|betelt)", r"posta kutu\w*~dolu",
        r"(γραμματοκιβ[ωώ]τιο|θυρίδα)~(πλ[ηή]ρ|γεμάτ)", r"תיב\w+~מלאה", r"ممتلئ",
        r"(c[aă]su[tț]a|cutia)~plin", r"schr[aá]nk\w+~(plná|přeplněn|preplnen)",
        r"(sandučić|pretinac)~pun", r"b[uú]stia~plena", r"(hộp thư|hòm thư)~đầy",
        r"kotak (surat|masuk|pesan)~penuh", r"กล่อง.{0,20}เต็ม", r"inbox is full",
        r"overdrawn~(quota|space)", r"maildir~(quota|overdrawn)", r"(user|domain)disk quota",
        r"error writing message: file too large", r"messages in~mailbox exceeded",
        r"accounts? size limit", r"bo[iî]te .{0,30}pleine",
        r"(bu[zs][oó]n|casilla)~(est[aá] )?(al )?(llen|l[ií]mite|complet)",
        r"storage allocation", r"space not enough", r"zu ?viele mails", r"overquota",
        r"mail ?folder is full", r"user has too many messages",
    )),
    ("loop", (
        r"mail (forwarding )?loop", r"(routing|forwarding|mail) loop",
        r"loops? back to (me|myself)", r"too many hops", r"hop count exceeded",
        r"maximum hop count", r"too many received", r"message (is )?looping", r"loop detected",
        r"max hops", r"delivered-to loop", r"mail for \S+ loops",
    )),
    ("relay", (
        (
            r"relay(ing)? (access |is |not |has been |mail )?(denied|prohibited|not permitted|"
            r"not allowed|rejected|disallowed)"
        ),
        r"unable to relay", r"(not|no|don'?t|do not|won't|cannot|can't|not permitted to) relay\b",
        r"relay(ing)? not (permitted|allowed)", r"we do not relay",
        r"relaying (mail )?(to|for|from)~(not|denied|prohibited)", r"allowed rcpthosts",
        r"isn'?t in my list of allowed", r"not (a )?gateway", r"not our customer",
        r"mail to~not~(local|permitted) here", r"not configured to (accept|relay)",
        r"not a relay", r"(domain|host) (is )?not (hosted|handled|served|local)",
        r"relay_?denied", r"open relay",
        r"you are not allowed to (connect|send) (to|through)~relay", r"no relaying",
        r"relais interdit",
    )),
    ("spam", (
        r"\bspam\b(?!haus|cop)(?!\.(org|net|com))", r"\bspam(my|ming|med|like|-like)\b",
        r"\bjunk( ?mail)?\b", r"unsolicited", r"\bbulk\b", r"\bube\b", r"\buce\b", r"\bvirus",
        r"\bmalware", r"infected", r"phish", r"suspicious", r"viagra",
        (
            r"(message|mail|e-?mail|content|body|subject)~(was |been |is )?(filtered|not accepted|"
            r"unacceptable|looks like)"
        ),
        r"content (filter|policy|scanner|reject|denied)",
        r"content~(rejected|blocked|banned|denied)", r"banned (content|attachment|file|word)",
        (
            r"(attachment|file (type|name))~(not allowed|blocked|banned|forbidden|prohibited|"
            r"reject|stripped|refus)"
        ),
        r"uribl", r"surbl", r"blacklisted url", r"unzulässiger|unerlaubter anhang",
        r"5\.7\.0 reject,? id", r"reject,? id=", r"advertis", r"junkmail", r"pourriel", r"спам",
        r"垃圾", r"迷惑",
    )),
    ("blocked", (
        r"black-?list", r"block-?list", r"\bdeny-?list",
        r"\b(rbl|dnsbl|sbl|xbl|pbl|rhsbl|drbl)\b", r"spamhaus", r"spamcop", r"sorbs",
        r"barracuda", r"mail-?abuse\.", r"(?<!not )(?<!n't )\blisted (in|on|at|by)",
        r"is (currently )?(listed|blocked|banned)\b",
        (
            r"your (ip|host|server|mail ?server|network|isp|domain|address)~(block|ban|reject|"
            r"list|den(y|ied)|reputation|refus|not allowed|suspicious)"
        ),
        r"(block|bann|reject)ed (by|using|from|for|due|because|-)", r"has been blocked",
        r"been blocked", r"reputation",
        r"(ip|host|server|network|domain) (address )?(is )?(blocked|banned|refused)",
        r"dynamic (ip|address)", r"dialup", r"blocked (message|mail|sender|address)",
        (
            r"(sender|client|host|connection|you|mail from|access) (is |are |was |has been |"
            r"address )?(blocked|banned|refused by|denied by)"
        ),
        r"not currently accepting mail from your ip",
        r"(part of )?their network is on our block list", r"\bs3140\b", r"\bs3150\b",
        r"complaint", r"bl000\d", r"access (from|to)~(block|denied)", r"access denied\. ip",
        r"go away", r"sperrliste", r"gesperrte? ip", r"tss\d\d", r"\[(ts|br|pr|ph|ss)\d\d\]",
        r"not accept(ing)? (mail|e-?mail|messages|connections) from", r"refused to talk to me",
        r"no (access|mail) from", r"closed due to~(spam|policy)", r"blocked\b",
    )),
    *NOBODY_THERE,
    ("unreachable", (
        (
            r"connection (was )?(timed out|refused|reset|dropped|lost|closed|failed|aborted|died|"
            r"expired)"
        ),
        (
            r"(could not|couldn'?t|can'?t|cannot|unable to|failed to|not able to|wasn'?t able to|"
            r"problems?) (to )?(connect|establish|contact|reach|open connection|open a)"
        ),
        r"no route to host", r"network (is )?(unreachable|error|problem)",
        r"host (is )?(unreachable|down|did not|not responding|unavailable)", r"lost connection",
        r"timed? ?out", r"timeout", r"not respond", r"no (response|answer)", r"unreachable",
        r"conversation with~(timed|failed)", r"could not initiate smtp",
        r"did not accept our requests to connect", r"broken pipe",
        r"tls~(fail|error|required|not available)", r"starttls", r"certificate", r"handshake",
        r"bad connection", r"remote~closed", r"retry time not reached", r"smtp connection",
        r"connection attempt", r"deferred:", r"host not found, try again",
        r"malformed or unexpected name server", r"нет соединения", r"соединени",
    )),
    ("expired", (
        (
            r"(message|mail|delivery|queue|retry|transmission|time)~(expired|too old|too long|"
            r"timed out|timeout exceeded|time ?-?limit)"
        ),
        r"giving up", r"has been in the queue", r"message (has )?expired",
        r"maximum (retry|queue|time)", r"could not be delivered (for|within|after)~(day|hour)",
        r"(for|in|after|within|over) \d+ (days|hours|day)\b", r"not been collected",
        r"undeliverable for", r"not (yet )?been delivered", r"expired", r"haltbarkeit",
    )),
    ("later", (
        r"try (again )?(a bit )?later", r"try again in", r"too many (messages|recipients|mails)",
        r"try again\b~later",
        (
            r"temporar\w+ (local |system |server |lookup )?(problem|failure|error|rejected|"
            r"unavailable)"
        ),
        r"server (is )?(too )?busy", r"system load", r"under maintenance",
        r"insufficient system resources", r"service (currently |temporarily )?unavailable",
        r"not available at this time", r"is being (deferred|delayed)",
        r"später (noch einmal|nochmal|erneut)", r"réessay", r"(re|es)saye", r"tente novamente",
        r"intente de nuevo", r"inténtelo", r"riprova", r"повторите попытку", r"попробуйте позже",
        r"稍后", r"稍後", r"local configuration error", r"internal (server |software )?error",
        r"out of memory", r"proxy error", r"content filter~(failed|timeout)",
        r"queue file write error", r"excessive", r"aliasing (database )?error",
        r"host not found, try again", r"temporary failure", r"temporarily",
    )),
    ("policy", (
        r"polic(y|ies)", r"access denied",
        r"(not|isn'?t|is not|aren'?t) (authori[sz]ed|permitted|allowed)", r"permission denied",
        r"prohibited", r"administrative", r"refused", r"rejected", r"denied", r"restrict",
        r"unauthori[sz]ed", r"forbidden", r"not accept", r"deny", r"abgelehnt", r"verweigert",
        r"refus[ée]", r"rechazad", r"rejeitad", r"rifiutat", r"отклонен", r"odrzucon",
        r"geweigerd", r"拒绝", r"拒絕", r"拒否",
    )),
)  # fmt: skip

PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile("|".join(phrase.replace("~", ".{0,40}?") for phrase in phrases)))
    for reason, phrases in _WORDS
)
