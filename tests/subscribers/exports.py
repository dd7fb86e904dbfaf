"""Files as other houses export them: the shapes are theirs, the people are invented."""

MAILCHIMP = (
    "Email Address,First Name,Last Name,Company,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "TIMEZONE,{time},LEID,EUID,NOTES,TAGS\n"
)
SUBSTACK_DASHBOARD = (
    "Email,Name,Subscription type,Activity,Subscription date,Revenue,Subscriber country,"
    "Receiving emails for,Is Bestseller\n"
)
# {name of the file: (source, text, {outcome: count})}
READERS = {
    "listmonk_export.csv": (
        "listmonk",
        (
            "uuid,email,name,attributes,status,created_at,updated_at\n"
            '7f0c,ana@harbour.example,Ana,"{""city"": ""Lisbon""}",enabled,'
            "2024-01-05 10:00:00 +0000 UTC,2024-01-05 10:00:00 +0000 UTC\n"
            "7f0d,bo@harbour.example,Bo,{},blocklisted,2024-01-05 10:00:00 +0000 UTC,\n"
        ),
        {"created": 1, "suppressed": 1},
    ),
    "listmonk_import.csv": (
        "listmonk",
        'email,name,attributes\nana@harbour.example,Ana,"{""city"": ""Lisbon""}"\n',
        {"created": 1},
    ),
    "keila.csv": (
        "keila",
        (
            "Email,First name,Last name,Data,Status,External ID\r\n"
            'ana@harbour.example,Ana,Reis,"{""city"":""Lisbon""}",active,\r\n'
            "cy@harbour.example,C,Y,,unsubscribed,\r\n"
            "di@harbour.example,D,I,,unreachable,\r\n"
        ),
        {"created": 1, "unsubscribed": 1, "suppressed": 1},
    ),
    "mailchimp_subscribed.csv": (
        "mailchimp",
        MAILCHIMP.format(time="LAST_CHANGED")
        + "eve@harbour.example,Eve,E,,2023-04-21 11:16:57,203.0.113.9,2023-04-21 11:17:10,"
        '203.0.113.10,Europe/Berlin,,,,,"""Editors"",""EU"""\n',
        {"created": 1},
    ),
    "mailchimp_unsubscribed.csv": (
        "mailchimp",
        MAILCHIMP.format(time="UNSUB_TIME").replace("NOTES", "UNSUB_REASON")
        + "fay@harbour.example,,,,2018-02-12 10:54:27,,2018-02-12 10:54:27,,,"
        "2018-07-23 12:19:27,,,too many,\n",
        {"unsubscribed": 1},
    ),
    "mailchimp_cleaned.csv": (
        "mailchimp",
        MAILCHIMP.format(time="CLEAN_TIME")
        + "gus@harbour.example,,,,2018-02-05 19:28:23,,2018-02-05 19:28:23,,,"
        "2020-03-23 17:30:05,,,,\n",
        {"suppressed": 1},
    ),
    "substack_dashboard.csv": (
        "substack",
        SUBSTACK_DASHBOARD
        + "hal@harbour.example,Hal,Free,3,2024-02-01,0,NO,Harbour Watch,No\n"
        + "ida@harbour.example,Ida,Free,3,2024-02-01,0,NO,,No\n",
        {"created": 1, "refused": 1},
    ),
    "substack_list.csv": (
        "substack",
        (
            "email,active_subscription,expiry,email_disabled,prefer_digests,created_at\n"
            "jo@harbour.example,true,2031-07-06T16:20:44.000Z,false,false,2018-08-27T15:06:27.713Z\n"
            "kim@harbour.example,false,,true,false,2019-01-01T00:00:00.000Z\n"
        ),
        {"created": 1, "unsubscribed": 1},
    ),
    "substack_paid.csv": (
        "substack",
        (
            "email,expiry,email_disabled,prefer_digests,stripe_connected_customer_id,type\n"
            "jo@harbour.example,2031-07-06T16:20:44.000Z,false,false,cus_TEST,paid\n"
        ),
        {"created": 1},
    ),
    "ghost.csv": (
        "ghost",
        (
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,"
            "created_at,deleted_at,labels,tiers\r\n"
            '1,lea@harbour.example,\'=cmd,,true,,,2024-01-05T10:00:00.000Z,,"VIP,EU",\r\n'
            "2,max@harbour.example,Max,,false,,,2024-01-05T10:00:00.000Z,,,\r\n"
        ),
        {"created": 1, "unsubscribed": 1},
    ),
    "buttondown.csv": (
        "buttondown",
        (
            "id,secondary_id,email,notes,subscriber_type,referrer_url,creation_date,ip_address,"
            "subscription_date,unsubscription_date,tags,metadata\n"
            "a,7,nia@harbour.example,,regular,,2024-03-13 00:03:09.183465+00:00,203.0.113.7,"
            "2024-03-13 00:03:09.183465+00:00,,corporate;nyc,\"{'staff': 'true'}\"\n"
            "b,8,oda@harbour.example,,unsubscribed,,2024-03-13 00:03:09.183465+00:00,,"
            "2024-03-13 00:03:09.183465+00:00,2024-04-08 17:09:32.596959+00:00,,{}\n"
        ),
        {"created": 1, "unsubscribed": 1},
    ),
    "kit.json": (
        "kit",
        (
            '{"subscribers":[{"id":1,"first_name":null,"email_address":"pia@harbour.example",'
            '"state":"active","created_at":"2023-02-17T11:43:55Z","fields":{"last_name":null}},'
            '{"id":2,"first_name":"Q","email_address":"quin@harbour.example","state":"cancelled",'
            '"created_at":"2023-02-17T11:43:55Z","fields":{}}],"pagination":{"per_page":500}}'
        ),
        {"created": 1, "unsubscribed": 1},
    ),
    "beehiiv.csv": (
        "beehiiv",
        (
            "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,unsubscribed_at\n"
            "rob@harbour.example, Rob  ,,active,free,2023-03-24 10:23:10 UTC,,\n"
        ),
        {"created": 1},
    ),
}
POSTS = {
    "substack": "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle\n"
    "1.plain,2019-07-26T20:48:19.814Z,TRUE,,newsletter,everyone,Plain,Sub\n",
    "buttondown": "id,secondary_id,subject,publish_date,source,email_type,slug\n"
    "7b,5,A title,2024-03-13 00:16:05.343246+00:00,api,public,a-title\n",
    "beehiiv": "id,web_title,status,audience,content_tags,url,web_subtitle,email_subject_line,"
    "email_preview_text,content_html,thumbnail_url,created_at\n",
}
