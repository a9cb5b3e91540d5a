"""`oars report`, over small marts that have only the columns that marts promise."""

import pytest

from oars_site import Site

KEY = "course-v1:Org+{}+2026"
MARTS = [
    "create database oars",
    """create table oars.dim_courses engine Log as
    select 'Org' as org, concat('course-v1:Org+', arrayJoin(['A', 'B']), '+2026') as course_key,
        if(course_key like '%A%', 'Algebra [for all]', null) as course_name,
        toUInt64(1) as section_count, toUInt64(4) as subsection_count, toUInt64(9) as unit_count,
        toUInt64(7) as problem_count, toUInt64(3) as video_count,
        course_key like '%A%' as is_structure_known""",
    # Learner l1 is in both courses, l3 has left, l2 is presumed.
    """create table oars.fct_enrollments engine Log as
    select concat('course-v1:Org+', course, '+2026') as course_key, actor_id, actor_id != 'l3' as
        is_enrolled, if(actor_id = 'l2', 'activity', 'events') as enrollment_source
    from values('course String, actor_id String',
        ('A', 'l1'), ('A', 'l2'), ('A', 'l3'), ('B', 'l1'))""",
    """create table oars.agg_courses engine Log as
    select course_key, course_name, if(course_name is null, null, toUInt64(9)) as
        lms_enrolled_count
    from oars.dim_courses""",
    # Two modes; the calendar goes on after the last activation.
    """create table oars.agg_enrollments_daily engine Log as
    select concat('course-v1:Org+', course, '+2026') as course_key, mode as enrollment_mode, date,
        toUInt64(activations) as activation_count
    from values('course String, mode String, date Date, activations UInt8',
        ('A', 'audit', '2026-03-02', 4), ('A', 'verified', '2026-03-08', 2),
        ('A', 'audit', '2026-03-09', 0), ('A', 'audit', '2026-03-16', 1),
        ('A', 'audit', '2026-03-23', 0), ('B', 'audit', '2026-03-04', 100))""",
    """create table oars.agg_problem_difficulty engine Log as
    select concat('course-v1:Org+', course, '+2026') as course_key, block_id, block_name,
        toUInt64(learners) as learner_count, 1.5 as avg_attempt_count,
        ratio as first_attempt_correct_ratio
    from values('course String, block_id String, block_name Nullable(String), learners UInt8,
        ratio Nullable(Float64)',
        ('A', 'block-v1:Org+A+2026+type@problem+block@p1', 'Easy one', 9, 0.9),
        ('A', 'block-v1:Org+A+2026+type@problem+block@p2', null, 5, 0.25),
        ('A', 'block-v1:Org+A+2026+type@problem+block@p3', 'Few learners', 4, 0.0),
        ('A', 'block-v1:Org+A+2026+type@problem+block@p4', 'Browser only', 6, null))""",
    """create table oars.agg_video_events_daily engine Log as
    select concat('course-v1:Org+', course, '+2026') as course_key, block_id, block_name,
        event_type, toUInt64(events) as event_count
    from values('course String, block_id String, block_name Nullable(String), event_type String,
        events UInt16',
        ('A', 'v1', 'Lecture one', 'video_played', 3),
        ('A', 'v1', 'Lecture one', 'video_played', 4),
        ('A', 'v1', 'Lecture one', 'video_paused', 500), ('A', 'v2', 'Two', 'video_played', 5))""",
    """create table oars.agg_video_engagement engine Log as
    select 'course-v1:Org+A+2026' as course_key, video as block_id, video as block_name,
        toUInt64(viewers) as viewer_count, ratio as avg_watched_ratio
    from values('video String, viewers UInt8, ratio Nullable(Float64)',
        ('Seen', 9, 0.9), ('Left', 5, 0.25), ('Few', 4, 0.0), ('No length', 6, null))""",
    """create table oars.agg_content_attention engine Log as
    select 'course-v1:Org+A+2026' as course_key, 'p2' as block_id, 'Hard one' as block_name,
        'problem' as block_type, 0.7 as attention_score,
        ['6 of 8 learners were wrong at first', '3 asked for the answer'] as reasons""",
    """create table oars.fct_learner_course_status engine Log as
    select 'course-v1:Org+A+2026' as course_key, risk as risk_level
    from values('risk String', 'none', 'high', 'watch', 'watch', 'gone', 'not_judged')""",
    """create table oars.agg_course_activity_daily engine Log as
    select concat('course-v1:Org+', course, '+2026') as course_key, date,
        toUInt64(events) as event_count, toUInt64(week) as active_learner_7d_count,
        toUInt64(month) as active_learner_30d_count, toUInt64(3600) as time_spent_seconds
    from values('course String, date Date, events UInt16, week UInt8, month UInt8',
        ('A', '2026-03-02', 1000, 2, 2), ('A', '2026-03-03', 500, 1, 2),
        ('A', '2026-03-04', 0, 0, 2), ('B', '2026-03-04', 7, 1, 1))""",
    """create table oars.agg_event_types engine Log as
    select verb_id, object_type, event_family, toUInt64(statements) as statement_count,
        toDateTime64(seen, 6, 'UTC') as last_seen_at
    from values('verb_id Nullable(String), object_type Nullable(String), event_family String,
        statements UInt16, seen String',
        ('registered', 'course', 'enrollment', 1950, '2026-03-04 12:34:56'),
        ('dreamt', 'course', 'unclassified', 49, '2026-03-01 00:00:00'),
        (null, null, 'malformed', 1, '2099-01-01 00:00:00'))""",
    """create table oars.agg_statement_quality_daily engine Log as
    select date, event_family, rejection_reason, toUInt64(statements) as statement_count
    from values('date Date, event_family String, rejection_reason String, statements UInt16',
        ('2026-03-02', 'enrollment', '', 1950), ('2026-03-02', 'unclassified', '', 49),
        ('2099-01-01', 'malformed', 'impossible_time', 1),
        ('2026-03-02', 'enrollment', 'excluded', 2), ('2026-03-03', 'video', 'excluded', 3),
        ('2026-03-03', 'video', 'voided', 3), ('2026-03-03', 'video', 'twin', 4))""",
    "create database oars_staging",
    """create table oars_staging.base_xapi__statements engine Log as
    select block_id::Nullable(String) as block_id
    from values('block_id Nullable(String)', ('https://h5p.example.com/7'),
        ('https://h5p.example.com/7'), (null), ('block-v1:Org+A+2026+type@video+block@v'))""",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("report"))
    before = site.oars("report")
    assert (before.code, before.err) == (
        1,
        "Error: There is no oars.dim_courses: run `dbt build` to make the marts that the report "
        "reads.\n",
    )
    site.execute(*MARTS)
    return site


