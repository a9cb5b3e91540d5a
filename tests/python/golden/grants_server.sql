-- Roles: what one kind of user may do
create role if not exists `oars_dbt`;
create role if not exists `oars_eraser`;
create role if not exists `oars_dashboards`;
create role if not exists `oars_analyst`;
drop role if exists `oars_pii_reader`;

-- Limits of those who only read
create settings profile if not exists `oars_dashboards`;
alter settings profile `oars_dashboards` settings
    readonly = 2,
    allow_ddl = 0 const,
    max_memory_usage = 4000000000 const,
    max_execution_time = 60 const,
    max_result_rows = 1000000 const
to `oars_dashboards`;
create quota if not exists `oars_dashboards`;
alter quota `oars_dashboards` keyed by user_name for interval 1 hour max queries = 20000, execution_time = 3600 to `oars_dashboards`;
create settings profile if not exists `oars_analyst`;
alter settings profile `oars_analyst` settings
    readonly = 2,
    allow_ddl = 0 const,
    max_memory_usage = 4000000000 const,
    max_execution_time = 300 const,
    max_result_rows = 10000000 const
to `oars_analyst`;
create quota if not exists `oars_analyst`;
alter quota `oars_analyst` keyed by user_name for interval 1 hour max queries = 2000, execution_time = 3600 to `oars_analyst`;

-- dbt, and the command oars but for `oars init`, `oars load` and `oars forget`
grant
    select on `event_sink`.`course_blocks`,
    select on `event_sink`.`course_enrollment`,
    select on `event_sink`.`course_overviews`,
    select on `event_sink`.`external_id`,
    select on `event_sink`.`tag`,
    select on `event_sink`.`user_profile`,
    select on `oars_operator`.`course_staff`,
    select on `oars_operator`.`programs`,
    select on `xapi`.`xapi_events_all`,
    select, insert, alter delete, alter update, alter add column, truncate, create database, create table, drop table on `oars`.*,
    select, insert, alter delete, alter update, alter add column, truncate, create database, create table, drop table on `oars_intermediate`.*,
    select, insert, alter delete, alter update, alter add column, truncate, create database, create table, drop table on `oars_ops`.*,
    select, insert, alter delete, alter update, alter add column, truncate, create database, create table, drop table on `oars_seeds`.*,
    select, insert, alter delete, alter update, alter add column, truncate, create database, create table, drop table on `oars_staging`.*,
    show tables, drop table on `oars_pii`.*,
    select on system.columns,
    select on system.databases,
    select on system.parts,
    select on system.processes,
    select on system.settings,
    select on system.tables,
    table engine on AggregatingMergeTree,
    table engine on MergeTree,
    table engine on ReplacingMergeTree
to `oars_dbt` with replace option;

-- `oars forget`: for the user who runs it, beside the role of dbt
grant
    select, alter delete on `xapi`.`xapi_events_all`,
    select, alter delete on `event_sink`.`user_profile`,
    select, alter delete on `event_sink`.`course_enrollment`,
    select, alter delete on `event_sink`.`external_id`
to `oars_eraser` with replace option;

