"""Hold what people write who want to leave, in the languages that a reader may answer in."""

import re

# What says nothing of its own: greetings, thanks, and who is meant.
COURTESY = re.compile(
    r"\b(please|pls|plz|kindly|not interested|enough|no thank(s| you)|"
    r"thanks?( you)?|thx|hi|hello|hey|dear (sir|madam|team|all)|"
    r"(best |kind )?regards|cheers|"
    r"bitte|danke( schön)?|vielen dank|hallo|guten (tag|morgen)|sehr geehrte damen und herren|"
    r"(mit freundlichen|viele|freundliche) grü(ß|ss)en?|mfg|"
    r"merci( d'avance)?|bonjour|bonsoir|s'il (vous|te) pla[iî]t|svp|cordialement|"
    r"por favor|gracias|hola|buen[oa]s (d[ií]as|tardes)|saludos|"
    r"obrigad[oa]|ol[aá]|bom dia|boa tarde|atenciosamente|"
    r"per favore|per cortesia|grazie|buongiorno|salve|cordiali saluti|distinti saluti|"
    r"alstublieft|a\.?u\.?b\.?|dank (u|je)( wel)?|bedankt|met vriendelijke groet(en)?|beste|"
    r"tack|hej|v[aä]nligen|mvh|tak|venligst|vennlig hilsen|takk|"
    r"kiitos|terveisin|prosz[eę]|dzi[eę]kuj[eę]|dzie[nń] dobry|pozdrawiam|"
    r"пожалуйста|спасибо|здравствуйте|добрый день|с уважением|будь ласка|дякую|"
    r"pros[ií]m|d[eě]kuji|dobr[yý] den|k[oö]sz[oö]n[oö]m|k[eé]rem|l[uü]tfen|te[sş]ekk[uü]rler|"
    r"mul[tț]umesc|v[aă] rog|παρακαλώ|ευχαριστώ|شكرا|من فضلك|תודה|בבקשה|cảm ơn|"
    r"tolong|terima kasih)\b|请|請|谢谢|謝謝|您好|你好|お願いします|ください|ありがとうございます|"
    r"부탁드립니다|감사합니다|안녕하세요",
    re.IGNORECASE,
)

