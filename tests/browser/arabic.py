"""What the pictures of the archive show beside the newsroom: a publication in Arabic."""

import datetime as dt
import json

from django.utils import timezone

from briefs import revisions, workflow
from briefs.models import Author, Brief, KeyPoint, Publication, Topic
from intelbrief.ops import demo

ARABIC = """أعلنت هيئة ميناء سردانيس يوم الاثنين أن الرافعتين الجديدتين دخلتا الخدمة قبل موعدهما \
بأسبوعين.[^1] وقال المدير إن زمن انتظار السفن تراجع من **أربعة أيام** إلى يوم ونصف.

> لم نعد نعدّ السفن الراسية في الخليج، بل السفن التي غادرته.

## ما الذي يتغيّر

- يعمل الرصيف الشمالي ليلًا ابتداءً من الأحد.
- تُنقل الحبوب بالقطار بدل الشاحنات.
- ترتفع الرسوم مرة واحدة في السنة، لا مرتين.

| السنة | الحاويات |
|---|--:|
| 2015 | 96,000 |
| 2016 | 120,000 |

[^1]: بيان الهيئة، 4 أبريل 2016.
"""


def fill() -> None:
    """Store a publication in Arabic, give briefs their topics, and print where the pages are."""
    here = Publication.objects.get(slug=demo.SLUG)
    there = Publication.objects.create(
        name="مرصد الميناء",
        slug="marsad",
        language="ar",
        tagline="ما تحمله السفن، كل صباح.",
        postal_address="مرصد الميناء\nشارع الرصيف 1",
        sender_name="مرصد الميناء",
        consent_wording="أودّ أن أتلقى مرصد الميناء بالبريد الإلكتروني.",
        colour=here.colour,
    )
    brief = Brief.objects.create(
        publication=there, headline="رافعتان جديدتان في سردانيس", date=dt.date(2016, 4, 6),
        slug="rafiatan", series="الموجز اليومي", body=ARABIC,
    )  # fmt: skip
    KeyPoint.objects.bulk_create(
        KeyPoint(brief=brief, position=position, text=text)
        for position, text in enumerate(("وصلت رافعتان، وتأخرت الثالثة.", "تراجع زمن الانتظار."))
    )
    brief.authors.add(Author.objects.create(name="ليلى حداد", slug="layla"))
    brief.topics.add(Topic.objects.create(publication=there, name="الموانئ", slug="ports"))
    workflow.publish(brief, revisions.take(brief), timezone.now())
    topic = Topic.objects.filter(publication=here, slug="shipping").first()
    open_to_all = here.briefs.filter(status=Brief.Status.PUBLISHED, access=Brief.Access.PUBLIC)
    if topic:
        for one in open_to_all:
            one.topics.add(topic)
    longest = max(open_to_all, key=lambda one: len(one.body))
    print(json.dumps({
        "front": "/",
        "publication": f"/{here.slug}/",
        "brief": longest.web_path(),
        "topic": f"/{here.slug}/topics/shipping/",
        "index": f"/{here.slug}/archive/",
        "search": f"/{here.slug}/search/?q=ship*",
        "right-to-left": brief.web_path(),
    }))  # fmt: skip
