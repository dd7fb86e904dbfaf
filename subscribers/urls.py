"""Where readers subscribe, confirm and unsubscribe."""

from django.urls import path

from subscribers.views import about, embed, feeds, mailed, preferences, reading, signup

app_name = "subscribers"

urlpatterns = [
    # Before the slugs, and without a slash at the end: the URLs that are mailed
    # are final, since a redirect turns a mail client's POST into a GET.
    path("s/confirm/<str:token>", mailed.confirm, name="confirm"),
    path("s/more/<str:token>", mailed.canary, name="canary"),
    path("s/prefs/<str:token>", preferences.footer, name="preferences"),
    path("s/own/<str:token>", preferences.own, name="own"),
    path("s/undo/<str:token>", preferences.undo, name="undo"),
    path("s/address/<str:token>", preferences.address, name="address"),
    path("s/read/leave", reading.leave, name="leave"),
    path("s/read/<str:token>", reading.enter, name="enter"),
    path("s/invitation/<str:token>", reading.invitation, name="invitation"),
    path("s/feed/<str:token>/atom", feeds.show, {"written": "atom"}, name="feed"),
    path("s/feed/<str:token>/json", feeds.show, {"written": "json"}),
    path("u/<str:token>", mailed.unsubscribe, name="unsubscribe"),
    path("s/", signup.choose, name="choose"),
    path("s/thanks", signup.chosen, name="chosen"),
    path("s/challenge", signup.challenge, name="challenge"),
    path("s/<slug:slug>/challenge", signup.challenge, name="challenge"),
    path("s/<slug:slug>/embed/", embed.embed, name="embed"),
    path("s/<slug:slug>/embed.js", embed.embed_script, name="embed_script"),
    path("s/<slug:slug>/", signup.subscribe, name="subscribe"),
    path("s/<slug:slug>/thanks/", signup.thanks, name="thanks"),
    path("s/<slug:slug>/preferences/", preferences.ask, name="ask_link"),
    path("s/<slug:slug>/reading/", reading.ask, name="ask_reading"),
    path("s/<slug:slug>/privacy/", about.privacy, name="privacy"),
    path("s/<slug:slug>/imprint/", about.imprint, name="imprint"),
    path("s/<slug:slug>/look.css", about.look, name="look"),
]
