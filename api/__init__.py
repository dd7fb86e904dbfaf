"""The same verbs over HTTP: keys, the JSON API, outgoing webhooks."""