def test_report_of_a_course_says_what_its_marts_hold(site: Site) -> None:
    run = site.oars("report", "--course", KEY.format("A"))

    assert run.code == 0, run.err
    lines = [" ".join(line.split()) for line in run.out.splitlines()]
    assert lines[:8] == [
        "Algebra [for all]",
        "course-v1:Org+A+2026",
        "2 learners enrolled, 3 ever · 1,500 statements · newest on 2026-03-03",
        "Active learners: 0 in 7 days, 2 in 30 days · time spent: 3 hours",
        "Learners who need help: 1 high risk, 2 to watch · 1 gone",
        "Structure: 1 section · 4 subsections · 9 units · 7 problems · 3 videos",
        "Events know 1 of 9 enrolled learners: history begins in the middle of this course",
        "1 is known from activity alone",
    ]
    text = "\n".join(lines)
    # Both modes count, weeks begin on Monday, and the chart ends with the last activation.
    assert "2026-03-02 ██████████████████ 6 Lecture one 7" in text
    assert "2026-03-09 0 Two 5" in text
    assert "2026-03-16 ███ 1" in text
    assert "2026-03-23" not in text
    # The hardest first; four learners are too few, an unknown first attempt says nothing.
    assert "p2 5 1.5 25%\nEasy one 9 1.5 90%" in text
    # Four viewers are too few, without a length nothing is known.
    assert lines[-6:] == [
        "Abandoned videos (five viewers or more)",
        "Left: 5 viewers watched 25% on average",
        "Seen: 9 viewers watched 90% on average",
        "",
        "What needs work",
        "0.70 Hard one: 6 of 8 learners were wrong at first; 3 asked for the answer",
    ]
    _fits_a_screen(run.out)


def test_report_of_all_courses_adds_what_is_not_understood(site: Site) -> None:
    run = site.oars("report")

    assert run.code == 0, run.err
    text = "\n".join(" ".join(line.split()) for line in run.out.splitlines())
    assert (
        "2 courses · 3 learners ever enrolled · 2,000 statements · newest 2026-03-04 12:34" in text
    )
    assert "Algebra [for all] 2 0 2 3 9 7 3" in text
    assert "course-v1:Org+B+2026 1 1 1 1 ? ? ?" in text
    # Of B events know all; the LMS counts nobody else there.
    assert (
        "Algebra [for all]\nevents know 1 of 9 enrolled learners: history begins in the middle of "
        "this course\n1 is known from activity alone\n\n" in text
    )
    assert text.endswith(
        "unclassified 2.45% (49) · malformed 0.05% (1)\n49 dreamt on course\n"
        "1 impossible_time, the last on 2099-01-01\nTeach it a verb: docs/extending.md\n\n"
        "Sent, understood and not as it seems\n"
        "3 taken back · 4 sent under another id too · 5 of excluded actors\n"
        "objects of other tools: 1, in 2 statements"
    )
    _fits_a_screen(run.out)


def test_unknown_course_is_one_sentence_with_keys_that_exist(site: Site) -> None:
    near = site.oars("report", "--course", "course-v1:Org+a+2026")
    far = site.oars("report", "--course", "nonsense")

    assert (near.code, far.code) == (1, 1)
    assert "close to it: course-v1:Org+" in near.err
    assert far.err == (
        "Error: No course has the key nonsense; there are course-v1:Org+A+2026, "
        "course-v1:Org+B+2026.\n"
    )


def _fits_a_screen(out: str) -> None:
    assert len(out.splitlines()) <= 50
    assert max(map(len, out.splitlines())) <= 100
    assert "\x1b" not in out
