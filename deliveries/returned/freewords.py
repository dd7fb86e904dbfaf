"""Hold the signs by which a bounce without a form is known, in many languages."""

import re

SENDER = re.compile(
    r"mailer-?_?daemon|postmaster|mail ?delivery|maildaemon|mail-?daemon|mdaemon|mail administrator|"
    r"system administrator|systemadministrator|administrateur syst|administrador del sistema|microsoft ?exchange|"
    r"delivery (subsystem|service|system|agent|status)|mail ?system|mail deliver(y)? sub|returned? mail|(?<![\w.+-])bounces?@|"
    r"smtp ?(server|gateway)|mail ?(robot|router|server|transport)|\bmta\b|notification daemon|undeliver|"
    r"internet mail delivery|symantec|mimecast|ironport|barracuda|mailmarshal|amavis|antivirus|content.?filter|"
    r"smtp@|lotus|domino|groupwise|mailerdaemon|mailsweeper|qmail|администратор|почтов",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"undeliver|non-?deliver|not delivered|undelivered|un-?deliverable|deliver\w* (fail|problem|error|status|notif|delay|report|warn|unsuccess|attempt|impossible|incomplete|has)|"
    r"fail\w* (to )?deliver|failure notice|delivery|return(ed|ing)? (mail|message|to sender|e-?mail)|(mail|message|e-?mail) (return|delivery|fail|system error|error|not sent|undeliver|delay|could not|rejected|blocked|status)|"
    r"bounce|mail ?(failure|error|problem)|rejected|failed|could ?n[o']t be (delivered|sent)|not be delivered|permanent (fatal )?error|(nondeliverable|non remis|nondelivery)|"
    r"warning:? (could not send|message|mail)|message (you sent )?(blocked|could not|not|rejected|status)|delayed|status notification|"
    r"(virus|banned|spam|content|attachment|considered).{0,40}(found|detected|message|in mail|mail|from you|unsolicited)|"
    r"nicht zugestellt|unzustellbar|zustell|rück(läufer|sendung)|fehlgeschlagen|mail(zustellung)? (fehl|konnte)|konnte nicht|"
    r"non (remis|distribu|d[eé]livr)|[eé]chec|remise|notification d.[eé]tat|non[- ]distribution|retour(n[eé])?|message non|"
    r"no (se )?(ha |pudo |puede )?(podido )?(ser )?(entreg|enviad)|devuelto|devoluci[oó]n|rechazado|error (de|en) (env|entrega|correo)|notificaci[oó]n de (estado|error)|"
    r"n[aã]o (foi )?(poss[ií]vel )?(entreg|entregue)|falha|devolvid|devolu[cç][aã]o|erro (de|na|no)|retornad|"
    r"mancat[ao] (consegna|recapito)|recapito|non (consegnat|recapitat)|messaggio non|errore|notifica dello stato|impossibile|"
    r"niet (bezorgd|afgeleverd|bestelbaar)|onbestelbaar|kan niet|bezorg|"
    r"ej lever|kunde inte|inte lever|går inte att|kan ikke|ikke lever|kunne ikke|ikke afleveret|toimit(us|tamat)|epäonnistu|"
    r"niedostarcz|nie dostarcz|niedor[eę]cz|zwrot|zwrócon|nieudane|b[lł][aą]d|status dostarcz|"
    r"не доставлен|недоставлен|не (может|удалось|был[оа]?)|невозможн|ошибк|недоставк|возврат|уведомление о|доставк|не вдалося|"
    r"nedoru[cč]|nelze|nedoruč|kézbesí|sikertelen|nem sikerült|iletilemedi|teslim|gönderilemedi|δεν (παραδόθηκε|ήταν)|μη παραδ|nelivr|neisporu|"
    r"退信|退回|无法|無法|未能|失败|失敗|投递|系统退信|配信|配達|送信|不達|エラー|届|返送|반송|전송 ?실패|배달|발송 ?실패|تعذر|فشل|לא נמסר|מסירה|không thể|ไม่สามารถ|gagal",
    re.IGNORECASE,
)
BODY = re.compile(
    r"not a valid (user|mailbox|recipient|address)|(could|can|was|were|has|have|is|are|did|will)(n't| not|not) (be |been |able to |yet been )*(deliver|sent\b|reach|forward|relay|send\b|transmit|accept|process|complete)|unable to (deliver|send|relay|complete|transfer|transmit)|"
    r"undeliver|undeliverable|non-?deliver|delivery (to|of|has|attempt|was|status|error|fail|is|cannot|could|failed|notification|report)|failed (to deliver|permanently|recipient)|fail(ed|ure) (to|in|during) deliver|"
    r"permanent (fatal |delivery )?(error|failure)|fatal error|user unknown|unknown user|no such (user|mailbox|recipient|address|account|domain)|mailbox (is )?(full|unavailable|not|disabled)|over ?quota|quota exceeded|"
    r"returned? (to sender|mail|message|to you|the)|message (you sent )?(was |has been |is |being )*(rejected|bounced|return|refused|blocked|delay|undeliver|not)|your (message|mail|e-?mail)( \S+){0,8} (was|has|could|did|is|cannot|has been)( \S+){0,3} "
    r"(not|reject|block|return|refus|undeliver|fail|bounc|delay|quarantin|couldn't|wasn't)|wasn't delivered|couldn't be delivered|did not reach|problem(s)? (deliver|occur)|has (encountered|been unable)|rejected (by|your|due|for|because|the|message)|"
    r"(the following|these|this) (address|recipient|addressee|person|destination|user|mail|message)\S*( \S+){0,8} (fail|error|reject|unknown|problem|not|could|undeliver|invalid|permanent|unable|reach)|host (unknown|not found)|relay(ing)? denied|"
    r"still being retried|will (retry|continue|keep|be retried|attempt)|(temporary|transient) (problem|failure|error|delivery)|not yet been delivered|does not exist|(was|were) (automatically )?rejected|message refused|"
    r"(enthielt|enthält|blockiert|abgewiesen|zurückgewiesen|nicht zugestellt|nicht zustell|nicht erreich|unzustellbar|fehlgeschlagen|nicht ausgeliefert|nicht übermittelt|zurückgesandt|empfänger (unbekannt|nicht))|"
    r"(n'a (pas )?(pu|été)|n'ont pas|impossible|pas (été|pu)|échoué|échec|non (remis|distribu)|rejeté|refusé)|(no (se )?(ha |pudo |puede |han )?(podido )?(ser )?(entreg|envi|localiz)|rechazad|devuelt|fall[oó]|no existe)|"
    r"(n[aã]o (foi |pode |p[oô]de )?(poss[ií]vel |ser )*(entreg|envi)|rejeitad|devolvid|falh|n[aã]o existe)|(non (è stato|è stata|ha|può|sono|esiste)|impossibile|rifiutat|respint|fallit|mancata)|"
    r"(niet (worden )?(bezorgd|afgeleverd|bereikt|verzonden)|geweigerd|onbestelbaar)|(kunde inte|inte (levereras|nå)|kunne ikke|ikke leveres|ei voitu|epäonnistu)|(nie (został|mog|można|udało|istnieje)|niedostarczon|odrzucon)|"
    r"(не (может|могло|был|удалось|доставлен|существует|найден)|невозможно|отклонен|ошибк|недоставл)|(nelze|nebyl|nepodařilo|nedoruč)|(nem (sikerült|kézbesít|lehet))|(iletilemedi|teslim edilemedi|gönderilemedi|ulaştırılamadı)|"
    r"(退信|退回|无法|無法|未能|失败|失敗|不存在|被拒)|(配信できません|配達できません|送信できません|届けることが|見つかりません|届きませんでした|できませんでした|送れませんでした)|(반송|실패|수 없)|(تعذر|فشل|لم يتم)|(לא ניתן|נכשל)|không thể|ไม่สามารถ",
    re.IGNORECASE,
)
DELAY = re.compile(
    r"\bdelay(ed)?\b|will (continue to |keep |be )?(retry|retri|tr(y|ied) again|trying|attempt)|(still|being) (being )?(retried|trying)|not yet been delivered|not been delivered yet|not been able to deliver( \S+){0,6} yet|"
    r"delivery (attempts? )?will (be|continue)|(no|not need to) (resend|re-send)|do not need to (resend|re-send)|you (do not|don't|needn't) (need|have) to (re-?send|do anything)|warning (message )?only|this is (only )?a warning|warning: (could not|message|mail)|temporary (failure|problem) .{0,40}retry|"
    r"keep trying|status notification \(delay|verzöger|noch nicht zugestellt|weiter(hin)? versucht|retard|différé|sera réessay|retras|atrasad|ritard|vertraag|försen|forsink|opóźni|задерж|повтор\w* попыт|延迟|延遲|遅延|지연",
    re.IGNORECASE,
)
CUT = re.compile(
    r"^[ \t>*=_~|#.-]*+(?:"
    r"below this line is a copy|this is a copy of the (message|header|first)|here is a copy of|(the (text of the )?)?original[ -]message(?! (was|you|to|from|sent|with|could|has|is|of))|(a )?copy of (the|your) (original )?(message|mail)|message headers? (follow|and)|(your )?unsent message|"
    r"(the )?returned message|(your )?original (mail|text|e-?mail|header)|header of (the )?(original|message)|received (message|header|mail) (follow|header)|the header of the original|message text follows|the first \S+ lines|(start|begin\w*) of (the )?(original|returned|message|forward)|message (contents|text|body)|"
    r"undelivered message|rejected message|returned (mail|message) follows|included is a copy|the (body|headers?) of (your|the) (message|mail|original)|forwarded message|end of message|attached (is )?(a copy|message)|"
    r"ursprüngliche nachricht|originalnachricht|originalmail|kopie (der|ihrer)|urspr\S+ mail|message d.origine|message original|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|исходное сообщение|копия (вашего )?(сообщения|письма)|原始邮件|原邮件|元のメッセージ"
    r")"
    r"|^(?:return-path|received|delivered-to|x-original-to|message-id|mime-version|dkim-signature)[ \t]*:[ \t]",
    re.IGNORECASE | re.MULTILINE,
)
# Sentences that only servers write.
FORM = re.compile(
    r"created automatically by (mail|the mail)|this is the (mail system|postfix|qmail|smtp|mailer-daemon|mail delivery)|qmail-send program|permanent fatal errors|automatically generated delivery status|"
    r"non-?delivery (report|notification)|the following (mail|message|e-?mail)( \S+){0,6} (could not|cannot|was not|has not|undeliver)|delivery to the following recipient|transcript of session|"
    r"(could not|cannot) be delivered to (one or more|the following|some)|failed recipient|undeliverable (address|mail|message)|n'a pas pu [eê]tre d[eé]livr[eé]|konnte nicht (an|zugestellt)|no se (ha )?pud\w+ entregar",
    re.IGNORECASE,
)
