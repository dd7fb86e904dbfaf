"""Attacks by people: they leave in mid-send, and click Publish fifty times."""

import threading
import time

from django.conf import settings

from briefs.models import User
from deliveries.models import Delivery, Edition
from intelbrief.ops import services
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import Scene
from intelbrief.ops.instance import free_port
from intelbrief.ops.visitor import PageRefused, Visitor
from subscribers import consent
from subscribers.models import Subscription

WITHIN = 2.0  # seconds from the commit to the last letter that may be begun
LEAVERS = 200
CLICKS = 50


def unsubscribe(scene: Scene) -> Report:
    """Readers leave while the edition goes out: nothing is begun for them 2 s after the commit."""
    scene.begin(rate=max(50.0, scene.recipients / 20))
    scene.worker()
    for _strike in scene.strikes(20):
        break  # the first letters are out
    waiting = list(
        Subscription.objects.filter(publication=scene.publication).select_related("subscriber")
    )
    scene.chance.shuffle(waiting)
    left_at: dict[str, float] = {}
    for subscription in waiting[: min(LEAVERS, len(waiting) // 4)]:
        consent.unsubscribe(subscription, source="one-click")
        left_at[subscription.subscriber.address] = time.time()
        time.sleep(8 / LEAVERS)
    scene.finish()
    report = scene.report(0)
    late = [
        one.begun - left_at[one.recipient]
        for one in scene.sink.taken()
        if one.recipient in left_at and one.begun > left_at[one.recipient] + WITHIN
    ]
    if late:
        report.problems.append(
            f"{len(late)} got a letter that was begun up to {max(late):.1f} s after they left."
        )
    skipped = Delivery.objects.filter(
        edition=scene.edition, status=Delivery.Status.SKIPPED, reason="unsubscribed"
    ).count()
    scene.say(f"{len(left_at)} left, {skipped} of them before their turn")
    if not skipped:
        report.problems.append("Nobody was skipped: the drill proved nothing.")
    return report


def publish(scene: Scene) -> Report:
    """Fifty parallel clicks on Publish, with four schedulers and two workers."""
    recipients = scene.recipients
    scene.stage()
    for _scheduler in range(4):
        scene.scheduler()
    for name in ("one", "two"):
        scene.worker(name)
    port = free_port()
    settings.SITE_URL = f"http://127.0.0.1:{port}"
    web = services.web(port, {"SITE_URL": settings.SITE_URL})
    running = scene.scratch.spawn(
        "web", web.command, is_ready=web.is_ready, environment=web.environment
    )
    scene.workers.append(running)
    # To five readers it is over while clicks still come.
    for readers in (5, recipients):
        scene.stage(readers)
        _press_and_wait(scene)
    return scene.report(0)


def _press_and_wait(scene: Scene) -> None:
    """Click, wait until the edition is over, and see that there is one."""
    answers = _click(scene, settings.SITE_URL)
    scene.edition = Edition.objects.get(
        pk__in=Edition.objects.filter(brief=scene.brief).order_by("pk").values("pk")[:1]
    )
    scene.finish()
    time.sleep(1)
    count = Edition.objects.filter(brief=scene.brief).count()
    scene.say(f"{answers.count(200)} of {CLICKS} clicks were answered with a page")
    if count != 1:
        scene.problems.append(f"There are {count} editions of one brief.")
    if answers.count(200) != CLICKS:
        scene.problems.append(f"Clicks were answered with {sorted(set(answers))}.")


def _click(scene: Scene, site: str) -> list[int]:
    """Open the send screen once and press its button from fifty threads; return the statuses."""
    password = "correct horse battery staple"  # noqa: S105  (of a user who lives for seconds)
    User.objects.create_superuser(f"desk{time.monotonic_ns()}@meridian.example", password)
    user = User.objects.latest("pk")
    visitor = Visitor(60)
    page = visitor.open(f"{site}/admin/login/")
    visitor.submit(page, page.form_to_post(), login=user.email, password=password)
    url = f"{site}/admin/deliveries/edition/send/{scene.brief.pk}/"
    form = next(form for form in visitor.open(url).forms() if "when" in form.fields)
    start = threading.Barrier(CLICKS)
    answers: list[int] = []

    def press() -> None:
        start.wait()
        try:
            answers.append(visitor.post(url, form.fields).status)
        except PageRefused as refused:
            scene.say(str(refused))
            answers.append(0)

    threads = [threading.Thread(target=press) for _ in range(CLICKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
