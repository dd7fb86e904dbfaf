"""Which address belongs to which class, and who may what there. A new address needs a line."""

from typing import NamedTuple

from api.hooks.kinds import KINDS

# Roles in publication A, each with all that the ones before it may. "staff" is whoever may log in
# to the desk; "root" looks after the whole site; at "nobody" a method is refused to everybody.
LADDER = ("staff", "writer", "editor", "publisher", "owner", "root", "nobody")


class Rule(NamedTuple):
    """The least role that gets a page by GET, and the least by whose POST a row may change.

    A *general* page tells of no row of A: whoever has the role in any
    publication gets it, without a word of A's.
    """

    get: str
    post: str
    is_general: bool = False


# Of each model: who sees rows, adds, changes, deletes them.
MODELS = {
    "briefs_auditentry": ("editor", "nobody", "nobody", "nobody"),
    "briefs_snippet": ("writer", "editor", "editor", "editor"),
    "briefs_brief": ("writer", "writer", "writer", "editor"),
    "briefs_revision": ("writer", "nobody", "nobody", "nobody"),
    "briefs_membership": ("owner", "owner", "owner", "owner"),
    "briefs_publication": ("writer", "root", "owner", "nobody"),
    "briefs_topic": ("writer", "editor", "editor", "editor"),
    "briefs_author": ("writer", "editor", "editor", "editor"),
    "briefs_clientgroup": ("publisher",) * 4,
    "briefs_invitation": ("owner", "owner", "nobody", "nobody"),
    "briefs_accountentry": ("root", "nobody", "nobody", "nobody"),
    "briefs_user": ("root",) * 4,
    "subscribers_subscription": ("publisher", "nobody", "nobody", "nobody"),
    "subscribers_consentrecord": ("publisher", "nobody", "nobody", "nobody"),
    "subscribers_consentwording": ("publisher", "nobody", "nobody", "nobody"),
    "subscribers_notice": ("publisher", "nobody", "nobody", "nobody"),
    "subscribers_groupmember": ("publisher", "nobody", "nobody", "publisher"),
    "subscribers_importrun": ("publisher", "publisher", "publisher", "nobody"),
    "subscribers_subscriber": ("publisher", "publisher", "publisher", "nobody"),
    "subscribers_defence": ("publisher", "nobody", "publisher", "nobody"),
    "subscribers_suppression": ("publisher", "publisher", "owner", "nobody"),
    "subscribers_suppressionrelease": ("publisher", "nobody", "nobody", "nobody"),
    "deliveries_delivery": ("publisher", "nobody", "nobody", "nobody"),
    "deliveries_edition": ("writer", "nobody", "nobody", "nobody"),
    "deliveries_segment": ("publisher",) * 4,
    "analytics_trouble": ("publisher", "nobody", "nobody", "nobody"),
    "analytics_editionfigures": ("writer", "nobody", "nobody", "nobody"),
    "api_hookmessage": ("owner", "nobody", "nobody", "nobody"),
    "api_hookendpoint": ("owner", "owner", "owner", "nobody"),
    "api_apikey": ("owner", "owner", "nobody", "nobody"),
}
# What may be done to chosen rows of a list.
ACTIONS = {
    "subscribers_subscription": "unsubscribe",
    "api_hookmessage": "replay_chosen",
    "briefs_invitation": "withdraw",
    "briefs_user": "reset_second_factors",
}
# Pages of the desk that Django's admin does not bring.
DESK = {
    # Authors are the whole site's, and changed by those whose briefs they stand under.
    "briefs_author_change": Rule("writer", "editor", True),
    "briefs_author_delete": Rule("editor", "editor", True),
    "briefs_author_history": Rule("writer", "nobody", True),
    "index": Rule("staff", "nobody", True),
    "search": Rule("staff", "nobody", True),
    "logout": Rule("nobody", "staff", True),
    "login": Rule("nobody", "nobody", True),  # leads to /accounts/login/
    "password_change": Rule("staff", "nobody", True),
    "password_change_done": Rule("staff", "nobody", True),
    "autocomplete": Rule("nobody", "nobody", True),  # 404 without a field; see the test of lists
    "jsi18n": Rule("staff", "nobody", True),
    "view_on_site": Rule("nobody", "nobody", True),
    "app_list": Rule("writer", "nobody", True),
    "catch_all": Rule("nobody", "nobody", True),
    "briefs_brief_preview": Rule("nobody", "writer"),
    "briefs_brief_read": Rule("nobody", "writer", True),
    "briefs_brief_images": Rule("nobody", "writer"),
    "briefs_brief_snippets": Rule("writer", "nobody"),
    "briefs_draft_keep": Rule("nobody", "writer"),
    "briefs_draft_throw_away": Rule("nobody", "staff", True),  # one's own drafts alone
    "briefs_draft_compare": Rule("nobody", "writer"),
    "briefs_draft_presence": Rule("nobody", "writer"),
    "briefs_brief_revisions": Rule("writer", "nobody"),
    "briefs_brief_compare": Rule("writer", "nobody"),
    "briefs_brief_compare_any": Rule("writer", "nobody"),
    "briefs_brief_move": Rule("owner", "owner"),
    "briefs_brief_restore": Rule("nobody", "writer"),
    "briefs_publication_look": Rule("nobody", "owner"),
    "subscribers_unsubscribe": Rule("nobody", "publisher"),
    "subscribers_import_do": Rule("nobody", "publisher"),
    "subscribers_refused": Rule("publisher", "nobody"),
    "subscribers_export": Rule("publisher", "nobody"),
    "deliveries_erase": Rule("owner", "owner"),
    "deliveries_send": Rule("publisher", "publisher"),
    "deliveries_sign_off": Rule("nobody", "writer"),
    "deliveries_plan": Rule("publisher", "nobody"),
    "deliveries_readers": Rule("publisher", "nobody"),
    "deliveries_correct": Rule("publisher", "publisher"),
    "deliveries_links": Rule("writer", "publisher"),
    "deliveries_checks": Rule("publisher", "nobody"),
    "deliveries_findings": Rule("nobody", "writer"),
    "deliveries_calendar": Rule("writer", "nobody", True),
    "deliveries_one_reader": Rule("publisher", "publisher", True),
    "deliveries_installation": Rule("writer", "owner", True),
    "deliveries_undo_import": Rule("nobody", "publisher"),
    "deliveries_progress": Rule("writer", "nobody"),
    "deliveries_verb": Rule("nobody", "publisher"),
    "deliveries_segment_count": Rule("publisher", "nobody"),
    "analytics_health": Rule("publisher", "nobody", True),
    "analytics_edition_report": Rule("writer", "nobody"),
    "analytics_edition_csv": Rule("writer", "nobody"),
    "analytics_publication_report": Rule("writer", "editor"),
    "analytics_publication_csv": Rule("writer", "nobody"),
    "api_hookmessage_replay": Rule("owner", "owner"),
    "api_hookendpoint_verb": Rule("owner", "owner"),
    "api_apikey_revoke": Rule("owner", "owner"),
    "auth_user_password_change": Rule("root", "root"),
}


