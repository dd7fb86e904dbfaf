-- A database of the first release, by iterdump() of sqlite3: see test_upgrading.py.
BEGIN TRANSACTION;
CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
INSERT INTO "auth_permission" VALUES(1,1,'add_logentry','Can add log entry');
INSERT INTO "auth_permission" VALUES(2,1,'change_logentry','Can change log entry');
INSERT INTO "auth_permission" VALUES(3,1,'delete_logentry','Can delete log entry');
INSERT INTO "auth_permission" VALUES(4,1,'view_logentry','Can view log entry');
INSERT INTO "auth_permission" VALUES(5,2,'add_permission','Can add permission');
INSERT INTO "auth_permission" VALUES(6,2,'change_permission','Can change permission');
INSERT INTO "auth_permission" VALUES(7,2,'delete_permission','Can delete permission');
INSERT INTO "auth_permission" VALUES(8,2,'view_permission','Can view permission');
INSERT INTO "auth_permission" VALUES(9,3,'add_group','Can add group');
INSERT INTO "auth_permission" VALUES(10,3,'change_group','Can change group');
INSERT INTO "auth_permission" VALUES(11,3,'delete_group','Can delete group');
INSERT INTO "auth_permission" VALUES(12,3,'view_group','Can view group');
INSERT INTO "auth_permission" VALUES(13,4,'add_contenttype','Can add content type');
INSERT INTO "auth_permission" VALUES(14,4,'change_contenttype','Can change content type');
INSERT INTO "auth_permission" VALUES(15,4,'delete_contenttype','Can delete content type');
INSERT INTO "auth_permission" VALUES(16,4,'view_contenttype','Can view content type');
INSERT INTO "auth_permission" VALUES(17,5,'add_session','Can add session');
INSERT INTO "auth_permission" VALUES(18,5,'change_session','Can change session');
INSERT INTO "auth_permission" VALUES(19,5,'delete_session','Can delete session');
INSERT INTO "auth_permission" VALUES(20,5,'view_session','Can view session');
INSERT INTO "auth_permission" VALUES(21,6,'add_user','Can add user');
INSERT INTO "auth_permission" VALUES(22,6,'change_user','Can change user');
INSERT INTO "auth_permission" VALUES(23,6,'delete_user','Can delete user');
INSERT INTO "auth_permission" VALUES(24,6,'view_user','Can view user');
INSERT INTO "auth_permission" VALUES(25,7,'add_author','Can add author');
INSERT INTO "auth_permission" VALUES(26,7,'change_author','Can change author');
INSERT INTO "auth_permission" VALUES(27,7,'delete_author','Can delete author');
INSERT INTO "auth_permission" VALUES(28,7,'view_author','Can view author');
INSERT INTO "auth_permission" VALUES(29,8,'add_brief','Can add brief');
INSERT INTO "auth_permission" VALUES(30,8,'change_brief','Can change brief');
INSERT INTO "auth_permission" VALUES(31,8,'delete_brief','Can delete brief');
INSERT INTO "auth_permission" VALUES(32,8,'view_brief','Can view brief');
INSERT INTO "auth_permission" VALUES(33,9,'add_keypoint','Can add key point');
INSERT INTO "auth_permission" VALUES(34,9,'change_keypoint','Can change key point');
INSERT INTO "auth_permission" VALUES(35,9,'delete_keypoint','Can delete key point');
INSERT INTO "auth_permission" VALUES(36,9,'view_keypoint','Can view key point');
INSERT INTO "auth_permission" VALUES(37,10,'add_publication','Can add publication');
INSERT INTO "auth_permission" VALUES(38,10,'change_publication','Can change publication');
INSERT INTO "auth_permission" VALUES(39,10,'delete_publication','Can delete publication');
INSERT INTO "auth_permission" VALUES(40,10,'view_publication','Can view publication');
INSERT INTO "auth_permission" VALUES(41,11,'add_membership','Can add membership');
INSERT INTO "auth_permission" VALUES(42,11,'change_membership','Can change membership');
INSERT INTO "auth_permission" VALUES(43,11,'delete_membership','Can delete membership');
INSERT INTO "auth_permission" VALUES(44,11,'view_membership','Can view membership');
INSERT INTO "auth_permission" VALUES(45,12,'add_revision','Can add revision');
INSERT INTO "auth_permission" VALUES(46,12,'change_revision','Can change revision');
INSERT INTO "auth_permission" VALUES(47,12,'delete_revision','Can delete revision');
INSERT INTO "auth_permission" VALUES(48,12,'view_revision','Can view revision');
INSERT INTO "auth_permission" VALUES(49,13,'add_topic','Can add topic');
INSERT INTO "auth_permission" VALUES(50,13,'change_topic','Can change topic');
INSERT INTO "auth_permission" VALUES(51,13,'delete_topic','Can delete topic');
INSERT INTO "auth_permission" VALUES(52,13,'view_topic','Can view topic');
INSERT INTO "auth_permission" VALUES(53,14,'add_consentwording','Can add sign-up wording');
INSERT INTO "auth_permission" VALUES(54,14,'change_consentwording','Can change sign-up wording');
INSERT INTO "auth_permission" VALUES(55,14,'delete_consentwording','Can delete sign-up wording');
INSERT INTO "auth_permission" VALUES(56,14,'view_consentwording','Can view sign-up wording');
INSERT INTO "auth_permission" VALUES(57,15,'add_subscriber','Can add reader');
INSERT INTO "auth_permission" VALUES(58,15,'change_subscriber','Can change reader');
INSERT INTO "auth_permission" VALUES(59,15,'delete_subscriber','Can delete reader');
INSERT INTO "auth_permission" VALUES(60,15,'view_subscriber','Can view reader');
INSERT INTO "auth_permission" VALUES(61,16,'add_consentrecord','Can add consent record');
INSERT INTO "auth_permission" VALUES(62,16,'change_consentrecord','Can change consent record');
INSERT INTO "auth_permission" VALUES(63,16,'delete_consentrecord','Can delete consent record');
INSERT INTO "auth_permission" VALUES(64,16,'view_consentrecord','Can view consent record');
INSERT INTO "auth_permission" VALUES(65,17,'add_subscription','Can add subscription');
INSERT INTO "auth_permission" VALUES(66,17,'change_subscription','Can change subscription');
INSERT INTO "auth_permission" VALUES(67,17,'delete_subscription','Can delete subscription');
INSERT INTO "auth_permission" VALUES(68,17,'view_subscription','Can view subscription');
INSERT INTO "auth_permission" VALUES(69,18,'add_notice','Can add notice');
INSERT INTO "auth_permission" VALUES(70,18,'change_notice','Can change notice');
INSERT INTO "auth_permission" VALUES(71,18,'delete_notice','Can delete notice');
INSERT INTO "auth_permission" VALUES(72,18,'view_notice','Can view notice');
INSERT INTO "auth_permission" VALUES(73,19,'add_suppression','Can add suppression');
INSERT INTO "auth_permission" VALUES(74,19,'change_suppression','Can change suppression');
INSERT INTO "auth_permission" VALUES(75,19,'delete_suppression','Can delete suppression');
INSERT INTO "auth_permission" VALUES(76,19,'view_suppression','Can view suppression');
INSERT INTO "auth_permission" VALUES(77,20,'add_batch','Can add batch');
INSERT INTO "auth_permission" VALUES(78,20,'change_batch','Can change batch');
INSERT INTO "auth_permission" VALUES(79,20,'delete_batch','Can delete batch');
INSERT INTO "auth_permission" VALUES(80,20,'view_batch','Can view batch');
INSERT INTO "auth_permission" VALUES(81,21,'add_edition','Can add edition');
INSERT INTO "auth_permission" VALUES(82,21,'change_edition','Can change edition');
INSERT INTO "auth_permission" VALUES(83,21,'delete_edition','Can delete edition');
INSERT INTO "auth_permission" VALUES(84,21,'view_edition','Can view edition');
INSERT INTO "auth_permission" VALUES(85,22,'add_delivery','Can add delivery');
INSERT INTO "auth_permission" VALUES(86,22,'change_delivery','Can change delivery');
INSERT INTO "auth_permission" VALUES(87,22,'delete_delivery','Can delete delivery');
INSERT INTO "auth_permission" VALUES(88,22,'view_delivery','Can view delivery');
INSERT INTO "auth_permission" VALUES(89,23,'add_compiledmail','Can add compiled mail');
INSERT INTO "auth_permission" VALUES(90,23,'change_compiledmail','Can change compiled mail');
INSERT INTO "auth_permission" VALUES(91,23,'delete_compiledmail','Can delete compiled mail');
INSERT INTO "auth_permission" VALUES(92,23,'view_compiledmail','Can view compiled mail');
INSERT INTO "auth_permission" VALUES(93,24,'add_link','Can add link');
INSERT INTO "auth_permission" VALUES(94,24,'change_link','Can change link');
INSERT INTO "auth_permission" VALUES(95,24,'delete_link','Can delete link');
INSERT INTO "auth_permission" VALUES(96,24,'view_link','Can view link');
INSERT INTO "auth_permission" VALUES(97,25,'add_quota','Can add quota');
INSERT INTO "auth_permission" VALUES(98,25,'change_quota','Can change quota');
INSERT INTO "auth_permission" VALUES(99,25,'delete_quota','Can delete quota');
INSERT INTO "auth_permission" VALUES(100,25,'view_quota','Can view quota');
CREATE TABLE "briefs_author" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(120) NOT NULL, "slug" varchar(120) NOT NULL UNIQUE, "about" text NOT NULL, "user_id" bigint NULL UNIQUE REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "briefs_brief" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "series" varchar(80) NOT NULL, "headline" varchar(200) NOT NULL, "slug" varchar(100) NOT NULL, "date" date NOT NULL, "preheader" varchar(200) NOT NULL, "body" text NOT NULL, "contact_block" text NOT NULL, "access" varchar(12) NOT NULL, "status" varchar(10) NOT NULL, "published_at" datetime NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "created_by_id" bigint NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, "published_revision_id" bigint NULL REFERENCES "briefs_revision" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "brief_status_is_known" CHECK ("status" IN ('draft', 'in-review', 'approved', 'published')), CONSTRAINT "published_brief_has_revision_and_time" CHECK ((NOT ("status" = 'published') OR ("published_at" IS NOT NULL AND "published_revision_id" IS NOT NULL))));
INSERT INTO "briefs_brief" VALUES(1,'','The Port’s New Cranes','the-ports-new-cranes','2026-04-06','','The cranes arrived on Monday, and [the port](https://port.example/cranes) is pleased.

A second paragraph follows—with a dash.','','public','published','2026-11-23 21:42:58.585000','2026-11-23 21:42:58.422875','2026-11-23 21:42:58.422885',NULL,1,1);
INSERT INTO "briefs_brief" VALUES(2,'','A Third Crane','','2026-04-07','','The cranes arrived on Monday, and [the port](https://port.example/cranes) is pleased.

A second paragraph follows—with a dash.','','public','draft',NULL,'2026-11-23 21:42:58.891938','2026-11-23 21:42:58.891953',NULL,1,NULL);
INSERT INTO "briefs_brief" VALUES(3,'','Far Away','far-away','2036-01-01','','The cranes arrived on Monday, and [the port](https://port.example/cranes) is pleased.

A second paragraph follows—with a dash.','','public','draft',NULL,'2026-11-23 21:42:58.892514','2026-11-23 21:42:58.892522',NULL,1,NULL);
CREATE TABLE "briefs_brief_authors" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "brief_id" bigint NOT NULL REFERENCES "briefs_brief" ("id") DEFERRABLE INITIALLY DEFERRED, "author_id" bigint NOT NULL REFERENCES "briefs_author" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "briefs_brief_topics" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "brief_id" bigint NOT NULL REFERENCES "briefs_brief" ("id") DEFERRABLE INITIALLY DEFERRED, "topic_id" bigint NOT NULL REFERENCES "briefs_topic" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "briefs_keypoint" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "position" integer unsigned NOT NULL CHECK ("position" >= 0), "text" text NOT NULL, "brief_id" bigint NOT NULL REFERENCES "briefs_brief" ("id") DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "briefs_keypoint" VALUES(1,0,'Two cranes arrived',1);
INSERT INTO "briefs_keypoint" VALUES(2,1,'A third is delayed',1);
INSERT INTO "briefs_keypoint" VALUES(3,0,'Two cranes arrived',2);
INSERT INTO "briefs_keypoint" VALUES(4,1,'A third is delayed',2);
INSERT INTO "briefs_keypoint" VALUES(5,0,'Two cranes arrived',3);
INSERT INTO "briefs_keypoint" VALUES(6,1,'A third is delayed',3);
CREATE TABLE "briefs_membership" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "role" varchar(10) NOT NULL, "user_id" bigint NOT NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_role_per_publication" UNIQUE ("user_id", "publication_id"), CONSTRAINT "membership_role_is_known" CHECK ("role" IN ('writer', 'editor', 'publisher', 'owner')));
INSERT INTO "briefs_membership" VALUES(1,'owner',1,1);
CREATE TABLE "briefs_publication" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(120) NOT NULL, "slug" varchar(60) NOT NULL UNIQUE, "tagline" varchar(200) NOT NULL, "description" text NOT NULL, "series" varchar(80) NOT NULL, "is_public" bool NOT NULL, "sender_name" varchar(120) NOT NULL, "sender_address" varchar(254) NOT NULL, "reply_to" varchar(254) NOT NULL, "postal_address" text NOT NULL, "contact_block" text NOT NULL, "colour" varchar(7) NOT NULL, "logo" varchar(100) NOT NULL, "language" varchar(10) NOT NULL, "time_zone" varchar(64) NOT NULL, "tracking" varchar(10) NOT NULL, "consent_wording" text NOT NULL, "unsubscribe_wording" varchar(200) NOT NULL, "privacy_url" varchar(200) NOT NULL, "imprint_url" varchar(200) NOT NULL, "hold_seconds" integer unsigned NOT NULL CHECK ("hold_seconds" >= 0), "created_at" datetime NOT NULL, CONSTRAINT "publication_tracking_is_known" CHECK ("tracking" IN ('off', 'totals', 'per-reader')), CONSTRAINT "publication_has_a_name" CHECK (NOT ("name" = '')));
INSERT INTO "briefs_publication" VALUES(1,'Harbour Watch','harbour','','','Harbour Brief',1,'Harbour Watch','brief@harbour.example','','Harbour Watch
1 Quay Street
Port Example','Questions? Write to [the desk](mailto:desk@harbour.example).','#1f4e79','','en','UTC','totals','Send me the daily brief by e-mail.','','','',0,'2026-11-23 21:42:58.314622');
CREATE TABLE "briefs_revision" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "snapshot" text NOT NULL CHECK ((JSON_VALID("snapshot") OR "snapshot" IS NULL)), "digest" varchar(64) NOT NULL, "created_at" datetime NOT NULL, "brief_id" bigint NOT NULL REFERENCES "briefs_brief" ("id") DEFERRABLE INITIALLY DEFERRED, "by_id" bigint NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_revision_per_number" UNIQUE ("brief_id", "number"), CONSTRAINT "one_revision_per_content" UNIQUE ("brief_id", "digest"));
INSERT INTO "briefs_revision" VALUES(1,1,'{"headline": "The Port\u2019s New Cranes", "series": "Harbour Brief", "date": "2026-04-06", "slug": "the-ports-new-cranes", "preheader": "", "key_points": ["Two cranes arrived", "A third is delayed"], "body": "The cranes arrived on Monday, and [the port](https://port.example/cranes) is pleased.\n\nA second paragraph follows\u2014with a dash.", "authors": [], "topics": [], "contact_block": "Questions? Write to [the desk](mailto:desk@harbour.example).", "publication": {"name": "Harbour Watch", "slug": "harbour", "is_public": true, "sender_name": "Harbour Watch", "sender_address": "brief@harbour.example", "reply_to": "", "postal_address": "Harbour Watch\n1 Quay Street\nPort Example", "unsubscribe_wording": "", "colour": "#1f4e79", "logo": "", "language": "en", "tracking": "totals", "privacy_url": "", "imprint_url": ""}}','d5e47c88efd5709da3f86246bf9607272af1c856e65ec87416b2d922da53f354','2026-11-23 21:42:58.437046',1,NULL);
INSERT INTO "briefs_revision" VALUES(2,1,'{"headline": "Far Away", "series": "Harbour Brief", "date": "2036-01-01", "slug": "far-away", "preheader": "", "key_points": ["Two cranes arrived", "A third is delayed"], "body": "The cranes arrived on Monday, and [the port](https://port.example/cranes) is pleased.\n\nA second paragraph follows\u2014with a dash.", "authors": [], "topics": [], "contact_block": "Questions? Write to [the desk](mailto:desk@harbour.example).", "publication": {"name": "Harbour Watch", "slug": "harbour", "is_public": true, "sender_name": "Harbour Watch", "sender_address": "brief@harbour.example", "reply_to": "", "postal_address": "Harbour Watch\n1 Quay Street\nPort Example", "unsubscribe_wording": "", "colour": "#1f4e79", "logo": "", "language": "en", "tracking": "totals", "privacy_url": "", "imprint_url": ""}}','75c614b7bf110087b0cc4d56f9733fb10d65369eddd9da163bc1cf1c8cb84eb3','2026-11-23 21:42:58.904883',3,NULL);
CREATE TABLE "briefs_topic" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(80) NOT NULL, "slug" varchar(80) NOT NULL, "kind" varchar(10) NOT NULL, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_topic_per_slug" UNIQUE ("publication_id", "slug"));
CREATE TABLE "briefs_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "email" varchar(254) NOT NULL UNIQUE, "name" varchar(120) NOT NULL, "time_zone" varchar(64) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL);
INSERT INTO "briefs_user" VALUES(1,'!XUPmzMM1kYmLtMUaiZkXGWkiL4fu7WgIrgNMFOpp',NULL,0,'olga@harbour.example','','UTC',1,1,'2026-11-23 21:42:58.315230');
CREATE TABLE "briefs_user_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "briefs_user_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "deliveries_batch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "lane" varchar(40) NOT NULL, "not_before" datetime NOT NULL, "owner" char(32) NULL, "epoch" integer unsigned NOT NULL CHECK ("epoch" >= 0), "lease_until" datetime NULL, "claims" integer unsigned NOT NULL CHECK ("claims" >= 0), "done_at" datetime NULL, "edition_id" bigint NOT NULL REFERENCES "deliveries_edition" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_batch_per_number" UNIQUE ("edition_id", "number"), CONSTRAINT "batch_owner_has_a_lease" CHECK ((("lease_until" IS NULL AND "owner" IS NULL) OR ("lease_until" IS NOT NULL AND "owner" IS NOT NULL))));
INSERT INTO "deliveries_batch" VALUES(1,0,'main','2026-11-23 21:42:58.423493',NULL,1,NULL,1,'2026-11-23 21:42:58.824',1);
CREATE TABLE "deliveries_compiledmail" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "subject" text NOT NULL, "html" text NOT NULL, "text" text NOT NULL, "slot_prefix" varchar(20) NOT NULL, "edition_id" bigint NOT NULL UNIQUE REFERENCES "deliveries_edition" ("id") DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "deliveries_compiledmail" VALUES(1,'Harbour Brief: The Port’s New Cranes','<!DOCTYPE html><html lang="en" dir="ltr" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" style="color-scheme: light dark;supported-color-schemes: light dark;"><head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>Harbour Brief: The Port’s New Cranes</title>
<!--[if mso]>
<xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>
p, li, h1, h2, h3, td { mso-line-height-rule: exactly; }
.points-list, .body ul, .body ol { margin-left: 24px !important; }
</style>
<![endif]-->
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media only screen and (max-width: 600px) { .outer { padding: 12px 0 32px !important; } .over { padding: 0 20px 10px !important; } .masthead { padding: 18px 20px 14px !important; } .name { font-size: 17px !important; line-height: 22px !important; } .title { padding: 26px 20px 0 !important; } .headline { font-size: 28px !important; line-height: 34px !important; } .points-room { padding: 22px 0 0 !important; } .points-text { padding: 18px 20px 8px 16px !important; } .body { padding: 24px 20px 10px !important; line-height: 27px !important; } .topics { padding: 0 20px 20px !important; } .contact-room { padding: 0 20px 26px !important; } }
@media (prefers-color-scheme: dark) {
.page { background-color: #0f1113 !important; }
.hidden { color: #0f1113 !important; }
.outer { background-color: #0f1113 !important; }
.over { color: #a3a9b3 !important; }
.over a { color: #a3a9b3 !important; }
.bar { background-color: #4c7194 !important; }
.sheet { background-color: #181b1f !important; }
.masthead { border-bottom: 1px solid #363b42 !important; }
.name { color: #e4e5e7 !important; }
.name a { color: #e4e5e7 !important; }
.logo { background-color: #ffffff !important; }
.date { color: #a3a9b3 !important; }
.series { color: #7995af !important; }
.headline { color: #e4e5e7 !important; }
.byline { color: #a3a9b3 !important; }
.points { background-color: #21252a !important; }
.points-edge { background-color: #4c7194 !important; }
.points-name { color: #7995af !important; }
.point { color: #e4e5e7 !important; }
.point a { color: #7995af !important; }
.body { color: #e4e5e7 !important; }
.body h2 { color: #e4e5e7 !important; }
.body h3 { color: #e4e5e7 !important; }
.body h4, .body h5, .body h6 { color: #e4e5e7 !important; }
.body a { color: #7995af !important; }
.body blockquote { border-left: 3px solid #363b42 !important; color: #a3a9b3 !important; }
.body mark { background-color: #5c4b00 !important; color: #e4e5e7 !important; }
.body hr { background-color: #363b42 !important; color: #363b42 !important; }
.body table { color: #e4e5e7 !important; }
.body th { border-bottom: 2px solid #e4e5e7 !important; color: #e4e5e7 !important; }
.body td { border-bottom: 1px solid #363b42 !important; color: #e4e5e7 !important; }
.body pre { background-color: #21252a !important; color: #e4e5e7 !important; }
.body .footnote { color: #a3a9b3 !important; }
.topics { color: #a3a9b3 !important; }
.contact { border-top: 1px solid #363b42 !important; color: #e4e5e7 !important; }
.contact a { color: #7995af !important; }
.under { color: #a3a9b3 !important; }
.under a { color: #a3a9b3 !important; }
.under strong { color: #a3a9b3 !important; }
}
</style>
</head>
<body class="page" style="margin: 0;padding: 0;background-color: #f1f0ec;">
<div class="hidden" style="display: none;max-height: 0;max-width: 0;overflow: hidden;opacity: 0;font-size: 1px;line-height: 1px;color: #f1f0ec;mso-hide: all;">Two cranes arrived ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ ͏ ‌ </div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tbody><tr><td class="outer" align="center" style="padding: 16px 12px 40px;background-color: #f1f0ec;">
<!--[if mso]><table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table class="width" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width: 640px;margin: 0 auto;">
<tbody><tr><td class="over" style="padding: 0 4px 10px;font: 12px/18px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #5b616b;text-align: right;">
<a href="http://127.0.0.1:8000/v/ib20433c34cab5x000" style="color: #5b616b;text-decoration: underline;">View in browser</a>
</td></tr>
<tr><td>
<table class="sheet" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color: #ffffff;">
<tbody><tr><td class="bar" height="5" style="height: 5px;font-size: 0;line-height: 0;background-color: #1f4e79;"></td></tr>
<tr><td class="masthead" style="padding: 22px 40px 18px;border-bottom: 1px solid #dddad2;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr>
<td class="name" valign="bottom" style="font: bold 19px/24px Georgia, ''Iowan Old Style'', ''Times New Roman'', Times, serif;color: #1a1c20;text-align: left;"><a href="http://127.0.0.1:8000/harbour/" style="color: #1a1c20;text-decoration: none;">Harbour Watch</a></td>
<td class="date" valign="bottom" style="font: 13px/18px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #5b616b;text-align: right;">Monday, April 6, 2026</td>
</tr></tbody></table>
</td></tr>
<tr><td class="title" style="padding: 34px 40px 0;text-align: left;">
<p class="series" style="margin: 0 0 10px;font: bold 12px/18px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;letter-spacing: 1.4px;text-transform: uppercase;color: #1f4e79;">Harbour Brief</p>
<h1 class="headline" style="margin: 0;font: bold 34px/41px Georgia, ''Iowan Old Style'', ''Times New Roman'', Times, serif;letter-spacing: -0.3px;color: #1a1c20;">The Port’s New Cranes</h1>
</td></tr>
<tr><td class="points-room" style="padding: 28px 40px 0;">
<table class="points" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color: #f5f5f2;"><tbody><tr>
<td class="points-edge" width="4" style="width: 4px;font-size: 0;line-height: 0;background-color: #1f4e79;"></td>
<td class="points-text" style="padding: 20px 26px 10px 22px;text-align: left;">
<h2 class="points-name" style="margin: 0 0 12px;font: bold 12px/18px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;letter-spacing: 1.4px;text-transform: uppercase;color: #1f4e79;">Key points</h2>
<ul class="points-list" style="margin: 0;padding: 0;padding-left: 20px;">
<li class="point" style="margin: 0 0 12px;padding-left: 2px;font: 16px/24px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #1a1c20;">Two cranes arrived</li>
<li class="point" style="margin: 0 0 12px;padding-left: 2px;font: 16px/24px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #1a1c20;">A third is delayed</li>
</ul>
</td></tr></tbody></table>
</td></tr>
<tr><td class="body" style="padding: 28px 40px 14px;font: 17px/28px Georgia, ''Iowan Old Style'', ''Times New Roman'', Times, serif;color: #1a1c20;text-align: left;">
<p style="margin: 0 0 20px;">The cranes arrived on Monday, and <a href="http://127.0.0.1:8000/c/AQAAMoUUeB2DeBT6Dg" style="color: #1f4e79;text-decoration: underline;">the port</a> is pleased.</p>
<p style="margin: 0 0 20px;">A second paragraph follows—with a dash.</p>
</td></tr>
<tr><td class="contact-room" style="padding: 0 40px 32px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr><td class="contact" style="padding: 20px 0 0;border-top: 1px solid #dddad2;font: 15px/23px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #1a1c20;text-align: left;">
<p style="margin: 0 0 8px;">Questions? Write to <a href="mailto:desk@harbour.example" style="color: #1f4e79;text-decoration: underline;">the desk</a>.</p>
</td></tr></tbody></table>
</td></tr>
</tbody></table>
</td></tr>
<tr><td class="under" style="padding: 26px 28px 0;font: 13px/20px -apple-system, BlinkMacSystemFont, ''Segoe UI'', Roboto, Helvetica, Arial, sans-serif;color: #5b616b;text-align: center;">
<p style="margin: 0 0 12px;">You get this because you subscribed to Harbour Watch.</p>
<p style="margin: 0 0 12px;"><a href="http://127.0.0.1:8000/u/ib20433c34cab5x001" style="color: #5b616b;text-decoration: underline;">Unsubscribe</a> · <a href="http://127.0.0.1:8000/v/ib20433c34cab5x000" style="color: #5b616b;text-decoration: underline;">View in browser</a></p>
<p style="margin: 0 0 12px;">Was this brief forwarded to you? <a href="http://127.0.0.1:8000/s/harbour/" style="color: #5b616b;text-decoration: underline;">Subscribe</a></p>
<p style="margin: 0 0 12px;"><strong style="color: #5b616b;">Harbour Watch</strong><br>1 Quay Street<br>Port Example</p>
<p style="margin: 0 0 12px;"><a href="http://127.0.0.1:8000/s/harbour/privacy/" style="color: #5b616b;text-decoration: underline;">Privacy notice</a> · <a href="http://127.0.0.1:8000/s/harbour/imprint/" style="color: #5b616b;text-decoration: underline;">Imprint</a></p>
</td></tr>
</tbody></table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</tbody></table>

</body></html>
','Harbour Watch
Monday, April 6, 2026

Harbour Brief: The Port’s New Cranes
====================================

KEY POINTS

• Two cranes arrived

• A third is delayed

The cranes arrived on Monday, and the port [1] is pleased.

A second paragraph follows—with a dash.

Questions? Write to the desk <desk@harbour.example>.

Links
[1] http://127.0.0.1:8000/c/AQAAMoUUeB2DeBT6Dg

------------------------------------------------------------------------

You get this because you subscribed to Harbour Watch.

Unsubscribe:
http://127.0.0.1:8000/u/ib20433c34cab5x001

View in browser:
http://127.0.0.1:8000/v/ib20433c34cab5x000

Was this brief forwarded to you? Subscribe:
http://127.0.0.1:8000/s/harbour/

Privacy notice:
http://127.0.0.1:8000/s/harbour/privacy/

Imprint:
http://127.0.0.1:8000/s/harbour/imprint/

Harbour Watch
1 Quay Street
Port Example
','ib20433c34cab5x',1);
CREATE TABLE "deliveries_delivery" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "status" varchar(10) NOT NULL, "reason" varchar(60) NOT NULL, "reply" text NOT NULL, "attempt" smallint unsigned NOT NULL CHECK ("attempt" >= 0), "due_at" datetime NULL, "deferred_since" datetime NULL, "changed_at" datetime NULL, "batch_id" bigint NULL REFERENCES "deliveries_batch" ("id") DEFERRABLE INITIALLY DEFERRED, "subscriber_id" bigint NULL REFERENCES "subscribers_subscriber" ("id") DEFERRABLE INITIALLY DEFERRED, "edition_id" bigint NOT NULL REFERENCES "deliveries_edition" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_delivery_per_reader" UNIQUE ("edition_id", "subscriber_id"), CONSTRAINT "delivery_status_is_known" CHECK ("status" IN ('pending', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'skipped', 'in-doubt')), CONSTRAINT "delivery_that_failed_says_why" CHECK ((NOT ("status" IN ('failed', 'skipped', 'in-doubt')) OR NOT ("reason" = ''))));
INSERT INTO "deliveries_delivery" VALUES(1,'sent','','',1,NULL,NULL,'2026-11-23 21:42:58.803',1,1,1);
INSERT INTO "deliveries_delivery" VALUES(2,'skipped','suppressed','',0,NULL,NULL,'2026-11-23 21:42:58.773',1,4,1);
INSERT INTO "deliveries_delivery" VALUES(3,'failed','refused','550 5.1.1 No such mailbox here',1,NULL,NULL,'2026-11-23 21:42:58.804',1,5,1);
CREATE TABLE "deliveries_edition" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(10) NOT NULL, "status" varchar(10) NOT NULL, "send_at" datetime NOT NULL, "clock" varchar(11) NOT NULL, "word" text NOT NULL, "created_at" datetime NOT NULL, "started_at" datetime NULL, "frozen_at" datetime NULL, "finished_at" datetime NULL, "audience" integer unsigned NULL CHECK ("audience" >= 0), "freeze_lease_until" datetime NULL, "freeze_epoch" integer unsigned NOT NULL CHECK ("freeze_epoch" >= 0), "freeze_last_id" bigint NOT NULL, "freeze_max_id" bigint NULL, "message_domain" varchar(253) NOT NULL, "brief_id" bigint NOT NULL REFERENCES "briefs_brief" ("id") DEFERRABLE INITIALLY DEFERRED, "by_id" bigint NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, "revision_id" bigint NOT NULL REFERENCES "briefs_revision" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "edition_status_is_known" CHECK ("status" IN ('scheduled', 'sending', 'paused', 'finishing', 'finished', 'withdrawn', 'missed', 'cancelled')), CONSTRAINT "finished_edition_has_a_time" CHECK ((NOT ("status" = 'finished') OR "finished_at" IS NOT NULL)));
INSERT INTO "deliveries_edition" VALUES(1,'brief','finished','2026-11-23 21:42:58.423493','publication','','2026-11-23 21:42:58.568353','2026-11-23 21:42:58.585','2026-11-23 21:42:58.669','2026-11-23 21:42:58.846',3,NULL,1,5,5,'harbour.example',1,NULL,1,1);
INSERT INTO "deliveries_edition" VALUES(2,'brief','scheduled','2036-01-01 06:00:00','publication','','2026-11-23 21:42:58.920629',NULL,NULL,NULL,NULL,NULL,0,0,NULL,'',3,NULL,1,2);
CREATE TABLE "deliveries_link" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "position" smallint unsigned NOT NULL CHECK ("position" >= 0), "url" text NOT NULL, "edition_id" bigint NOT NULL REFERENCES "deliveries_edition" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_link_per_position" UNIQUE ("edition_id", "position"), CONSTRAINT "link_goes_to_the_web" CHECK (("url" LIKE 'https://%' ESCAPE '\' OR "url" LIKE 'http://%' ESCAPE '\')));
INSERT INTO "deliveries_link" VALUES(1,0,'https://port.example/cranes',1);
CREATE TABLE "deliveries_quota" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "lane" varchar(40) NOT NULL, "kind" varchar(4) NOT NULL, "begins_at" datetime NOT NULL, "used" integer unsigned NOT NULL CHECK ("used" >= 0), CONSTRAINT "one_quota_per_window" UNIQUE ("lane", "kind", "begins_at"));
CREATE TABLE "django_admin_log" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" text NULL, "object_repr" varchar(200) NOT NULL, "action_flag" smallint unsigned NOT NULL CHECK ("action_flag" >= 0), "change_message" text NOT NULL, "content_type_id" integer NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "action_time" datetime NOT NULL);
CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
INSERT INTO "django_content_type" VALUES(1,'admin','logentry');
INSERT INTO "django_content_type" VALUES(2,'auth','permission');
INSERT INTO "django_content_type" VALUES(3,'auth','group');
INSERT INTO "django_content_type" VALUES(4,'contenttypes','contenttype');
INSERT INTO "django_content_type" VALUES(5,'sessions','session');
INSERT INTO "django_content_type" VALUES(6,'briefs','user');
INSERT INTO "django_content_type" VALUES(7,'briefs','author');
INSERT INTO "django_content_type" VALUES(8,'briefs','brief');
INSERT INTO "django_content_type" VALUES(9,'briefs','keypoint');
INSERT INTO "django_content_type" VALUES(10,'briefs','publication');
INSERT INTO "django_content_type" VALUES(11,'briefs','membership');
INSERT INTO "django_content_type" VALUES(12,'briefs','revision');
INSERT INTO "django_content_type" VALUES(13,'briefs','topic');
INSERT INTO "django_content_type" VALUES(14,'subscribers','consentwording');
INSERT INTO "django_content_type" VALUES(15,'subscribers','subscriber');
INSERT INTO "django_content_type" VALUES(16,'subscribers','consentrecord');
INSERT INTO "django_content_type" VALUES(17,'subscribers','subscription');
INSERT INTO "django_content_type" VALUES(18,'subscribers','notice');
INSERT INTO "django_content_type" VALUES(19,'subscribers','suppression');
INSERT INTO "django_content_type" VALUES(20,'deliveries','batch');
INSERT INTO "django_content_type" VALUES(21,'deliveries','edition');
INSERT INTO "django_content_type" VALUES(22,'deliveries','delivery');
INSERT INTO "django_content_type" VALUES(23,'deliveries','compiledmail');
INSERT INTO "django_content_type" VALUES(24,'deliveries','link');
INSERT INTO "django_content_type" VALUES(25,'deliveries','quota');
CREATE TABLE "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);
INSERT INTO "django_migrations" VALUES(1,'contenttypes','0001_initial','2026-11-23 21:42:55.469610');
INSERT INTO "django_migrations" VALUES(2,'contenttypes','0002_remove_content_type_name','2026-11-23 21:42:55.499113');
INSERT INTO "django_migrations" VALUES(3,'auth','0001_initial','2026-11-23 21:42:55.509799');
INSERT INTO "django_migrations" VALUES(4,'auth','0002_alter_permission_name_max_length','2026-11-23 21:42:55.550425');
INSERT INTO "django_migrations" VALUES(5,'auth','0003_alter_user_email_max_length','2026-11-23 21:42:55.579748');
INSERT INTO "django_migrations" VALUES(6,'auth','0004_alter_user_username_opts','2026-11-23 21:42:55.594673');
INSERT INTO "django_migrations" VALUES(7,'auth','0005_alter_user_last_login_null','2026-11-23 21:42:55.597522');
INSERT INTO "django_migrations" VALUES(8,'auth','0006_require_contenttypes_0002','2026-11-23 21:42:55.597892');
INSERT INTO "django_migrations" VALUES(9,'auth','0007_alter_validators_add_error_messages','2026-11-23 21:42:55.621096');
INSERT INTO "django_migrations" VALUES(10,'auth','0008_alter_user_username_max_length','2026-11-23 21:42:55.628002');
INSERT INTO "django_migrations" VALUES(11,'auth','0009_alter_user_last_name_max_length','2026-11-23 21:42:55.642850');
INSERT INTO "django_migrations" VALUES(12,'auth','0010_alter_group_name_max_length','2026-11-23 21:42:55.655607');
INSERT INTO "django_migrations" VALUES(13,'auth','0011_update_proxy_permissions','2026-11-23 21:42:55.669709');
INSERT INTO "django_migrations" VALUES(14,'auth','0012_alter_user_first_name_max_length','2026-11-23 21:42:55.680650');
INSERT INTO "django_migrations" VALUES(15,'briefs','0001_first','2026-11-23 21:42:56.165923');
INSERT INTO "django_migrations" VALUES(16,'admin','0001_initial','2026-11-23 21:42:56.204715');
INSERT INTO "django_migrations" VALUES(17,'admin','0002_logentry_remove_auto_add','2026-11-23 21:42:56.240008');
INSERT INTO "django_migrations" VALUES(18,'admin','0003_logentry_add_action_flag_choices','2026-11-23 21:42:56.267799');
INSERT INTO "django_migrations" VALUES(19,'subscribers','0001_first','2026-11-23 21:42:57.257616');
INSERT INTO "django_migrations" VALUES(20,'deliveries','0001_first','2026-11-23 21:42:58.144794');
INSERT INTO "django_migrations" VALUES(21,'deliveries','0002_room_for_hot_updates','2026-11-23 21:42:58.196034');
INSERT INTO "django_migrations" VALUES(22,'sessions','0001_initial','2026-11-23 21:42:58.205765');
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE TABLE "subscribers_consentrecord" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "address_hash" varchar(32) NOT NULL, "kind" varchar(12) NOT NULL, "at" datetime NOT NULL, "source" varchar(40) NOT NULL, "ip" char(39) NULL, "user_agent" varchar(300) NOT NULL, "basis" text NOT NULL, "delivery_id" bigint NULL, "by_id" bigint NULL REFERENCES "briefs_user" ("id") DEFERRABLE INITIALLY DEFERRED, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, "wording_id" bigint NULL REFERENCES "subscribers_consentwording" ("id") DEFERRABLE INITIALLY DEFERRED, "subscriber_id" bigint NULL REFERENCES "subscribers_subscriber" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "added_by_hand_states_a_basis" CHECK ((NOT ("kind" = 'added') OR NOT ("basis" = ''))), CONSTRAINT "consent_record_kind_is_known" CHECK ("kind" IN ('requested', 'confirmed', 'added', 'imported', 'changed', 'unsubscribed', 'complained', 'erased')));
INSERT INTO "subscribers_consentrecord" VALUES(1,'bbe22fd462dd812143ae5d39ab80b9ce','requested','2026-11-23 21:42:58.334818','web form','192.0.2.7','Quay/1','',NULL,NULL,1,1,1);
INSERT INTO "subscribers_consentrecord" VALUES(2,'bbe22fd462dd812143ae5d39ab80b9ce','confirmed','2026-11-23 21:42:58.337599','link',NULL,'','',NULL,NULL,1,1,1);
INSERT INTO "subscribers_consentrecord" VALUES(3,'d300b0777ca6750951793965ebbb2a24','requested','2026-11-23 21:42:58.345775','web form','192.0.2.7','Quay/1','',NULL,NULL,1,1,2);
INSERT INTO "subscribers_consentrecord" VALUES(4,'d300b0777ca6750951793965ebbb2a24','confirmed','2026-11-23 21:42:58.356404','link',NULL,'','',NULL,NULL,1,1,2);
INSERT INTO "subscribers_consentrecord" VALUES(5,'e81480e964f5f0a389ece314ff95b076','requested','2026-11-23 21:42:58.365035','web form','192.0.2.7','Quay/1','',NULL,NULL,1,1,3);
INSERT INTO "subscribers_consentrecord" VALUES(6,'99aec8d09965e5583be0bf4fffa49dff','requested','2026-11-23 21:42:58.382780','web form','192.0.2.7','Quay/1','',NULL,NULL,1,1,4);
INSERT INTO "subscribers_consentrecord" VALUES(7,'99aec8d09965e5583be0bf4fffa49dff','confirmed','2026-11-23 21:42:58.385459','link',NULL,'','',NULL,NULL,1,1,4);
INSERT INTO "subscribers_consentrecord" VALUES(8,'a96e492395716a996f88c56069854190','requested','2026-11-23 21:42:58.399815','web form','192.0.2.7','Quay/1','',NULL,NULL,1,1,5);
INSERT INTO "subscribers_consentrecord" VALUES(9,'a96e492395716a996f88c56069854190','confirmed','2026-11-23 21:42:58.401954','link',NULL,'','',NULL,NULL,1,1,5);
INSERT INTO "subscribers_consentrecord" VALUES(10,'d300b0777ca6750951793965ebbb2a24','unsubscribed','2026-11-23 21:42:58.410750','one-click',NULL,'','',NULL,NULL,1,NULL,2);
CREATE TABLE "subscribers_consentwording" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "text" text NOT NULL, "digest" varchar(64) NOT NULL, "created_at" datetime NOT NULL, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_wording_per_text" UNIQUE ("publication_id", "digest"));
INSERT INTO "subscribers_consentwording" VALUES(1,'Send me the daily brief by e-mail.','b7235bb06888286faf16dff18f34696a1e441bbfcc9c4369010aba8a2a74fb22','2026-11-23 21:42:58.334529',1);
CREATE TABLE "subscribers_notice" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(16) NOT NULL, "status" varchar(8) NOT NULL, "due_at" datetime NOT NULL, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), "error" text NOT NULL, "created_at" datetime NOT NULL, "sent_at" datetime NULL, "subscription_id" bigint NOT NULL REFERENCES "subscribers_subscription" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "notice_status_is_known" CHECK ("status" IN ('unsent', 'sent', 'failed')), CONSTRAINT "sent_notice_has_a_time" CHECK ((NOT ("status" = 'sent') OR "sent_at" IS NOT NULL)));
INSERT INTO "subscribers_notice" VALUES(1,'confirmation','unsent','2026-11-23 21:42:58.327371',0,'','2026-11-23 21:42:58.335141',NULL,1);
INSERT INTO "subscribers_notice" VALUES(2,'welcome','unsent','2026-11-23 21:42:58.335892',0,'','2026-11-23 21:42:58.337817',NULL,1);
INSERT INTO "subscribers_notice" VALUES(3,'confirmation','unsent','2026-11-23 21:42:58.344020',0,'','2026-11-23 21:42:58.345983',NULL,2);
INSERT INTO "subscribers_notice" VALUES(4,'welcome','unsent','2026-11-23 21:42:58.354939',0,'','2026-11-23 21:42:58.356620',NULL,2);
INSERT INTO "subscribers_notice" VALUES(5,'confirmation','unsent','2026-11-23 21:42:58.362871',0,'','2026-11-23 21:42:58.365259',NULL,3);
INSERT INTO "subscribers_notice" VALUES(6,'confirmation','unsent','2026-11-23 21:42:58.375419',0,'','2026-11-23 21:42:58.383018',NULL,4);
INSERT INTO "subscribers_notice" VALUES(7,'welcome','unsent','2026-11-23 21:42:58.383857',0,'','2026-11-23 21:42:58.385673',NULL,4);
INSERT INTO "subscribers_notice" VALUES(8,'confirmation','unsent','2026-11-23 21:42:58.392485',0,'','2026-11-23 21:42:58.400067',NULL,5);
INSERT INTO "subscribers_notice" VALUES(9,'welcome','unsent','2026-11-23 21:42:58.400685',0,'','2026-11-23 21:42:58.409636',NULL,5);
CREATE TABLE "subscribers_subscriber" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "address" varchar(254) NOT NULL, "address_key" varchar(254) NOT NULL UNIQUE, "address_hash" varchar(32) NOT NULL, "name" varchar(120) NOT NULL, "language" varchar(10) NOT NULL, "time_zone" varchar(64) NOT NULL, "attributes" text NOT NULL CHECK ((JSON_VALID("attributes") OR "attributes" IS NULL)), "created_at" datetime NOT NULL, CONSTRAINT "subscriber_has_an_address" CHECK (NOT ("address" = '')), CONSTRAINT "subscriber_has_a_hash" CHECK (NOT ("address_hash" = '')));
INSERT INTO "subscribers_subscriber" VALUES(1,'ada@reader.example','ada@reader.example','bbe22fd462dd812143ae5d39ab80b9ce','Ada','','','{}','2026-11-23 21:42:58.317663');
INSERT INTO "subscribers_subscriber" VALUES(2,'bob@reader.example','bob@reader.example','d300b0777ca6750951793965ebbb2a24','Bob','','','{}','2026-11-23 21:42:58.343057');
INSERT INTO "subscribers_subscriber" VALUES(3,'cleo@reader.example','cleo@reader.example','e81480e964f5f0a389ece314ff95b076','Cleo','','','{}','2026-11-23 21:42:58.357728');
INSERT INTO "subscribers_subscriber" VALUES(4,'dora@reader.example','dora@reader.example','99aec8d09965e5583be0bf4fffa49dff','Dora','','','{}','2026-11-23 21:42:58.374564');
INSERT INTO "subscribers_subscriber" VALUES(5,'frank@reader.example','frank@reader.example','a96e492395716a996f88c56069854190','Frank','','','{}','2026-11-23 21:42:58.391555');
CREATE TABLE "subscribers_subscription" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "status" varchar(12) NOT NULL, "source" varchar(40) NOT NULL, "requested_at" datetime NOT NULL, "confirmed_at" datetime NULL, "unsubscribed_at" datetime NULL, "paused_until" date NULL, "publication_id" bigint NOT NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, "subscriber_id" bigint NOT NULL REFERENCES "subscribers_subscriber" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_subscription_per_reader" UNIQUE ("subscriber_id", "publication_id"), CONSTRAINT "subscription_status_is_known" CHECK ("status" IN ('unconfirmed', 'active', 'paused', 'unsubscribed')), CONSTRAINT "active_subscription_was_confirmed" CHECK ((NOT ("status" IN ('active', 'paused')) OR "confirmed_at" IS NOT NULL)), CONSTRAINT "unsubscribed_subscription_has_a_time" CHECK ((NOT ("status" = 'unsubscribed') OR "unsubscribed_at" IS NOT NULL)));
INSERT INTO "subscribers_subscription" VALUES(1,'active','web form','2026-11-23 21:42:58.327371','2026-11-23 21:42:58.335892',NULL,NULL,1,1);
INSERT INTO "subscribers_subscription" VALUES(2,'unsubscribed','web form','2026-11-23 21:42:58.344020','2026-11-23 21:42:58.354939','2026-11-23 21:42:58.409935',NULL,1,2);
INSERT INTO "subscribers_subscription" VALUES(3,'unconfirmed','web form','2026-11-23 21:42:58.362871',NULL,NULL,NULL,1,3);
INSERT INTO "subscribers_subscription" VALUES(4,'active','web form','2026-11-23 21:42:58.375419','2026-11-23 21:42:58.383857',NULL,NULL,1,4);
INSERT INTO "subscribers_subscription" VALUES(5,'active','web form','2026-11-23 21:42:58.392485','2026-11-23 21:42:58.400685',NULL,NULL,1,5);
CREATE TABLE "subscribers_suppression" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "address_hash" varchar(32) NOT NULL, "address" varchar(254) NOT NULL, "reason" varchar(10) NOT NULL, "note" text NOT NULL, "created_at" datetime NOT NULL, "publication_id" bigint NULL REFERENCES "briefs_publication" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "one_suppression_per_publication" UNIQUE ("address_hash", "publication_id"), CONSTRAINT "suppression_reason_is_known" CHECK ("reason" IN ('bounce', 'complaint', 'manual', 'erasure')));
INSERT INTO "subscribers_suppression" VALUES(1,'99aec8d09965e5583be0bf4fffa49dff','dora@reader.example','complaint','reported as spam','2026-11-23 21:42:58.411964',NULL);
INSERT INTO "subscribers_suppression" VALUES(2,'48d3d2264d11c0682c32f3aaf901982f','','erasure','','2026-11-23 21:42:58.412770',NULL);
INSERT INTO "subscribers_suppression" VALUES(3,'d600cf525f6b7537ef798d5621285e66','gus@reader.example','manual','asked by letter','2026-11-23 21:42:58.422384',1);
CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");
CREATE UNIQUE INDEX "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" ON "auth_group_permissions" ("group_id", "permission_id");
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id");
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id");
CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id");
CREATE UNIQUE INDEX "briefs_user_groups_user_id_group_id_12acbe56_uniq" ON "briefs_user_groups" ("user_id", "group_id");
CREATE INDEX "briefs_user_groups_user_id_39d7a50b" ON "briefs_user_groups" ("user_id");
CREATE INDEX "briefs_user_groups_group_id_8da47403" ON "briefs_user_groups" ("group_id");
CREATE UNIQUE INDEX "briefs_user_user_permissions_user_id_permission_id_f66a1ff5_uniq" ON "briefs_user_user_permissions" ("user_id", "permission_id");
CREATE INDEX "briefs_user_user_permissions_user_id_79b8f107" ON "briefs_user_user_permissions" ("user_id");
CREATE INDEX "briefs_user_user_permissions_permission_id_0e92a021" ON "briefs_user_user_permissions" ("permission_id");
CREATE UNIQUE INDEX "briefs_brief_authors_brief_id_author_id_a8947bc8_uniq" ON "briefs_brief_authors" ("brief_id", "author_id");
CREATE INDEX "briefs_brief_authors_brief_id_59ca2c25" ON "briefs_brief_authors" ("brief_id");
CREATE INDEX "briefs_brief_authors_author_id_9cbe34e2" ON "briefs_brief_authors" ("author_id");
CREATE INDEX "briefs_keypoint_position_a9ff1df1" ON "briefs_keypoint" ("position");
CREATE INDEX "briefs_keypoint_brief_id_34527f35" ON "briefs_keypoint" ("brief_id");
CREATE UNIQUE INDEX "one_user_per_email" ON "briefs_user" ((LOWER("email")));
CREATE UNIQUE INDEX "briefs_brief_topics_brief_id_topic_id_a47f71bd_uniq" ON "briefs_brief_topics" ("brief_id", "topic_id");
CREATE INDEX "briefs_brief_topics_brief_id_b07697a4" ON "briefs_brief_topics" ("brief_id");
CREATE INDEX "briefs_brief_topics_topic_id_bf370bb8" ON "briefs_brief_topics" ("topic_id");
CREATE INDEX "briefs_membership_user_id_b528d947" ON "briefs_membership" ("user_id");
CREATE INDEX "briefs_membership_publication_id_0c30ab78" ON "briefs_membership" ("publication_id");
CREATE INDEX "briefs_revision_brief_id_cfe02913" ON "briefs_revision" ("brief_id");
CREATE INDEX "briefs_revision_by_id_b5a62e98" ON "briefs_revision" ("by_id");
CREATE INDEX "briefs_topic_slug_994a2374" ON "briefs_topic" ("slug");
CREATE INDEX "briefs_topic_publication_id_f9c4fa40" ON "briefs_topic" ("publication_id");
CREATE UNIQUE INDEX "one_brief_per_web_address" ON "briefs_brief" ("publication_id", "date", "slug") WHERE NOT ("slug" = '');
CREATE INDEX "briefs_brief_slug_96899d1f" ON "briefs_brief" ("slug");
CREATE INDEX "briefs_brief_status_73d4f722" ON "briefs_brief" ("status");
CREATE INDEX "briefs_brief_created_by_id_25b2b257" ON "briefs_brief" ("created_by_id");
CREATE INDEX "briefs_brief_publication_id_b9501654" ON "briefs_brief" ("publication_id");
CREATE INDEX "briefs_brief_published_revision_id_2ab7aea3" ON "briefs_brief" ("published_revision_id");
CREATE INDEX "django_admin_log_content_type_id_c4bce8eb" ON "django_admin_log" ("content_type_id");
CREATE INDEX "django_admin_log_user_id_c564eba6" ON "django_admin_log" ("user_id");
CREATE INDEX "subscribers_subscriber_address_hash_defd1eb2" ON "subscribers_subscriber" ("address_hash");
CREATE INDEX "subscribers_consentwording_publication_id_19450864" ON "subscribers_consentwording" ("publication_id");
CREATE INDEX "subscribers_consentrecord_address_hash_e2171366" ON "subscribers_consentrecord" ("address_hash");
CREATE INDEX "subscribers_consentrecord_by_id_2ab28612" ON "subscribers_consentrecord" ("by_id");
CREATE INDEX "subscribers_consentrecord_publication_id_c74e5cf6" ON "subscribers_consentrecord" ("publication_id");
CREATE INDEX "subscribers_consentrecord_wording_id_8faa4f4e" ON "subscribers_consentrecord" ("wording_id");
CREATE INDEX "subscribers_consentrecord_subscriber_id_bd41d9dc" ON "subscribers_consentrecord" ("subscriber_id");
CREATE INDEX "subscribers_subscription_publication_id_e1dfd039" ON "subscribers_subscription" ("publication_id");
CREATE INDEX "subscribers_subscription_subscriber_id_cb6308c8" ON "subscribers_subscription" ("subscriber_id");
CREATE INDEX "subscription_by_publication" ON "subscribers_subscription" ("publication_id", "id");
CREATE INDEX "subscribers_notice_subscription_id_c96d6532" ON "subscribers_notice" ("subscription_id");
CREATE INDEX "notices_that_wait" ON "subscribers_notice" ("due_at") WHERE "status" = 'unsent';
CREATE UNIQUE INDEX "one_suppression_per_address" ON "subscribers_suppression" ("address_hash") WHERE "publication_id" IS NULL;
CREATE INDEX "subscribers_suppression_publication_id_4fe8c375" ON "subscribers_suppression" ("publication_id");
CREATE UNIQUE INDEX "one_open_edition_per_brief" ON "deliveries_edition" ("brief_id") WHERE "status" IN ('scheduled', 'sending', 'paused', 'finishing');
CREATE INDEX "deliveries_edition_brief_id_bb02f350" ON "deliveries_edition" ("brief_id");
CREATE INDEX "deliveries_edition_by_id_2ed76718" ON "deliveries_edition" ("by_id");
CREATE INDEX "deliveries_edition_publication_id_ababac57" ON "deliveries_edition" ("publication_id");
CREATE INDEX "deliveries_edition_revision_id_f66ef766" ON "deliveries_edition" ("revision_id");
CREATE INDEX "editions_that_are_open" ON "deliveries_edition" ("send_at") WHERE "status" IN ('scheduled', 'sending', 'paused', 'finishing');
CREATE INDEX "deliveries_delivery_batch_id_78c2728b" ON "deliveries_delivery" ("batch_id");
CREATE INDEX "deliveries_delivery_subscriber_id_3246b22e" ON "deliveries_delivery" ("subscriber_id");
CREATE INDEX "deliveries_that_wait" ON "deliveries_delivery" ("edition_id", "due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "deliveries_batch_edition_id_6a1c994b" ON "deliveries_batch" ("edition_id");
CREATE INDEX "batches_that_wait" ON "deliveries_batch" ("lane", "not_before") WHERE "done_at" IS NULL;
CREATE INDEX "deliveries_link_edition_id_88089c0e" ON "deliveries_link" ("edition_id");
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('django_migrations',22);
INSERT INTO "sqlite_sequence" VALUES('django_content_type',25);
INSERT INTO "sqlite_sequence" VALUES('auth_permission',100);
INSERT INTO "sqlite_sequence" VALUES('auth_group',0);
INSERT INTO "sqlite_sequence" VALUES('briefs_membership',1);
INSERT INTO "sqlite_sequence" VALUES('briefs_revision',2);
INSERT INTO "sqlite_sequence" VALUES('briefs_topic',0);
INSERT INTO "sqlite_sequence" VALUES('briefs_brief',3);
INSERT INTO "sqlite_sequence" VALUES('django_admin_log',0);
INSERT INTO "sqlite_sequence" VALUES('subscribers_consentwording',1);
INSERT INTO "sqlite_sequence" VALUES('subscribers_consentrecord',10);
INSERT INTO "sqlite_sequence" VALUES('subscribers_subscription',5);
INSERT INTO "sqlite_sequence" VALUES('subscribers_notice',9);
INSERT INTO "sqlite_sequence" VALUES('subscribers_suppression',3);
INSERT INTO "sqlite_sequence" VALUES('deliveries_edition',2);
INSERT INTO "sqlite_sequence" VALUES('deliveries_delivery',3);
INSERT INTO "sqlite_sequence" VALUES('deliveries_batch',1);
INSERT INTO "sqlite_sequence" VALUES('deliveries_link',1);
INSERT INTO "sqlite_sequence" VALUES('briefs_publication',1);
INSERT INTO "sqlite_sequence" VALUES('briefs_user',1);
INSERT INTO "sqlite_sequence" VALUES('subscribers_subscriber',5);
INSERT INTO "sqlite_sequence" VALUES('briefs_keypoint',6);
INSERT INTO "sqlite_sequence" VALUES('deliveries_compiledmail',1);
COMMIT;