# The whole of a subject or of what was written above the quotation, courtesies aside.
WISH = re.compile(
    r"(auto )?(un-?subscri(be|ption)|unsub|opt[ -]?(me )?out|sign ?off( \S+){0,3}|"
    r"(remove|take|delete|drop)( me)?( (off|out))?|stop( (it|this|now|e-?mails?|mails?|"
    r"newsletter|sending))*|quit|leave|cancel|end|"
    r"(cancel|end|stop|terminate) (my |the |this )?(subscription|newsletter|membership)|"
    r"abmeld(en|ung)|abbestell(en|ung)|austragen|k[uü]ndig(en|ung)( \S+){0,4}|"
    r"(newsletter |e-?mails? )(abmelden|abbestellen|abmeldung|abbestellung|stoppen|austragen)|"
    r"stornieren|l[oö]schen|stopp(en)?|"
    r"((je veux |je souhaite |veuillez |merci de )?(me |se |m')?d[eé]s(abonner|inscrire))|"
    r"d[eé]sabonne[rz](-moi)?|d[eé]sabonnement|d[eé]sinscri(re|ption|vez-moi)|arr[eê]te[rz]|"
    r"supprime[rz](-moi)?|r[eé]siliation|"
    r"(dar(me|se|nos)?( de)? )?baja|des?inscribir(me|se)?|desuscri(bir(me|se)?|pci[oó]n)|"
    r"(cancelar?|anular?|eliminar?)( (mi|la|minha|a|de))*( (suscripci[oó]n|inscri[cç][aã]o|"
    r"assinatura|newsletter|cadastro))?|borrar(me)?|parar?|"
    r"descadastr(ar|o|e)(-me|-se)?|remover|remova-?me|sair( da lista)?|cancelamento|"
    r"cancella(re|mi|temi|zione)|disiscri\w+|annulla(re)? (l')?iscrizione|rimuov(i|ere|ete)mi?|"
    r"(ik wil )?(me )?(uitschrijven|afmelden|opzeggen|uitschrijving|afmelding)|stopzetten|"
    r"avregistrera( mig)?|avprenumerera|avanm[aä]l\w*( mig)?|avsluta( \S+){0,2}|"
    r"avmeld\w*( meg)?|afmeld\w*( mig)?|frameld\w*( mig)?|"
    r"peru(uta)?( tilaus| tilaukseni)?|poista( minut)?( listalta)?|"
    r"wypisz( mnie)?|wypis(anie)?( z \S+)?|rezygn(uj[eę]|acja)( z \S+)?|wyrejestruj( mnie)?|"
    r"usu[nń] mnie|"
    r"отпи(саться|ска|сать|сывайте|шите|ши)( меня)?|отказ(аться)?( от \S+)?|удалите( меня)?|"
    r"відпи(сатися|шіть|сати)( мене)?|"
    r"odhl[aá](sit|ste|šen[ií]|sen[ií])( (se|m[eě]))?|zru[sš]it( odb[eě]r)?|"
    r"(a )?leiratkoz\w*|t[oö]r[oö]lj(ön|enek|en)( \S+)?|lemond\w*|"
    r"dezabon\w*( m[aă])?|abonelikten? ?([cç][ıi]k|ayr[ıi]l)\w*|[uü]yelikten [cç][ıi]k\w*|"
    r"aboneli[gğ]i(mi)? iptal( et)?|odjav\w*|odjava|отпи(шете|сване)|"
    r"διαγραφή|απεγγραφή|"
    r"退[订訂]|取消(订阅|訂閱|訂阅)?|不(要)?再(发|發|寄)(送|了)?|(メルマガ|配信|メール)?(配信)?(の)?(停止|解除|不要)|"
    r"購読(の)?(解除|中止)|登録解除|退会|"
    r"(구독|수신) ?(을 |를 )?(취소|거부|해지|중단)( ?합니다| ?해 ?주세요)?|"
    r"إلغاء (ال)?اشتراك(ي)?|(ביטול|בטל) (מנוי|הרשמה)|הסר(ה)?( אותי)?|הסירו אותי|"
    r"h[uủ]y (đăng ký|theo dõi)|berhenti( berlangganan)?|ยกเลิก(การ)?(สมัคร|รับข่าวสาร)?(สมาชิก)?)"
    r"( (newsletters?|bolet[ií]n|liste?|lista|lijst|рассылки|от \S+|"
    r"(my |this |mi |meu |meine? )?(e-?mail|address|adresse|correo)( address)?|"
    r"me|us|request|now|mich|uns|moi|mig|meg|jetzt|sofort|"
    r"(from|off|of) (the |this |your |all )*(\S+ )?(list|lists|mailing list|newsletters?|"
    r"e-?mails?|mails?)( list)?))*",
    re.IGNORECASE,
)
# In subjects one says from what.
SUBJECT = re.compile(
    r"(auto )?unsubscribe (from\b.{0,80}|this .{0,40}|all)|"
    r"(remove|take|delete) me (from|off)\b.{0,80}|"
    r"remove from (the )?(list|mailing list).{0,40}|signoff\b.{0,40}",
    re.IGNORECASE,
)

