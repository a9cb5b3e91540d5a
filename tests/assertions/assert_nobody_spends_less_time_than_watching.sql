-- What it says: in int_learner_course_days no learner has spent less time in a course than the
--   learner's watched spans cover.
-- When it matters: a learner who watches an hour of video with one play and one pause would seem to
--   have been away.
-- What to do: compare the learner's spans (int_video_spans) with the time of the days; time that is
--   missing after the learner's last activity points at the end of the last gap.
with

spans as (

    select
        course_key,
        actor_id,
        toUnixTimestamp64Micro(opened_at) as opened_us,
        toUnixTimestamp64Micro(assumeNotNull(ended_at)) as ended_us
    from {{ ref('int_video_spans') }}
    where isNotNull(ended_at)

),

learner_days as (

    select *
    from {{ ref('int_learner_course_days') }}

),

-- The length of the union of the spans, by another way than the model's.
watched as (

    select
        course_key,
        actor_id,
        intervalLengthSum(opened_us, ended_us) as watched_microseconds
    from spans
    where ended_us > opened_us
    group by course_key, actor_id

),

spent as (

    select
        course_key,
        actor_id,
        sum(time_spent_microseconds) as spent_microseconds
    from learner_days
    group by course_key, actor_id

)

select
    watched.course_key as course_key,
    watched.actor_id as actor_id,
    watched.watched_microseconds as watched_microseconds,
    spent.spent_microseconds as spent_microseconds
from watched
left join spent on watched.course_key = spent.course_key and watched.actor_id = spent.actor_id
where spent.spent_microseconds < watched.watched_microseconds
