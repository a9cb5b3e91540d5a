{#- The activity types and families of extensions that are read by name. -#}
{%- set course = 'http://adlnet.gov/expapi/activities/course' -%}
{%- set interaction = 'http://adlnet.gov/expapi/activities/cmi.interaction' -%}
{%- set attempt = 'http://adlnet.gov/expapi/activities/attempt' -%}
{%- set acrossx = 'https://w3id.org/xapi/acrossx/extensions/' -%}
{%- set openedx = 'https://w3id.org/xapi/openedx/extension/' -%}
{%- set tincan = 'http://id.tincanapi.com/extension/' -%}
{%- set video = 'https://w3id.org/xapi/video/extensions/' -%}

{#- Texts that may hold anything: of each statement its own, and those with few values. -#}
{%- set own_texts = [
    'session_id', 'response', 'enrollment_mode', 'forum_post_type', 'interaction_type',
    'letter_grade', 'sent_thread_id', 'sent_comment_id', 'attempt_code', 'attempt_extension_id',
    'workflow_action', 'prompt_template', 'workflow_location', 'rejected_text'
] -%}
{%- set shared_texts = [
    'verb_id', 'object_type', 'object_name', 'object_description', 'other_version'
] -%}
{%- set shared_ids = ['raw_object_id', 'parent_foreign_id', 'own_foreign_id'] -%}
{%- set texts = own_texts + shared_texts + shared_ids -%}
{%- set shown = {} -%}
{%- for text in texts -%}
    {%- do shown.update({
        text: "coalesce(masked_texts[" ~ loop.index ~ "], nullIf(masked." ~ text ~ ", ''))"
    }) -%}
{%- endfor -%}

{#- A child is about its parent, and a question under its own id. -#}
{%- set block_key -%}
    coalesce(nullIf(usage_key, ''), {{ foreign_id(shown['parent_foreign_id']) }})
{%- endset -%}
{%- set question_key -%}
    if(
        is_child,
        coalesce(nullIf(own_usage_key, ''), {{ foreign_id(shown['own_foreign_id']) }}),
        {{ block_key }}
    )
{%- endset -%}

with

delivered as (

    select
        event_id,
        toDateTime64(emission_time, 6, 'UTC') as emission_time,
        {{ statement_text() }} as body
    from {{ source('xapi', 'xapi_events_all') }}

),

read_once as (

    select
        *,
        JSONExtract(body, '{{ statement_type() }}') as first_reading
    from delivered

),

-- What Python writes and the engine refuses (a lone surrogate, NaN, 1e400, a byte order mark)
-- is mended and read again; only statements without a verb come this far. What is not UTF-8 is
-- left alone: nobody knows which letters its bytes were.
mended as (

    select
        *,
        if(
            isNull(first_reading.verb.id) and isValidUTF8(body), {{ mended_json('body') }}, body
        ) as mended_body
    from read_once

),

read_again as (

    select
        * except (first_reading),
        if(
            mended_body != body,
            JSONExtract(mended_body, '{{ statement_type() }}'),
            first_reading
        ) as statement
    from mended

),

identified as (

    select
        *,
        statement.actor as actor,
        assumeNotNull(coalesce(
            nullIf(actor.account.name, ''), nullIf(actor.mbox, ''), actor.mbox_sha1sum, ''
        )) as actor_name,
        actor.objectType as actor_kind,
        {{ host_of('toLowCardinality(actor.account.homePage)') }} as home_host,
        {{ actor_pseudonym() }} as actor_id
    from read_again

),

-- A learner whom the site has forgotten may be sent again: of that nothing is read.
without_forgotten as (

    select
        * except (statement, body, mended_body, actor, actor_name),
        {{ is_forgotten('actor_id') }} as is_forgotten,
        if(is_forgotten, '', identified.body) as body,
        if(is_forgotten, '', identified.mended_body) as mended_body,
        if(
            is_forgotten, JSONExtract('{}', '{{ statement_type() }}'), identified.statement
        ) as statement
    from identified

),

-- `parent` and `grouping` may be one activity instead of a list.
related as (

    select
        *,
        {{ related_activities('parent') }} as parents,
        {{ related_activities('grouping') }} as groupings
    from without_forgotten

),

-- From here on plain columns: each value that is used, under the name of what it is. Keys and URLs
-- are LowCardinality, for then a pattern looks at each different one once, not at each statement's.
named as (

    select
        event_id,
        emission_time,
        is_forgotten,
        body,
        mended_body,
        statement.id as body_id,
        actor_id,
        actor_kind,
        home_host,
        toLowCardinality(nullIf(statement.verb.id, '')) as verb_id,

        -- object
        toLowCardinality(nullIf(statement.object.id, '')) as raw_object_id,
        statement.object.objectType as object_kind,
        statement.object.definition as definition,
        -- A person, a group or a statement as object is of that type, whatever its definition says.
        toLowCardinality(if(
            object_kind in ('Agent', 'Group', 'SubStatement', 'StatementRef'),
            object_kind,
            nullIf(definition.type, '')
        )) as object_type,
        multiIf(
            notEmpty(definition.name['en']), definition.name['en'],
            notEmpty(definition.name['en-US']), definition.name['en-US'],
            nullIf(arrayFirst(name -> coalesce(name, '') != '', mapValues(definition.name)), '')
        ) as object_name,
        nullIf(
            coalesce(definition.description['en-US'], definition.description['en']), ''
        ) as object_description,
        nullIf(definition.interactionType, '') as interaction_type,
        coalesce(definition.choices, '') as choices,
        definition.extensions['{{ acrossx }}type'] as enrollment_mode,
        definition.extensions['{{ acrossx }}total-items'] as total_items,
        definition.extensions['{{ acrossx }}time-limit'] as time_limit,
        definition.extensions['{{ tincan }}attempt-id'] as attempt_number,
        definition.extensions['{{ openedx }}ai-workflow-action'] as workflow_action,
        definition.extensions['{{ openedx }}prompt-template-slug'] as prompt_template,
        definition.extensions['{{ openedx }}location-id'] as workflow_location,

        -- result
        {{ result_text() }} as result_text,
        JSONExtract(result_text, '{{ result_type() }}') as result,
        result.success as is_success,
        result.completion as is_completion,
        result.duration as duration,
        result.response as response,
        result.score.raw as score_raw,
        result.score.min as score_min,
        result.score.max as score_max,
        result.score.scaled as score_scaled,
        result.extensions[
            'http://www.tincanapi.co.uk/activitytypes/grade_classification'
        ] as letter_grade,
        result.extensions['{{ video }}time'] as position,
        result.extensions['{{ video }}time-from'] as seek_from,
        result.extensions['{{ video }}time-to'] as seek_to,
        result.extensions['{{ video }}cc-enabled'] as cc_enabled,
        result.extensions['{{ openedx }}speed-from'] as speed_from,
        result.extensions['{{ openedx }}speed-to'] as speed_to,
        result.extensions['https://w3id.org/xapi/cmi5/result/extensions/progress'] as progress,

        -- context
        statement.context.extensions as context_extensions,
        context_extensions[
            'https://w3id.org/xapi/openedx/extensions/session-id'
        ] as session_id,
        context_extensions['{{ openedx }}transformer-version'] as transformer_version,
        context_extensions['{{ acrossx }}type'] as forum_post_type,
        context_extensions['{{ tincan }}starting-position'] as starting_position,
        context_extensions['{{ tincan }}ending-point'] as ending_point,
        context_extensions['{{ video }}length'] as length,
        nullIf(statement.context.statement.id, '') as parent_statement_id,
        notEmpty(groupings) as is_grouped,
        toLowCardinality(coalesce(
            parents.id[indexOf(parents.definition.type, '{{ course }}')],
            groupings.id[indexOf(groupings.definition.type, '{{ course }}')],
            if(object_type = '{{ course }}', raw_object_id, null)
        )) as course_url,
        toLowCardinality(coalesce(
            parents.id[indexOf(parents.objectType, 'GroupActivity')],
            parents.id[indexOf(parents.definition.type, '{{ interaction }}')]
        )) as problem_parent_id,
        arrayFirst(id -> position(coalesce(id, ''), '/threads/') > 0, groupings.id) as thread_url,
        {{ forum_post_id('thread_url', 'thread') }} as thread_url_id,
        {{ forum_post_id('raw_object_id', 'thread') }} as object_thread_id,
        {{ forum_post_id('raw_object_id', 'comment') }} as object_comment_id,
        indexOf(groupings.definition.type, '{{ attempt }}') as attempt_index,
        nullIf(groupings.id[attempt_index], '') as attempt_code,
        groupings.definition.extensions[attempt_index] as attempt_extensions,
        attempt_extensions['{{ tincan }}attempt-id'] as attempt_extension_id,
        attempt_extensions['{{ tincan }}duration'] as attempt_duration,
        attempt_extensions['{{ openedx }}attempt-started'] as attempt_started,
        attempt_extensions['{{ openedx }}attempt-completed'] as attempt_completed,
        {%- for column in extra_columns() %}
        {{ column.sent }} as sent_{{ column.name }},
        {%- endfor %}
        {{ moment('statement.stored') }} as stored_at
    from related

),

checked as (

    select
        * except (definition, result, context_extensions, attempt_extensions, attempt_index),
        {{ rejection_reason() }} as rejection_reason,
        {{ event_kind('verb_id', 'object_type', {
            'ending-point = ': 'ending_point',
            'cc-enabled = ': 'cc_enabled',
            'has speed-to': "if(isNull(speed_to), null, '')",
            'is reply': "if(is_grouped or isNotNull(object_comment_id), '', null)"
        }) }} as event_kind,
        {{ course_key_of('course_url') }} as new_course_key,
        {{ old_course_key_of('course_url') }} as old_course_key,
        {{ host_of('course_url') }} as course_host,
        {{ response_choices('response') }} as sent_choices,
        -- '' is a key that names somebody, or what begins as one and is none.
        toLowCardinality({{ block_id_of('raw_object_id') }}) as own_block_key,
        toLowCardinality({{ block_id_of('problem_parent_id') }}) as parent_block_key,
        {{ impersonal('own_block_key') }} as own_usage_key,
        {{ impersonal('parent_block_key') }} as parent_usage_key
    from named

),

classified as (

    select
        *,
        multiIf(
            rejection_reason != '', 'malformed',
            event_kind = '', 'unclassified',
            splitByChar('/', event_kind)[1]
        ) as event_family,
        if(rejection_reason = '', splitByChar('/', event_kind)[2], '') as event_type,
        -- Long enough for an address that begins in what is shown of it. Of a JSON text with
        -- escapes nothing is shown: what they stand for may be part of one.
        if(
            rejection_reason = '',
            '',
            arrayStringConcat(arrayMap(
                piece -> if(position(piece, '\\') > 0, '"***"', piece),
                extractAll(
                    substringUTF8(toValidUTF8(body), 1, 1000),
                    '(?s)"(?:[^"\\\\]|\\\\.)*(?:"|\\\\?$)|[^"]+'
                )
            ))
        ) as rejected_text,
        -- The old form looks like any path: it counts on the host of the actor's own system.
        toLowCardinality(coalesce(
            new_course_key, if(home_host = '' or home_host = course_host, old_course_key, null)
        )) as sent_course_key,
        {{ impersonal('sent_course_key') }} as kept_course_key,
        toLowCardinality(if(
            rejection_reason = '', {{ within_length("nullIf(kept_course_key, '')") }}, null
        )) as valid_course_key,
        -- Who takes a statement back learns nothing by it; a group is no learner.
        rejection_reason = '' and isNotNull(actor_id) and event_type != 'statement_voided'
            as has_learner,
        multiIf(
            event_type != 'problem_check_server', null,
            object_kind = 'GroupActivity', 'parent',
            notEmpty(problem_parent_id) or isNotNull(parent_statement_id), 'child',
            'single'
        ) as submission_part,
        if(
            event_type = 'problem_check_server',
            {{ is_listed_response('choices', 'response', 'sent_choices') }},
            null
        ) as is_response_listed,
        -- What twins agree in, beside course, learner and time, which are columns.
        {{ twin_hash() }} as content_hash,
        event_family in ('video', 'problem', 'grading', 'completion', 'exam')
        and coalesce(object_type, '') != '{{ course }}' as may_be_foreign,
        coalesce(submission_part = 'child', false) as is_child,
        coalesce(if(is_child, parent_usage_key, null), own_usage_key) as usage_key
    from checked

),

-- An object without usage key is a block under its own id, so that foreign contents never become
-- one another; a course is none. Of a child these are the ids of its parent and its own.
with_foreign_ids as (

    select
        *,
        -- The id of the object has what is no key of it, or of its course.
        own_usage_key = '' or kept_course_key = '' as may_name_somebody,
        may_be_foreign and (isNull(usage_key) or is_child and isNull(own_usage_key)) as is_foreign,
        toLowCardinality(if(
            is_foreign, coalesce(if(is_child, problem_parent_id, null), raw_object_id), null
        )) as parent_foreign_id,
        toLowCardinality(if(
            is_foreign, splitByString('/xblock/', coalesce(raw_object_id, ''))[-1], null
        )) as own_foreign_id,
        -- The path of a viewed thread is that of the request: it may be that of comments.
        event_type = 'thread_viewed' as is_view,
        coalesce(thread_url_id, object_thread_id, if(is_view, object_comment_id, null))
            as sent_thread_id,
        if(is_view, null, object_comment_id) as sent_comment_id,
        -- The version of a package has an @ too. It has three numbers at most: four may be a host.
        toLowCardinality(if(
            match(
                transformer_version,
                '^[a-z_-]+@[0-9]+(?:[.][0-9]+){0,2}(?:[.-]?(?:a|b|rc|dev|post)[0-9]*){0,2}$'
            ),
            null,
            transformer_version
        )) as other_version
    from classified

),

-- Few statements have a text that may identify somebody: only theirs are looked at.
masked as (

    select
        *,
        {%- for text in shared_texts %}
            {{ may_identify(text) }} +
        {%- endfor %}
        {%- for id in shared_ids %}
            ({{ may_identify(id) }} > {{ is_key_url(id) }}) +
        {%- endfor %}
            {{ may_identify(
                "concatWithSeparator('\\n', arrayStringConcat(sent_choices, '\\n'), assumeNotNull("
                ~ own_texts | join("), assumeNotNull(") ~ "))"
            ) }} > 0 as may_identify,
        if(
            may_identify,
            arrayMap(
                text -> {{ masked('text') }},
                arrayConcat(
                    [nullIf({{ texts | join(", ''), nullIf(") }}, '')],
                    sent_choices
                )
            ),
            []
        ) as masked_texts
    from with_foreign_ids

)

select
    -- ids
    event_id,
    cityHash64(body) as statement_hash,
    if(has_learner, content_hash, null) as twin_hash,
    event_family,
    toLowCardinality(event_type) as event_type,
    rejection_reason,
    toLowCardinality({{ shown['verb_id'] }}) as verb_id,
    toLowCardinality({{ shown['object_type'] }}) as object_type,
    toLowCardinality(if(may_name_somebody, null, {{ shown['raw_object_id'] }})) as object_id,
    toLowCardinality({{ course_org('valid_course_key') }}) as org,
    valid_course_key::Nullable(String) as course_key,
    toLowCardinality({{ course_run('valid_course_key') }}) as course_run,
    if(has_learner, actor_id, null) as actor_id,
    {{ shown['session_id'] }} as session_id,
    toLowCardinality(
        coalesce({{ shown['other_version'] }}, nullIf(masked.transformer_version, ''))
    ) as transformer_version,
    toLowCardinality({{ within_length(block_key) }}) as block_id,
    if(isNull(toUUIDOrNull(parent_statement_id)), null, parent_statement_id) as parent_statement_id,
    if(event_type = 'statement_voided', toUUIDOrNull(coalesce(raw_object_id, '')), null)
        as voided_event_id,
    toLowCardinality({{ within_length(question_key) }}) as question_id,

    -- what happened
    {{ shown['enrollment_mode'] }} as enrollment_mode,
    {{ shown['forum_post_type'] }} as forum_post_type,
    toLowCardinality({{ shown['object_name'] }}) as object_name,
    toLowCardinality({{ shown['object_description'] }}) as object_description,
    {{ shown['interaction_type'] }} as interaction_type,
    submission_part,
    is_success,
    is_completion,
    coalesce({{ shown['response'] }}, masked.response) as response,
    if(
        may_identify,
        arrayMap(
            choice -> coalesce(choice, ''),
            arraySlice(masked_texts, {{ texts | length + 1 }})
        ),
        sent_choices
    ) as response_choices,
    is_response_listed,
    {{ shown['letter_grade'] }} as letter_grade,

    -- figures
    {{ number('score_raw') }} as score_raw,
    {{ number('score_min') }} as score_min,
    {{ number('score_max') }} as score_max,
    {{ number('score_scaled') }} as score_scaled,
    {{ whole_number('attempt_number', least=1) }} as attempt_number,
    toUInt32OrNull(extract(coalesce(raw_object_id, ''), '/hint/([0-9]+)$'))::Nullable(UInt32)
        as hint_index,
    {{ whole_number('starting_position') }} as starting_position,
    {{ whole_number('ending_point') }} as ending_position,
    {{ whole_number('total_items') }} as total_items,
    {{ video_seconds('length') }} as length_seconds,
    {{ video_seconds('position') }} as position_seconds,
    {{ iso_duration('duration') }} as duration_seconds,
    {{ video_seconds('seek_from') }} as seek_from_seconds,
    {{ video_seconds('seek_to') }} as seek_to_seconds,
    {{ number("replaceRegexpOne(speed_from, 'x$', '')") }} as speed_from,
    {{ number("replaceRegexpOne(speed_to, 'x$', '')") }} as speed_to,
    {{ boolean('cc_enabled') }} as is_captions_enabled,
    {{ number('progress') }} as progress_percent,

    -- forum, exam and workflow
    {{ shown['sent_thread_id'] }} as thread_id,
    {{ shown['sent_comment_id'] }} as comment_id,
    nullIf(extract(coalesce(masked.object_type, ''), '/activity/([a-z]+)-assessment$'), '')
        as exam_type,
    {{ shown['attempt_code'] }} as attempt_code,
    {{ shown['attempt_extension_id'] }} as attempt_extension_id,
    {{ number('attempt_duration') }} as attempt_duration_seconds,
    {{ moment('attempt_started') }} as attempt_started_at,
    {{ moment('attempt_completed') }} as attempt_completed_at,
    {{ number('time_limit') }} as time_limit_minutes,
    {{ shown['workflow_action'] }} as workflow_action,
    {{ shown['prompt_template'] }} as prompt_template,
    {{ shown['workflow_location'] }} as workflow_location,
    {%- for column in extra_columns() %}
    {{ column.value }} as {{ column.name }},
    {%- endfor %}

    -- what could not be read
    length(body) as statement_length,
    if(
        rejection_reason = '',
        null,
        substringUTF8(coalesce({{ shown['rejected_text'] }}, ''), 1, 200)
    ) as statement_excerpt,

    -- times
    emission_time,
    stored_at
from masked