# Within a few sentences of one's own.
PLEA = re.compile(
    r"\b(unsubscribe|remove|delete|opt) (me|us|my|this|the following)\b|\btake (me|us) off\b|"
    r"\b(unsubscribe|remove|delete|take)( \S+@\S+)? (from|off) (the|this|your|all)\b|"
    r"(remove|delete|take) (me|my (e-?mail|name|address)( address)?) (from|off)|"
    r"(stop|cease) (sending|e-?mailing|mailing)|"
    r"(like|want|wish) to (unsubscribe|opt[ -]?out|be (removed|unsubscribed|taken off))|"
    r"(no longer|not|n't)( \S+)? (wish|want|like)( to)? (receive|get|any( more)?|be on)\b|"
    r"cancel my (subscription|registration)|"
    r"keine?n?( weiteren?)? (newsletter|e-?mails?|mails?) mehr|"
    r"(quiero|quisiera|deseo|quero|desejo|gostaria de|vorrei|voglio)( \S+)? (cancel|anula|desus|"
    r"desin|descad|disiscr)\w+|(gerne|gjerne|vil)( \S+)? (afmeld|avmeld|frameld)\w*|"
    r"no more( \S+)? (e-?mails?|mails?|newsletters?|messages)\b|"
    r"(aus|von) (dem|der|ihrem|ihrer|eurem) (e-?mail-?|mail-?)?(verteiler|liste|newsletter)|"
    r"newsletter( \S+){0,3} (ab\b|abmelden|abbestellen)|vom newsletter ab|"
    r"m[oö]chte( \S+){0,6} (abmelden|abbestellen|nicht mehr|keine?n?( weiteren?)?) ?"
    r"(erhalten|bekommen|e-?mails?|mails|newsletter|post)?|"
    r"(keine?n?|nicht mehr)( \S+){0,4} (newsletter|e-?mails|mails|post)( \S+){0,3} "
    r"(erhalten|bekommen|zusenden|schicken)|melden sie mich( \S+){0,4} ab|"
    r"(ne|n') ?(souhaite|veux|d[eé]sire) (plus|pas) recevoir|"
    r"(me|m'|nous) ?(d[eé]sinscrire|d[eé]sabonner|retirer|supprimer|enlever|rayer)|"
    r"(retirer|supprimer) (mon|cette|l')( ?\S+){1,3} de (votre|vos|la) |"
    r"(retire[rz]|supprime[rz]|d[eé]sabonne[rz]|d[eé]sinscrivez)-(moi|nous)|"
    r"no (quiero|deseo|queremos) (seguir |m[aá]s )?recib|(d[eé]n|dar|darme|denme|denos)(me)? de "
    r"baja|(borr|elimin|quit)(en|e|ar)me|"
    r"n[ãa]o (quero|desejo|gostaria de) (mais )?receber|"
    r"(remov|retir|exclu|descadastr)\w+( o)? (meu|nosso|este) e-?mail|"
    r"non (voglio|desidero|vorrei) (più )?ricevere|"
    r"(cancell|rimuov|togli|disiscriv)\w*(mi|temi|rmi)\b|"
    r"(cancell|rimuov|togli|elimin)\w*( il)? "
    r"(mio|nostro|questo) (indirizzo|nome|nominativo|e-?mail)|"
    r"(uitschrijven|afmelden|uit te schrijven|af te melden) (voor|van|uit)|"
    r"(mij|me|ons)( \S+)? (uitschrijven|afmelden|uit te schrijven|af te melden)|"
    r"(geen|niet)( \S+){0,3} (meer|meer te) ontvangen|(haal|verwijder) (mij|me)\b|"
    r"avregistrera mig|avsluta (min|prenumeration)|vill inte( \S+){0,3} (ha|få)\b|"
    r"ta bort mig|(afmeld|frameld|slet) mig|(meld|stryk) meg|"
    r"(ønsker|vil) ikke( \S+){0,3} (modtage|motta|ha)\b|"
    r"(poistakaa|poista) minut|en halua( \S+){0,3} (saada|vastaanottaa)|"
    r"(wypisanie|wypisa[cć]|usuni[eę]cie|usun[aą][cć]|wykre[sś]l\w+) (mnie|mojego)|"
    r"nie (chc[eę]|życzę sobie)( \S+){0,3} otrzymywa|"
    r"не (хочу|желаю|хотим) (больше )?получать|отпишите|(исключ|удал|убер)\w+ (меня|мой|нас)|"
    r"(не хочу|не бажаю) (більше )?отримувати|видаліть мене|"
    r"odhl[aá](sit|ste|šen[ií])( \S+){0,2} (z|od)\b|nechci( \S+){0,3} (dost[aá]vat|odeb[ií]rat)|"
    r"t[oö]r[oö]lj[oöeé]n?(enek|ek)? (a|az|el)\b|nem (szeretn[eé]k|k[eé]rek)( \S+){0,3} (kapni|"
    r"h[ií]rlev)|dezabon\w+|nu (mai )?(doresc|vreau) s[aă] (mai )?prime|"
    r"(beni|bizi)( \S+){0,4} ([cç][ıi]kar|sil)|(almak|g[oö]rmek) istemiyorum|"
    r"不(想|要|希望)(再)?(收到|接收)|(从|從).{0,12}(列表|名单|名單).{0,6}(删除|移除|刪除)|"
    r"(配信|メルマガ|購読).{0,12}(停止|解除|やめ|不要)|受信を希望しません|"
    r"(구독|수신|뉴스레터).{0,10}(취소|거부|해지|중단|원하지)|"
    r"(أزل|احذف|إزالة).{0,30}(القائمة|بريد)|לא (רוצה|מעוניי?נ?ת?) לקבל|"
    r"(không muốn nhận|tidak ingin menerima)",
    re.IGNORECASE,
)
# “Please do not remove me”; and what stands below newsletters: “if you no longer wish …”.
STAYS = re.compile(
    r"(do not|don'?t|never|not to|won'?t) (ever |please )?(unsubscribe|remove|delete|take|stop|"
    r"cancel)|nicht (abmelden|abbestellen|l[oö]schen|aus (dem|der|ihrem))|"
    r"ne (me |nous )?(d[eé]sabonne|d[eé]sinscri|retire|supprime)\w* pas|"
    r"no (me|nos) (den|d[eé]|borr|quit|elimin)|non (cancell|disiscriv|rimuov)|"
    r"не (отписывай|удаляй|исключай)|(stay|remain|keep me) on|"
    r"\bif you\b|\b(wenn|falls) (sie|du)\b|\bsi (vous|tu|usted|no|ya)\b|"
    r"\bse (non|n[aã]o|voc[eê]|desideri|vuoi)\b|\bals (u|je)\b|\b(om|hvis) du\b|jos (et|haluat)|"
    r"je[sś]li (nie|chc)|если вы|pokud (již|si|ne)|click(ing)? (here|below|the|on)",
    re.IGNORECASE,
)
QUOTES = re.compile(
    r"-{2,}\s*(original|urspr[uü]ng|weitergeleit|forwarded|mensaje orig|mensagem orig|"
    r"message d.orig|messaggio orig|oorspronkelijk|opprinnelig|oprindelig|wiadomo|исходн|"
    r"転送|元の|原始|원본)|_{10,}|"
    r".{0,200}(wrote|schrieb|a [eé]crit|escribi[oó]|ha scritto|escreveu|schreef|skrev|пишет|"
    r"написал\w*|пише|napisał\w*|kirjoitti|[ií]rta|napsal\w*|yazd[ıi]|写道|寫道|작성|έγραψε|"
    r"כתב|كتب)[^:：]{0,150}[:：]$|"
    r"(on|am|le|el|il|em|op|den|в|w dniu)\b.{5,200}(wrote|schrieb|a écrit|escribió|"
    r"ha scritto|escreveu|schreef|skrev|пишет|написал\w*|napisał\w*)\s*:?$|"
    r".{0,200}\d.{0,200}\S@\S+.{0,40}[:：]$|"
    r"\*?(from|von|de|da|van|от|fr[aå]n|fra|od|от кого|від|lähettäjä|kimden|gönderen|feladó|"
    r"发件人|寄件者|差出人|보낸 ?사람|από|מאת|من)\s?[:：]\*?\s.*@",
    re.IGNORECASE,
)
SIGNED = re.compile(
    r"(sent (from|with|via)|get outlook|gesendet (von|mit)|von meinem|diese nachricht wurde|"
    r"envoy[ée] (de|depuis|avec|[àa] partir)|enviado (desde|do|a partir)|"
    r"inviato da|verzonden (vanaf|met)|отправлено|skickat fr|sendt fra|lähetetty|wysłan[eoy] z|"
    r"odesl[aá]no|iphone'?umdan|iphoneから|发自|從我的|나의 iphone|télécharger outlook|"
    r"this message was automatically generated)\b",
    re.IGNORECASE,
)
