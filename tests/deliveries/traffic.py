"""Opens and clicks of an edition as they come in, each labelled with who makes them; seeded."""

import random
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, Any]
LINKS = 9

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
CHROME = _WINDOWS + "Chrome/{}.0.0.0 Safari/537.36"
EDGE = _WINDOWS + "Chrome/{0}.0.0.0 Safari/537.36 Edg/{0}.0.0.0"
MAC_CHROME = CHROME.replace("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{}.1 Safari/605.1.15"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {0}_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/{0}.5 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{}.0.0.0 Mobile Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
APPLE_MAIL = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
)
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; "
    "Microsoft Outlook 16.0.5266; ms-office; MSOffice 16)"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_OLD_PHONE = (
    "Mozilla/5.0 (Linux; Android 4.4.2; GT-I9505 Build/KOT49H) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36"
)
_IN_AN_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 [LinkedInApp]/9.29"
)
ODD = (
    _OLD_PHONE,
    _IN_AN_APP,
    ANDROID.format(124).replace("; K", "; CUBOT_X19"),
    CHROME.format(126).replace("Windows NT 10.0; Win64; x64", "X11; CrOS x86_64 14541.0.0"),
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Windows NT 5.1; rv:52.0) Gecko/20100101 Firefox/52.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.1.1",
)
PROGRAMS = (
    *("python-requests/2.31.0", "curl/8.4.0", "Go-http-client/1.1", "Java/17.0.9", "okhttp/4.12.0"),
    *("Wget/1.21.3", "axios/1.6.2", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"),
    *(
        "Apache-HttpClient/4.5.14 (Java/11.0.20)",
        "aiohttp/3.9",
        "Scrapy/2.11",
        "PostmanRuntime/7.3",
    ),
    CHROME.format(126).replace("Chrome", "HeadlessChrome"),
)
PREVIEWS = (
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    *("WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "Twitterbot/1.0"),
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@example.com",
)
# In networks that nobody rents out or filters mail from.
_HOMES = (24, 62, 71, 77, 79, 81, 84, 86, 90, 93, 109, 178, 188, 201, 212)


class Day:
    """One edition's traffic: who comes, and when."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        self.chance = random.Random(seed)
        self.scale = scale
        self.readers = 0

    def rows(self, kinds: dict[Callable[["Day"], Iterator[Row]], int], label: str) -> list[Row]:
        """Return the hits of each of *kinds* as often as it says."""
        found: list[Row] = []
        for kind, times in kinds.items():
            for _ in range(round(times * self.scale)):
                as_all = {"edition": 7, "kind": kind.__name__, "label": label}
                found.extend({**as_all, **row} for row in kind(self))
        return found

    def reader(self) -> int:
        self.readers += 1
        return self.readers

    def home(self) -> str:
        chance = self.chance
        return f"{chance.choice(_HOMES)}.{chance.randrange(256)}.{chance.randrange(256)}.7"

    def within(self, network: str) -> str:
        rest = [str(self.chance.randrange(1, 255)) for _ in range(4 - len(network.split(".")))]
        return ".".join([network, *rest])

    def browser(self) -> str:
        pattern, versions = self.chance.choice(
            [
                (CHROME, (109, 150)),
                (EDGE, (118, 150)),
                (MAC_CHROME, (120, 150)),
                (SAFARI, (15, 26)),
                (IPHONE, (15, 19)),
                (ANDROID, (110, 150)),
                (FIREFOX, (102, 150)),
            ]
        )
        return pattern.format(self.chance.randint(*versions))

    def moment(self) -> float:
        """Return a moment of the day after a send: many at first, then ever fewer."""
        return 60 + self.chance.expovariate(1 / 14_000)

    def link(self) -> int:
        """Return a link as readers choose: the first ones, mostly."""
        return min(int(self.chance.expovariate(1 / 2.2)), LINKS - 1)


# --- people ---------------------------------------------------------------------


def clicks_one(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at = day.moment()
    if day.chance.random() < 0.5:  # images are off for the others
        yield {**who, "at": at, "link": "open"}
    yield {**who, "at": at + day.chance.uniform(2, 90), "link": day.link()}


def reads_several(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at = day.moment()
    for _ in range(day.chance.randint(2, 5)):
        at += day.chance.uniform(8, 240)
        yield {**who, "at": at, "link": day.link()}


def opens_tabs(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at = day.moment()
    for link in sorted(day.chance.sample(range(LINKS), day.chance.randint(3, 5))):
        at += day.chance.uniform(0.7, 1.6)
        yield {**who, "at": at, "link": link}


def opens_tabs_at_once(day: Day) -> Iterator[Row]:
    """Faster than hands are, now and then: links in any order, at any moment of four seconds."""
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at = day.moment()
    for link in day.chance.sample(range(LINKS), day.chance.randint(2, 4)):
        yield {**who, "at": at + day.chance.uniform(0, 4), "link": link}


def clicks_twice(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at, link = day.moment(), day.link()
    for wait in (0, day.chance.uniform(0.1, 0.6)):
        yield {**who, "at": at + wait, "link": link}


def comes_back(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": day.reader()}
    at, link = day.moment(), day.link()
    for wait in (0, 3, 7_200):
        yield {**who, "at": at + wait, "link": link}


def has_an_odd_browser(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.chance.choice(ODD), "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def uses_the_relay(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["104.28", "172.225", "146.75", "140.248"]))
    agent = day.chance.choice([SAFARI, IPHONE]).format(17)
    yield {"ip": ip, "user_agent": agent, "delivery": day.reader(), "at": day.moment(), "link": 1}


def sits_behind_a_filter(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["165.225.12", "136.226.60", "163.116.130", "146.112.9"]))
    who = {"ip": ip, "user_agent": EDGE.format(140), "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def uses_a_vpn(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["165.22", "51.75", "139.162", "185.159", "45.76"]))
    yield {"ip": ip, "user_agent": day.browser(), "delivery": day.reader(), "at": day.moment(),
           "link": day.link()}  # fmt: skip


def reads_in_gmail(day: Day) -> Iterator[Row]:
    at, reader = day.moment(), day.reader()
    who = {"ip": day.home(), "user_agent": day.browser(), "delivery": reader}
    yield {**who, "at": at + day.chance.uniform(4, 60), "link": day.link()}


def has_a_gateway_too(day: Day) -> Iterator[Row]:
    """A person whose gateway has looked at all links an hour before."""
    who = {"ip": day.home(), "user_agent": EDGE.format(139), "delivery": day.reader()}
    yield {**who, "at": day.moment() + 3_600, "link": day.link()}


def an_office(day: Day) -> Iterator[Row]:
    """Many people, one address, one browser; most of them follow the same link."""
    who = {"ip": day.home(), "user_agent": EDGE.format(141)}
    at = 45.0
    for _ in range(40):
        at += day.chance.expovariate(1 / 4)
        yield {**who, "at": at, "link": day.link(), "delivery": day.reader()}


def a_mobile_carrier(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": ANDROID.format(149)}
    at = 30.0
    for _ in range(60):
        at += day.chance.expovariate(1 / 1.5)
        link = 0 if day.chance.random() < 0.7 else day.link()
        yield {**who, "at": at, "link": link, "delivery": day.reader()}


PEOPLE: dict[Callable[[Day], Iterator[Row]], int] = {
    clicks_one: 400,
    reads_several: 120,
    opens_tabs: 50,
    opens_tabs_at_once: 20,
    clicks_twice: 40,
    comes_back: 25,
    has_an_odd_browser: 30,
    uses_the_relay: 40,
    sits_behind_a_filter: 30,
    uses_a_vpn: 20,
    reads_in_gmail: 80,
    has_a_gateway_too: 40,
    an_office: 3,
    a_mobile_carrier: 1,
}


# --- machines -------------------------------------------------------------------


def _all_links(
    day: Day, ip: str, agent: str, *, step: float = 0.12, method: str = "GET"
) -> Iterator[Row]:
    at, reader = 1 + day.moment() / 400, day.reader()
    for link in range(LINKS):
        at += day.chance.uniform(0.01, 2 * step)
        yield {"ip": ip, "user_agent": agent, "delivery": reader, "at": at, "link": link,
               "method": method}  # fmt: skip


def safe_links(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["40.94.20", "104.47.9", "52.102.3"]))
    yield from _all_links(day, ip, EDGE.format(110))


def defender_in_azure(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["20.42", "13.82", "20.51", "40.76"]))
    at, reader = day.moment() / 300, day.reader()
    who = {"ip": ip, "user_agent": CHROME.format(122), "delivery": reader}
    yield {**who, "at": at, "link": "open"}
    yield {**who, "at": at + 1, "link": day.link()}


def barracuda(day: Day) -> Iterator[Row]:
    yield from _all_links(day, day.within("209.222.82"), CHROME.format(79), step=0.3)


def proofpoint(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["67.231.150", "148.163.140", "205.220.170"]))
    who = {"ip": ip, "user_agent": FIREFOX.format(115), "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def mimecast(day: Day) -> Iterator[Row]:
    yield from _all_links(day, day.within("207.211.30"), CHROME.format(120), step=0.4)


def names_itself(day: Day) -> Iterator[Row]:
    agent = day.chance.choice(
        ["BarracudaCentral", "Mozilla/5.0 (compatible; Barracuda Sentinel)", "Mimecast URL Scanner"]
    )
    yield from _all_links(day, day.home(), agent, step=3)


def heads(day: Day) -> Iterator[Row]:
    ip, agent = day.home(), day.browser()
    for row in _all_links(day, ip, agent, step=2, method="HEAD"):
        yield row
        yield {**row, "method": "GET", "at": row["at"] + 0.2}


def an_unknown_gateway(day: Day) -> Iterator[Row]:
    """Held out: a browser like any other, from a network that says nothing, over all links."""
    yield from _all_links(day, day.home(), day.browser(), step=0.15)


def some_links_at_once(day: Day) -> Iterator[Row]:
    """Held out: four links of nine, all at the same moment and in any order."""
    at, reader = day.moment(), day.reader()
    who = {"ip": day.home(), "user_agent": CHROME.format(128), "delivery": reader}
    for link in day.chance.sample(range(LINKS), 4):
        yield {**who, "at": at + day.chance.random() * 0.6, "link": link}


def a_slow_gateway(day: Day) -> Iterator[Row]:
    """Held out: one link every few seconds, and the canary, which gives it away."""
    at, reader = day.moment() / 200, day.reader()
    who = {"ip": day.home(), "user_agent": CHROME.format(131), "delivery": reader}
    yield {**who, "at": at, "link": "canary"}
    for link in range(LINKS):
        at += day.chance.uniform(1.5, 6)
        yield {**who, "at": at, "link": link}


def an_unhurried_gateway(day: Day) -> Iterator[Row]:
    """Held out: all links, in any order, two seconds or so apart."""
    at, reader = day.moment(), day.reader()
    who = {"ip": day.home(), "user_agent": EDGE.format(133), "delivery": reader}
    for link in day.chance.sample(range(LINKS), LINKS):
        at += day.chance.uniform(0.8, 2.6)
        yield {**who, "at": at, "link": link}


def a_scattered_gateway(day: Day) -> Iterator[Row]:
    """Held out: each link from another address."""
    for row in _all_links(day, "", CHROME.format(125)):
        yield {**row, "ip": day.home()}


def a_program(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.chance.choice(PROGRAMS), "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def a_preview(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": day.chance.choice(PREVIEWS), "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def says_nothing(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": "", "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def prefetches(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": CHROME.format(140), "delivery": day.reader()}
    headers = {"Sec-Purpose": "prefetch;prerender", "Accept-Language": "de"}
    yield {**who, "at": day.moment(), "link": day.link(), "headers": headers}


def an_old_browser(day: Day) -> Iterator[Row]:
    agent = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2228.0"
    who = {"ip": day.home(), "user_agent": agent, "delivery": day.reader()}
    yield {**who, "at": day.moment(), "link": day.link()}


def a_headless_browser(day: Day) -> Iterator[Row]:
    who = {"ip": day.home(), "user_agent": CHROME.format(127), "delivery": day.reader()}
    headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    yield {**who, "at": day.moment(), "link": day.link(), "headers": headers}


def apple_privacy(day: Day) -> Iterator[Row]:
    ip = day.within(day.chance.choice(["17.58.9", "104.28.40", "172.226.3"]))
    agent = day.chance.choice(["Mozilla/5.0", APPLE_MAIL])
    yield {"ip": ip, "user_agent": agent, "delivery": day.reader(), "at": day.moment() / 20,
           "link": "open"}  # fmt: skip


def gmails_proxy(day: Day) -> Iterator[Row]:
    yield {"ip": day.within("66.249.84"), "user_agent": GMAIL, "delivery": day.reader(),
           "at": day.moment(), "link": "open"}  # fmt: skip


MACHINES: dict[Callable[[Day], Iterator[Row]], int] = {
    safe_links: 20,
    defender_in_azure: 30,
    barracuda: 15,
    proofpoint: 30,
    mimecast: 12,
    names_itself: 8,
    heads: 8,
    an_unknown_gateway: 15,
    some_links_at_once: 15,
    a_slow_gateway: 10,
    an_unhurried_gateway: 4,
    a_scattered_gateway: 3,
    a_program: 60,
    a_preview: 30,
    says_nothing: 20,
    prefetches: 15,
    an_old_browser: 15,
    a_headless_browser: 15,
    apple_privacy: 150,
    gmails_proxy: 120,
}


def outlook_opens(day: Day) -> Iterator[Row]:
    yield {"ip": day.home(), "user_agent": OUTLOOK, "delivery": day.reader(), "at": day.moment(),
           "link": "open"}  # fmt: skip


def traffic(seed: int, scale: float = 1.0) -> list[Row]:
    """Return a day's hits, in the order in which they come."""
    day = Day(seed, scale)
    rows = day.rows({**PEOPLE, outlook_opens: 60}, "human") + day.rows(MACHINES, "machine")
    return sorted(rows, key=lambda row: row["at"])
