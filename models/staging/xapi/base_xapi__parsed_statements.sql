{#- The extensions and activity types that are read by name. -#}
{%- set course = 'http://adlnet.gov/expapi/activities/course' -%}
{%- set interaction = 'http://adlnet.gov/expapi/activities/cmi.interaction' -%}
{%- set acrossx = 'https://w3id.org/xapi/acrossx/extensions/' -%}
{%- set openedx = 'https://w3id.org/xapi/openedx/extension/' -%}
{%- set tincan = 'http://id.tincanapi.com/extension/' -%}
{%- set video = 'https://w3id.org/xapi/video/extensions/' -%}

with

delivered as (

    select
        event_id,
        toDateTime64(emission_time, 6, 'UTC') as emission_time,
        toString(event) as body
    from {{ source('xapi', 'xapi_events_all') }}

),

read_once as (

    select
        *,
        JSONExtract(body, '{{ statement_type() }}') as first_reading
    from delivered

),

-- What Python writes and the engine refuses (a lone surrogate, NaN, 1e400, a byte order mark)
-- is mended and read again; only statements without a verb come this far.
mended as (

    select
        *,
        if(isNull(first_reading.verb.id), {{ mended_json('body') }}, body) as mended_body
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

-- `parent` and `grouping` may be one activity instead of a list.
related as (

    select
        *,
        {{ related_activities('parent') }} as parents,
        {{ related_activities('grouping') }} as groupings
    from read_again

),

named as (

    select
        *,
        nullIf(statement.verb.id, '') as verb_id,
        nullIf(statement.object.id, '') as raw_object_id,
        nullIf(statement.object.definition.type, '') as object_type,
        statement.object.definition.extensions as object_extensions,
        statement.context.extensions as context_extensions,
        statement.result.extensions as result_extensions,
        arrayFirst(
            activity -> activity.definition.type = '{{ course }}', arrayConcat(parents, groupings)
        ) as course_activity,
        arrayFirst(
            activity -> (
                activity.objectType = 'GroupActivity'
                or activity.definition.type = '{{ interaction }}'
            ),
            parents
        ) as parent_problem,
        arrayFirst(
            activity -> position(coalesce(activity.id, ''), '/threads/') > 0, groupings
        ) as thread,
        arrayFirst(
            activity -> activity.definition.type = 'http://adlnet.gov/expapi/activities/attempt',
            groupings
        ) as attempt,
        context_extensions['{{ tincan }}ending-point'] as ending_point,
        result_extensions['{{ video }}cc-enabled'] as cc_enabled,
        {{ actor_pseudonym('statement.actor') }} as actor_id,
        parseDateTime64BestEffortOrNull(statement.stored, 6, 'UTC') as stored_at
    from related

),

checked as (

    select
        *,
        {{ rejection_reason() }} as rejection_reason,
        {{ event_kind('verb_id', 'object_type', "arrayFilter(feature -> feature != '', [
            if(isNull(ending_point), '', concat('ending-point = ', assumeNotNull(ending_point))),
            if(isNull(cc_enabled), '', concat('cc-enabled = ', assumeNotNull(cc_enabled))),
            if(isNull(result_extensions['" ~ openedx ~ "speed-to']), '', 'has speed-to'),
            if(
                notEmpty(groupings) or position(coalesce(raw_object_id, ''), '/comments/') > 0,
                'is reply',
                ''
            )
        ])") }} as event_kind,
        {{ course_key_of("coalesce(
            course_activity.id, if(object_type = '" ~ course ~ "', raw_object_id, null)
        )") }} as found_course_key
    from named

),

typed as (

    select
        -- ids
        event_id,
        sipHash64(body) as statement_hash,
        multiIf(
            rejection_reason != '', 'malformed',
            event_kind = '', 'unclassified',
            splitByChar('/', event_kind)[1]
        ) as event_family,
        if(rejection_reason = '', splitByChar('/', event_kind)[2], '') as event_type,
        rejection_reason,
        verb_id,
        object_type,
        {{ without_address('raw_object_id') }} as object_id,
        if(rejection_reason = '', found_course_key, null) as course_key,
        if(rejection_reason = '', actor_id, null) as actor_id,
        nullIf(
            context_extensions['https://w3id.org/xapi/openedx/extensions/session-id'], ''
        ) as session_id,
        nullIf(context_extensions['{{ openedx }}transformer-version'], '') as transformer_version,
        if(submission_part = 'child', {{ block_id_of('parent_problem.id') }}, null)
            as parent_block_id,
        coalesce(parent_block_id, {{ block_id_of('raw_object_id') }}) as block_id,
        nullIf(statement.context.statement.id, '') as parent_statement_id,
        -- A child's own key, also where it is a bare input id.
        if(submission_part = 'child', coalesce(
            nullIf(extract(decodeURLComponent(coalesce(raw_object_id, '')), '/xblock/(.+)$'), ''),
            raw_object_id
        ), block_id) as question_id,

        -- what happened
        nullIf(object_extensions['{{ acrossx }}type'], '') as enrollment_mode,
        nullIf(context_extensions['{{ acrossx }}type'], '') as forum_post_type,
        nullIf(coalesce(
            statement.object.definition.name['en'], statement.object.definition.name['en-US']
        ), '') as object_name,
        nullIf(coalesce(
            statement.object.definition.description['en-US'],
            statement.object.definition.description['en']
        ), '') as object_description,
        nullIf(statement.object.definition.interactionType, '') as interaction_type,
        multiIf(
            event_type != 'problem_check_server', null,
            statement.object.objectType = 'GroupActivity', 'parent',
            notEmpty(parent_problem.id) or notEmpty(parent_statement_id), 'child',
            'single'
        ) as submission_part,
        statement.result.success as is_success,
        statement.result.completion as is_completion,
        statement.result.response as response,
        nullIf(statement.result.extensions[
            'http://www.tincanapi.co.uk/activitytypes/grade_classification'
        ], '') as letter_grade,

        -- figures
        {{ number('statement.result.score.raw') }} as score_raw,
        {{ number('statement.result.score.min') }} as score_min,
        {{ number('statement.result.score.max') }} as score_max,
        {{ number('statement.result.score.scaled') }} as score_scaled,
        {{ whole_number("object_extensions['" ~ tincan ~ "attempt-id']") }} as attempt_number,
        toUInt32OrNull(extract(coalesce(raw_object_id, ''), '/hint/([0-9]+)$')) as hint_index,
        {{ whole_number("context_extensions['" ~ tincan ~ "starting-position']") }}
            as starting_position,
        {{ whole_number('ending_point') }} as ending_position,
        {{ whole_number("object_extensions['" ~ acrossx ~ "total-items']") }} as total_items,
        {{ number("context_extensions['" ~ video ~ "length']") }} as length_seconds,
        {{ number("result_extensions['" ~ video ~ "time']") }} as position_seconds,
        {{ number("result_extensions['" ~ video ~ "time-from']") }} as seek_from_seconds,
        {{ number("result_extensions['" ~ video ~ "time-to']") }} as seek_to_seconds,
        {{ number("replaceRegexpOne(result_extensions['" ~ openedx ~ "speed-from'], 'x$', '')") }}
            as speed_from,
        {{ number("replaceRegexpOne(result_extensions['" ~ openedx ~ "speed-to'], 'x$', '')") }}
            as speed_to,
        {{ boolean('cc_enabled') }} as is_captions_enabled,
        {{ number(
            "result_extensions['https://w3id.org/xapi/cmi5/result/extensions/progress']"
        ) }} as progress_percent,

        -- forum, exam and workflow
        nullIf(extract(
            coalesce(nullIf(thread.id, ''), raw_object_id, ''),
            '/threads/([^/?#]+)'
        ), '') as thread_id,
        nullIf(extract(coalesce(raw_object_id, ''), '/comments/([^/?#]+)'), '') as comment_id,
        nullIf(extract(coalesce(object_type, ''), '/activity/([a-z]+)-assessment$'), '')
            as exam_type,
        nullIf(attempt.id, '') as attempt_code,
        nullIf(attempt.definition.extensions['{{ tincan }}attempt-id'], '') as attempt_extension_id,
        {{ number("attempt.definition.extensions['" ~ tincan ~ "duration']") }}
            as attempt_duration_seconds,
        parseDateTime64BestEffortOrNull(
            attempt.definition.extensions['{{ openedx }}attempt-started'], 6, 'UTC'
        ) as attempt_started_at,
        parseDateTime64BestEffortOrNull(
            attempt.definition.extensions['{{ openedx }}attempt-completed'], 6, 'UTC'
        ) as attempt_completed_at,
        {{ number("object_extensions['" ~ acrossx ~ "time-limit']") }} as time_limit_minutes,
        nullIf(object_extensions['{{ openedx }}ai-workflow-action'], '') as workflow_action,
        nullIf(object_extensions['{{ openedx }}prompt-template-slug'], '') as prompt_template,
        nullIf(object_extensions['{{ openedx }}location-id'], '') as workflow_location,

        -- what could not be read
        length(body) as statement_length,
        if(rejection_reason = '', null, {{ masked_addresses('substringUTF8(body, 1, 200)') }})
            as statement_excerpt,

        -- times
        emission_time,
        stored_at
    from checked

)

select
    * except (parent_block_id),
    {{ course_org('course_key') }} as org,
    {{ course_run('course_key') }} as course_run
from typed
