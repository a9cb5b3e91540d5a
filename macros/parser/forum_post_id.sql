{#-
    Id of the thread or comment that a forum URL names: what follows /threads/ or /comments/. The
    old forum's pages put the action before the id (/threads/create/ID, /threads//update/ID) and
    the answered post before the answer's (/threads/THREAD/reply/ID). NULL if there is none, and where
    what stands there is no id: an address in its place would be cut at what it has of & and #.
-#}
{% macro forum_post_id(url, post) -%}
    {%- set patterns = {
        'thread': '/threads/(?:create/|/(?:[A-Za-z]+/)*)?([A-Za-z0-9_-]+)(?:[/?#]|$)',
        'comment':
            '/(?:threads/[^/?#]+/reply/|comments/(?:[^/?#]+/reply/|/(?:[A-Za-z]+/)*)?)([A-Za-z0-9_-]+)(?:[/?#]|$)',
    } -%}
    if(
        position({{ url }}, '/discussion/') > 0,
        nullIf(extract({{ url }}, '{{ patterns[post] }}'), ''),
        null
    )
{%- endmacro %}
