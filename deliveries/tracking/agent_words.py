"""Words that programs carry in their user agents; by kind, in lower case.

Where a word is found in a person's browser too, a pattern beside it says in
which form it is a program's.
"""

import re

_OFFICE = """
ms-office|msoffice|microsoft office|microsoft outlook|microsoft word|microsoft excel
microsoft powerpoint"""

_IMAGE_PROXY = """
googleimageproxy|ggpht.com|yahoomailproxy|yahoo mail proxy|yahoo! mail proxy|imageproxy|image-proxy
image proxy|imgproxy|mailproxy|mail proxy"""

# Of gateways, virus scanners and those who look for phishing.
_SCANNER = """
barracuda|proofpoint|pphosted|urldefense|mimecast|cloudmark|fireeye|trellix|fortinet|fortiguard
fortigate|fortimail|fortisandbox|sophos|symantec|messagelabs|bluecoat|blue coat|trendmicro
trend micro|forcepoint|websense|ironport|ciscosecure|cisco-|kaspersky|bitdefender|vadesecure
vade secure|spamhaus|spamassassin|mailscanner|hornetsecurity|retarus|libraesva|avanan|checkpoint
check point|ironscales|cofense|phishme|knowbe4|greathorn|darktrace|tessian|zixcorp|appriver|vipre
spamtitan|spamexperts|spamfilter|paloalto|palo alto|wildfire|expanse|safelink|safe-link
safebrowsing|safe-browsing|safe browsing|urlanalyzer|url-analyzer|url analyzer|urldefence
urlscan|url-scan|virustotal|netcraft|phishtank|phishlabs|phishfort|google-safety|smartscreen
microsoft-exchange|exchangewebservices|existence discovery|protocol discovery|cryptoapi|zvelo
webroot|withsecure|avg linkscanner|linkcheck|link-check|link check|linkscan|link scan|linkprotect
link protect|linkvalid|linkexpand|unshorten|antivirus|anti-virus|antispam|anti-spam|malware"""

# Of what shows a link in a chat or on a social site.
_PREVIEW = """
facebookexternalhit|facebookcatalog|meta-external|whatsapp/|slackbot|slack-img|twitterbot
linkedinbot|discordbot|telegrambot|skypeuripreview|vkshare|pinterestbot|redditbot|mastodon|embedly
iframely|quora link|preview|google-pagerenderer|outbrain|snapchatads|flipboardproxy|bitlybot"""

# Of libraries, tools, browsers without a window and monitors.
_LIBRARY = """
python|aiohttp|httpx|urllib|scrapy|mechanize|curl|wget|go-http-client|fasthttp|java/|jakarta
apache-http|httpclient|http_client|http-client|http client|okhttp|retrofit|unirest|restsharp|axios
undici|superagent|needle/|phantomjs|headless|puppeteer|playwright|selenium|webdriver|cypress|jsdom
slimerjs|casperjs|electron-fetch|ruby|faraday|typhoeus|httparty|guzzle|php/|zend_http|symfony|pecl
snoopy|libwww|lwp|perl|winhttp|wininet|powershell|webclient|indy library|postman|insomnia|httpie
reqwest|hyper/|ureq|dart/|dart:|elixir|erlang|hackney|deno/|lighthouse|ptst/|gtmetrix|pingdom
statuscake|uptime|site24x7|newrelic|datadog|nagios|zabbix|prometheus|jmeter|apachebench|vegeta
zgrab|masscan|nmap|nikto|sqlmap|nuclei|wpscan|censys|shodan|qualys|nessus|acunetix|detectify
openvas|libredtail|winhttprequest|libhttp|nghttp|http.rb|excon|cfschedule|coldfusion"""

# What any other program may call itself, and addresses, which no browser gives.
_BOT = """
crawl|spider|slurp|archive|scraper|scraping|fetch|monitor|scanner|validator|validate|checker|analyz
inspect|sandbox|detonat|prefetch|prerender|http://|https://|www.|proxy|feedparser|feedly
feedburner|feedbin|mediapartners|google-|googleother|google favicon|adsbot|like gecko;
like gecko,|; compatible|compatible)|compatible;i"""

KINDS: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (kind, tuple(words.strip().replace("\n", "|").split("|")))
    for kind, words in (
        ("image-proxy", _IMAGE_PROXY),
        ("office", _OFFICE),
        ("scanner", _SCANNER),
        ("preview", _PREVIEW),
        ("library", _LIBRARY),
        ("bot", _BOT),
    )
)

# Word, the form in which it is a program's, kind.
FORMS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (word, re.compile(form), kind)
    for word, form, kind in (
        ("bot", r"(?<!cu)bots?(?![a-z])", "bot"),  # Cubot makes telephones
        ("(compatible", r"\(compatible(?!; (?:msie|konqueror|yabrowser))", "bot"),
        ("@", r"\w@[\w-]+\.[a-z]", "bot"),
        ("(at)", r"\w\(at\)\w", "bot"),
        (".", r"\w\.(?:com|org|net|io|co|dev|edu|gov)\b", "bot"),
        ("agent", r"[-_ ]agent\b|agent/", "bot"),
        ("scan", r"scan(?:s|ning)?\b", "scanner"),
        ("probe", r"\bprobe|probe\b", "bot"),
        ("rss", r"\brss\b", "bot"),
        ("cisco", r"\bcisco\b(?! webex| jabber)", "scanner"),
        ("eset", r"\beset\b", "scanner"),
        ("talos", r"\btalos", "scanner"),
        ("tmes", r"\btmes\b", "scanner"),
        ("zix", r"\bzix\b", "scanner"),
        ("f-secure", r"\bf-secure", "scanner"),
        ("go ", r"\bgo \d", "library"),
        ("got", r"\bgot(?:/| \()", "library"),
        ("node", r"\bnode(?:\.js|js|-[a-z]+)?(?:[/ ]|$)", "library"),
        ("bun/", r"\bbun/", "library"),
        ("k6/", r"\bk6/", "library"),
        ("siege", r"\bsiege\b", "library"),
        ("java", r"\bjava\d", "library"),
        (" http", r"\.net http", "library"),
        ("splash", r"\bsplash\b", "library"),
        ("burp", r"\bburp\b", "library"),
    )
)