-- Superset: the marts, and what those that are views read
grant
    select on `oars`.`agg_content_attention`,
    select on `oars`.`agg_course_activity_daily`,
    select on `oars`.`agg_course_completion`,
    select on `oars`.`agg_course_demographics`,
    select on `oars`.`agg_course_grades`,
    select on `oars`.`agg_courses`,
    select on `oars`.`agg_enrollments_daily`,
    select on `oars`.`agg_event_types`,
    select on `oars`.`agg_forum_activity_daily`,
    select on `oars`.`agg_instance_daily`,
    select on `oars`.`agg_link_clicks`,
    select on `oars`.`agg_navigation_daily`,
    select on `oars`.`agg_organizations`,
    select on `oars`.`agg_page_engagement`,
    select on `oars`.`agg_problem_difficulty`,
    select on `oars`.`agg_problem_responses`,
    select on `oars`.`agg_programs`,
    select on `oars`.`agg_statement_quality_daily`,
    select on `oars`.`agg_subsection_grades`,
    select on `oars`.`agg_video_engagement`,
    select on `oars`.`agg_video_events_daily`,
    select on `oars`.`agg_video_segments`,
    select on `oars`.`course_staff`,
    select on `oars`.`dim_course_blocks`,
    select on `oars`.`dim_courses`,
    select on `oars`.`dim_learners`,
    select on `oars`.`fct_enrollment_changes`,
    select on `oars`.`fct_enrollments`,
    select on `oars`.`fct_exam_attempts`,
    select on `oars`.`fct_learner_completion`,
    select on `oars`.`fct_learner_course_days`,
    select on `oars`.`fct_learner_course_status`,
    select on `oars`.`fct_learner_grades`,
    select on `oars`.`fct_learner_problems`,
    select on `oars`.`fct_learner_subsection_grades`,
    select on `oars`.`fct_learner_videos`,
    select on `oars_staging`.`stg_operator__course_staff`,
    select on `oars_operator`.`course_staff`,
    select on `oars_seeds`.`course_staff_list`,
    select on system.columns,
    select on system.databases,
    select on system.settings,
    select on system.tables
to `oars_dashboards` with replace option;

-- Analysts: the marts
grant
    select on `oars`.`agg_content_attention`,
    select on `oars`.`agg_course_activity_daily`,
    select on `oars`.`agg_course_completion`,
    select on `oars`.`agg_course_demographics`,
    select on `oars`.`agg_course_grades`,
    select on `oars`.`agg_courses`,
    select on `oars`.`agg_enrollments_daily`,
    select on `oars`.`agg_event_types`,
    select on `oars`.`agg_forum_activity_daily`,
    select on `oars`.`agg_instance_daily`,
    select on `oars`.`agg_link_clicks`,
    select on `oars`.`agg_navigation_daily`,
    select on `oars`.`agg_organizations`,
    select on `oars`.`agg_page_engagement`,
    select on `oars`.`agg_problem_difficulty`,
    select on `oars`.`agg_problem_responses`,
    select on `oars`.`agg_programs`,
    select on `oars`.`agg_statement_quality_daily`,
    select on `oars`.`agg_subsection_grades`,
    select on `oars`.`agg_video_engagement`,
    select on `oars`.`agg_video_events_daily`,
    select on `oars`.`agg_video_segments`,
    select on `oars`.`dim_course_blocks`,
    select on `oars`.`dim_courses`,
    select on `oars`.`dim_learners`,
    select on `oars`.`fct_enrollment_changes`,
    select on `oars`.`fct_enrollments`,
    select on `oars`.`fct_exam_attempts`,
    select on `oars`.`fct_learner_completion`,
    select on `oars`.`fct_learner_course_days`,
    select on `oars`.`fct_learner_course_status`,
    select on `oars`.`fct_learner_grades`,
    select on `oars`.`fct_learner_problems`,
    select on `oars`.`fct_learner_subsection_grades`,
    select on `oars`.`fct_learner_videos`,
    select on system.columns,
    select on system.databases,
    select on system.settings,
    select on system.tables
to `oars_analyst` with replace option;

-- User of dbt
create user if not exists `oars_dbt_user` identified with sha256_hash by '0000000000000000000000000000000000000000000000000000000000000000';
grant `oars_dbt` to `oars_dbt_user`;

-- User of dashboards
create user if not exists `oars_dashboards_user` identified with sha256_hash by '0000000000000000000000000000000000000000000000000000000000000000' default database `oars`;
grant `oars_dashboards` to `oars_dashboards_user`;

-- User of analyst
create user if not exists `oars_analyst_user` identified with sha256_hash by '0000000000000000000000000000000000000000000000000000000000000000' default database `oars`;
grant `oars_analyst` to `oars_analyst_user`;
