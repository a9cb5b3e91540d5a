{#-
    The columns of base that a site reads besides those of the project, by the var extra_xapi_columns: a
    list of `name`, `data_type`, `sent`, an expression of the text in the statement, and `value`, one of
    what `sent_<name>` is. None is a text, for a text may name somebody. All begin with extra_, so that
    none has a name that the parser uses, now or later.
-#}
{% macro extra_columns() %}
    {%- set kinds = {
        'whole_number': 'Nullable(Int64)',
        'number': 'Nullable(Float64)',
        'boolean': 'Nullable(Bool)',
        'moment': "Nullable(DateTime64(6, 'UTC'))",
    } -%}
    {%- set places = {
        'result': 'result.extensions',
        'context': 'context_extensions',
        'object': 'definition.extensions',
    } -%}
    {%- set columns = [] -%}
    {%- for line in var('extra_xapi_columns', []) -%}
        {%- if not modules.re.fullmatch('extra_[a-z0-9_]+', line.column | string)
            or line.place not in places or line.kind not in kinds or not line.extension
            or line.column in columns | map(attribute='name') -%}
            {%- do exceptions.raise_compiler_error(
                'The line ' ~ line ~ ' of the var extra_xapi_columns cannot be used: it takes a column '
                ~ 'of its own that begins with extra_, a place (' ~ places | join(', ') ~ '), an extension and a kind ('
                ~ kinds | join(', ') ~ ').'
            ) -%}
        {%- endif -%}
        {%- set sent = 'sent_' ~ line.column -%}
        {%- do columns.append({
            'name': line.column,
            'data_type': kinds[line.kind],
            'sent': places[line.place] ~ '[' ~ oars.text_literal(line.extension) ~ ']',
            'value': {
                'whole_number': oars.whole_number(sent),
                'number': oars.number(sent),
                'boolean': oars.boolean(sent),
                'moment': oars.moment(sent),
            }[line.kind],
        }) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
