"""The HQ pages: Jinja2, htmx and server-sent events."""
