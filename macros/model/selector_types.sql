{#- Types of the blocks that choose what a learner gets: below one of them each has only a part. -#}
{% macro selector_types() -%}
    (
        'library_content', 'legacy_library_content', 'itembank', 'split_test', 'randomize',
        'conditional'
    )
{%- endmacro %}
