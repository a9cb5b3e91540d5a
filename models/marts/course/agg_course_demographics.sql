{{ course_relation(order_by=['org', 'course_key', 'attribute', 'value'], moves_with_day=true) }}

{%- set least_size = [5, var('min_group_size') | int] | max %}

with

enrollments as (

    select
        org,
        course_key,
        actor_id
    from {{ ref('fct_enrollments') }}
    where {{ planned() }} and is_enrolled

),

external_ids as (

    select *
    from {{ ref('stg_event_sink__external_ids') }}

),

profiles as (

    select
        user_id,
        toYear({{ day_of(now_at()) }}) - year_of_birth as age,
        [
            ('gender', {{ spelled_out('gender', {
                'f': 'female', 'm': 'male', 'o': 'other or not said'
            }) }}),
            ('age_band', multiIf(
                isNull(age) or age < 0 or age > 120, null,
                age < 18, 'under 18',
                age < 25, '18-24',
                age < 35, '25-34',
                age < 45, '35-44',
                age < 55, '45-54',
                age < 65, '55-64',
                '65 and over'
            )),
            ('level_of_education', {{ spelled_out('level_of_education', {
                'p': 'doctorate', 'p_se': 'doctorate', 'p_oth': 'doctorate', 'm': 'master',
                'b': 'bachelor', 'a': 'associate', 'hs': 'secondary', 'jhs': 'lower secondary',
                'el': 'primary', 'none': 'no formal education', 'other': 'other education'
            }) }}),
            ('country', country),
            ('language', language)
        ] as attributes
    from {{ ref('stg_event_sink__user_profiles') }}

),

learner_profiles as (

    select
        external_ids.actor_id as actor_id,
        profiles.attributes as attributes
    from external_ids
    inner join profiles on external_ids.user_id = profiles.user_id

),

enrolled_profiles as (

    select
        enrollments.org as org,
        enrollments.course_key as course_key,
        enrollments.actor_id as actor_id,
        learner_profiles.attributes as attributes
    from enrollments
    left join learner_profiles on enrollments.actor_id = learner_profiles.actor_id

),

-- A learner without a profile has each attribute too, unknown.
learners as (

    select
        org,
        course_key,
        actor_id,
        notEmpty(attributes) as has_profile,
        arrayJoin(if(
            has_profile,
            attributes,
            arrayMap(
                missing -> (missing, null),
                ['gender', 'age_band', 'level_of_education', 'country', 'language']
            )
        )) as attribute
    from enrolled_profiles

),

groups as (

    select
        org,
        course_key,
        attribute.1 as attribute_name,
        coalesce(attribute.2, 'unknown') as value,
        uniqExact(actor_id) as group_size,
        countIf(has_profile) as profile_count
    from learners
    group by org, course_key, attribute_name, value

),

-- What is not known says nothing of anybody, so small groups are among it.
folded as (

    select
        org,
        course_key,
        attribute_name,
        if(group_size < {{ least_size }}, 'unknown', value) as shown_value,
        group_size,
        sum(profile_count) over (partition by course_key) as course_profile_count
    from groups

)

select
    org,
    course_key,
    attribute_name as attribute,
    shown_value as value,
    sum(group_size) as enrolled_count
from folded
-- Where no learner has a profile nothing is known.
where course_profile_count > 0
group by org, course_key, attribute, value
