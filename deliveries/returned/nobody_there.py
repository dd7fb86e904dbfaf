"""Hold the phrases of phrases.py by which servers say that a reader is not to be found there.

Their order counts as that of all the others does, so they stand there together, in one place.
"""

NOBODY_THERE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("moved", (
        r"user (has )?moved", r"has moved",
        r"no longer (works|working|employed|with (us|the company|our))",
        r"left the (company|organi[sz]ation)", r"address (has )?changed",
        r"new (e-?mail )?address", r"please use~instead", r"has been replaced by",
        r"recipient moved",
    )),
    ("disabled", (
        (
            r"(account|mail ?box|user|recipient|address|e-?mail|domain)( \S+){0,6} (is |has been |"
            r"was |been |currently |temporarily |administratively )*(disabled|deactivated|"
            r"de-activated|suspended|inactive|frozen|locked|discontinued|terminated|closed|"
            r"expired|blocked|archived|not active|not activated|cancell?ed|out of service)"
        ),
        (
            r"(disabled|deactivated|suspended|inactive|frozen|locked|discontinued|terminated|"
            r"closed|expired|blocked|inactiv\w+) (account|mail ?box|user|recipient|address|"
            r"e-?mail)"
        ),
        r"mailbox~(temporarily )?disabled",
        r"not (been )?accept(ing)? (mail|messages|email) (at|for) this",
        r"no longer (active|in use|in service|valid|available|accept)", r"not active",
        r"user not active", r"dormant", r"unpaid", r"service~(suspend|terminat)",
        r"boîte~(désactiv|archiv|suspend)", r"deaktiviert", r"stillgelegt", r"gesperrt",
        r"desactivad", r"desativad", r"inativ", r"inactiv", r"disabilitat", r"disattivat",
        r"sospes", r"заблокирован", r"отключ", r"неактивн", r"nieaktywn", r"zablokowan", r"冻结",
        r"停用", r"禁用", r"凍結", r"停止", r"ha expirado", r"delivery denied",
        r"user is (suspended|disabled)", r"account~has been~removed",
    )),
    ("no-mailbox", (
        (
            r"(user|recipient|mail ?box|account|address|addressee|alias|local ?part|person|"
            r"spectator|name|customer|subscriber)( \S+){0,5}? (is |was |are |does |do |could |"
            r"can |has |not |be |been |currently |longer )*(not (be )?(exist|found|known|valid|"
            r"recogni[sz]ed|listed|available|present|located|local|here|defined|registered|"
            r"resolved|ok|verified|match|unique|accepted|allowed|permitted|understood|deliver)|"
            r"n'?t (exist|found)|unknown|invalid|undeliverable|nonexistent|non-existent|"
            r"unavail?able|missing|rejected|refused|denied|deleted|removed|wrong)"
        ),
        (
            r"(user|recipient|mail ?box|account|address|e-?mail)\w*~(doesn'?t|dosn'?t|does not|"
            r"do not|did not|don'?t) (exist|have)"
        ),
        (
            r"(unknown|invalid|unrecogni[sz]ed|bad|no such|no valid|nonexist[ae]nt|"
            r"non-exist[ae]nt|non[- ]existing|illegal|incorrect|wrong|undefined|unroutable|"
            r"unrouteable|ambiguous|undeliverable|not a valid|not a known|not an active|"
            r"not a local|unavailable|no|missing|obsolete|deleted|not valid|"
            r"rejected) (or (unknown|invalid|illegal) )?(virtual |local |e-?mail |mail |"
            r"destination |envelope |to |such |domino |final |rcpt )*(user|recipient|mail ?box|"
            r"account|address|addressee|alias|local ?part|local-part|person|name|mail drop|"
            r"destination|rcpt|e-?mail|entry)"
        ),
        r"user (unknown|unkown|inconnu)",
        r"unknown in (virtual|local|relay) (mailbox|recipient|alias)", r"badrcptto",
        r"badrecipientto", r"validrcptto", r"no mailbox (here )?(by|with|under|for|found)",
        r"no one (by|at|with) (that|this)", r"there is no (user|one|such|account|mailbox)",
        r"not in~(directory|address book|recipient)", r"not listed in~(domino|directory|address)",
        r"(directory|lookup) (lookup )?(failed|error)~(recipient|user)?", r"resolver\.(adr|rst)",
        r"access denied\. as\(", r"recipient address rejected", r"rcpt~(rejected|refused)",
        r"recipients?~(rejected|refused|failed)", r"address~(rejected|error)",
        r"all recipients~(invalid|refused|rejected)", r"can'?t create (user )?output file",
        r"user missing home",
        (
            r"(cannot|can'?t|could not|unable to) (find|locate|open|access|verify|identify|"
            r"accept)~(user|recipient|mail ?box|account|address|file)"
        ),
        r"no valid recipients?", r"mail ?box~(unavailable|not)", r"requested action not taken",
        r"does not like recipient", r"verification failed",
        r"not~(email|mail) (account|address|user)", r"doesn'?t have a~account",
        r"delivery to~not (allowed|permitted|authorized)",
        r"no such (person|id|domain user|list|addr)", r"there is no~(account|user)",
        r"unrouteable address", r"unroutable address", r"user-?unknown", r"userunknown",
        r"addr_?unknown",
        (
            r"(unbekannte?r? (empfänger|benutzer|adresse|user|nutzer))|(empfänger|benutzer|"
            r"adresse|postfach|konto|mailadresse)~(unbekannt|nicht (gefunden|vorhanden|bekannt|"
            r"existier|gültig|erreichbar)|existiert nicht|ungültig)|existiert nicht|nicht gefunden"
        ),
        (
            r"(utilisateur|destinataire|adresse|boîte|compte)~(inconnu|n'existe|invalide|"
            r"inexistant|introuvable|n existe)"
        ),
        r"n'existe pas",
        (
            r"(usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|casilla|persona)~(desconocid|"
            r"no existe|inexistente|inv[aá]lid|no v[aá]lid|no (se )?(ha )?(pud|encontr|localiz))|"
            r"no existe|no se encontró"
        ),
        (
            r"(usu[aá]rio|destinat[aá]rio|endere[cç]o|conta|caixa)~(desconhecid|n[aã]o existe|"
            r"inexistente|inv[aá]lid|n[aã]o (foi )?encontrad)|n[aã]o existe"
        ),
        (
            r"(utente|destinatario|indirizzo|casella|account)~(sconosciut|inesistente|non (esiste|"
            r"valid|trovat|è stato))|nessun utente|non esiste"
        ),
        r"(gebruiker|ontvanger|adres|postvak)~(onbekend|bestaat niet|niet gevonden|ongeldig)",
        (
            r"(nieznan|nie istnieje|nie ma takiego|nieprawidłow|brak (takiego )?użytkownika|"
            r"nie znaleziono)"
        ),
        (
            r"(bruger|modtager|användare|mottagare|mottaker|bruker)~(ukendt|okänd|ukjent|"
            r"finns inte|findes ikke|finnes ikke)"
        ),
        (
            r"(не существует|не найден|неизвестн|нет такого|недействител|несуществующ|"
            r"не зарегистр)"
        ),
        r"(neexistuje|neznám|nenalezen)", r"(ismeretlen|nem létezik)",
        r"(bulunamadı|mevcut değil|geçersiz|kullanıcı yok)", r"(necunoscut|nu există)",
        r"(άγνωστ|δεν υπάρχει)", r"(不存在|找不到|无效|無效|没有找到|查無|无此|無此|未找到)",
        (
            r"(存在しない|存在しません|見つかりません|見つかりませんでした|"
            r"不明|宛先不明|有効ではありません|ユーザ.{0,6}いません)"
        ),
        r"(존재하지 않|찾을 수 없|없는 사용자|알 수 없는)",
        r"(غير موجود|لم يتم العثور)",
        r"(לא קיים|לא נמצא)",
        r"không tồn tại", r"ไม่พบ|ไม่มี", r"address (is )?unavailable", r"no thank you rejected",
        r"(user|recipient|mailbox|account)[^a-z]{1,60}unknown", r"email name is not found",
        r"not found$",
        (
            r"(<[^<> ]{1,200}>|[^ @]{1,64}@[^ @]{1,100})\.?,?:? (does not exist|not found|unknown|"
            r"not known|is unknown|is not valid|is invalid|invalid)"
        ),
        r"does(n't| not) exist at", r"no (existe|such)\b(?! (domain|host))",
        r"mailbox name~(not|invalid)", r"unable to deliver to this (address|recipient)",
    )),
    ("no-domain", (
        (
            r"(host|domain|server)( name)?( \S+){0,4} (is |was |does |could |not |"
            r"be )*(not (be )?(found|exist|known|resolv|valid)|unknown|invalid|nonexist|non-exist)"
        ),
        (
            r"(unknown|invalid|bad|no such|nonexist[ae]nt|unrouteable|unroutable|"
            r"illegal) (mail )?(host|domain|site|server)"
        ),
        r"nxdomain", r"null ?mx", r"nullmx", r"no mx\b", r"no~mx~(record|host)",
        r"does ?n[o']t accept (any )?(e-?)?mail", r"domain (name )?(does not|doesn'?t) exist",
        r"couldn'?t find any host", r"could not find any~host",
        r"can'?t find~(host|domain|mail server)", r"dns (error|failure)~(domain|host|not found)?",
        r"(name|host) (service|lookup)~(error|fail|not found)",
        r"(host|domain) lookup~(fail|did not)", r"no~(a|mx) record",
        r"unable to (resolve|route|lookup|look up)", r"domain not in use",
        r"unrouteable mail domain", r"cname lookup failed (perm|after)", r"could not be resolved",
        r"mail server~not found", r"(domain|domäne)~(nicht gefunden|existiert nicht|unbekannt)",
        r"домен~не", r"dominio~(no existe|no válid|inexistente|sconosciut)", r"域名",
        r"configured~mx", r"name or service not known", r"address family for hostname",
        r"an mx or srv record indicated", r"all relevant mx records point to non-existent",
        r"lowest numbered mx record points to local host", r"does not handle mail for",
        r"not our domain",
    )),
)  # fmt: skip
