{#-
    Claims the database anew before each relation. A run that was taken for dead, because it was
    halted for longer than its lease, finds the claim of its successor and stops.
-#}
{% macro renew_lease() %}
    {%- if target.type != 'chdb' and flags.WHICH in ('run', 'build') -%}
        {%- if other_lease() -%}
            {%- do exceptions.raise_compiler_error(
                'This run was halted for longer than its lease and another has taken over: the '
                ~ 'next run finishes what is left.'
            ) -%}
        {%- endif -%}
        {%- do write_lease() -%}
    {%- endif -%}
{% endmacro %}