def of_the_desk(name: str) -> Rule | None:
    """Return the rule of an address of the desk; None where nobody has written one."""
    if name in DESK:
        return DESK[name]
    model, _, page = name.rpartition("_")
    if model not in MODELS:
        return None
    see, add, change, delete = MODELS[model]
    return {
        "changelist": Rule(see, see if model in ACTIONS else "nobody", True),
        "add": Rule(add, add, True),
        "change": Rule(see, change),
        "delete": Rule(delete, delete),
        "history": Rule(see, "nobody"),
        "short": Rule("staff", "nobody", True),  # leads to the page itself, which asks
    }.get(page)


# By these leads a GET on to where somebody may read, in place of a page.
LEADS_ON = {
    "api_apikey_revoke": "to the page of the key",
    "api_hookendpoint_verb": "to the page of the endpoint",
    "api_hookmessage_replay": "to the page of the message",
    "api_hookmessage_changelist": "to those of one's own",
    "briefs_brief_compare_any": "to the two revisions that were chosen",
    "password_change": "to where it is changed, which asks for the old one",
    "deliveries_delivery_changelist": "to the readers of the latest edition",
    "deliveries_installation": "to the first page, where nothing is held",
}
# GETs that write all the same, and why that is none of anybody's doing.
WRITES = {"subscribers_defence_changelist": "the row of a publication that had none yet: defaults"}


def reaches(role: str, least: str) -> bool:
    """Tell whether *role* is *least* or above it."""
    return LADDER.index(role) >= LADDER.index(least) and least != "nobody"


# Django's own that whoever is not logged in may ask for; what they say is nothing of ours.
OPEN = {"login", "logout", "jsi18n", "password_change", "catch_all"}
# What an owner of B may do, since it is of no publication alone.
SHARED = {
    "briefs_author_add": "authors are the whole site's",
    "briefs_author_delete": "one under no brief is nobody's",
    "deliveries_installation": "whoever answers for one publication may say that mail goes out",
    "logout": "of oneself",
}
# Acts that write no row here, and why.
_ANSWERS = "it answers with a text, and stores none"
QUIET = {
    **dict.fromkeys(
        (
            *("briefs_brief_preview", "briefs_brief_read", "briefs_draft_compare"),
            *("briefs_publication_look", "deliveries_findings"),
        ),
        _ANSWERS,
    ),
    "briefs_brief_images": "it wants a picture",
    "briefs_brief_move": "it stands there already",
    "briefs_draft_presence": "who has a page open is in memory for a minute",
    "briefs_draft_throw_away": "there is none of theirs",
    "deliveries_correct": "nothing was changed since",
    "api_hookmessage_changelist": "without a filter it leads to those of one's own",
    "deliveries_links": "to the same address",
    "deliveries_segment_add": "of one row of rules all would have to be filled",
    "deliveries_segment_change": "likewise",
    "subscribers_importrun_add": "it wants a file",
    "subscribers_importrun_change": "its buttons lead to subscribers_import_do",
}
# What forms want besides what stands in them.
_PASSWORDS = {"password1": "to-sail-away-1", "password2": "to-sail-away-1"}
FILLED: dict[str, dict[str, str]] = {
    "api_apikey_add": {"scopes": "briefs:read"},
    "api_hookendpoint_add": {
        "url": "https://hooks.harbour-watch.org/y",
        "types": next(iter(KINDS)),
    },
    "auth_user_password_change": _PASSWORDS,
    "briefs_author_add": {"slug": "x"},
    "briefs_brief_add": {"body": "It came.", "brief": "", "id": ""},
    "briefs_topic_add": {"slug": "x"},
    "deliveries_send": {"segment": "", "when": "now"},
    "briefs_invitation_add": {"address": "x@new.example"},
    "briefs_membership_add": {"user": "staff@site.example"},
    "briefs_publication_add": {"slug": "another", "sender_address": "x@new.example"},
    "briefs_user_add": {"email": "x@new.example", **_PASSWORDS},
    "deliveries_segment_add": {"kind": "language", "language": "de"},
    "deliveries_segment_change": {"kind": "language", "language": "de"},
    "subscribers_subscriber_add": {"address": "x@new.example"},
    "subscribers_suppression_add": {"address": "x@new.example"},
    "subscribers_suppression_change": {"why": "x"},
}
