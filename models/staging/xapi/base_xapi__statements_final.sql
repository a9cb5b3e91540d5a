-- `final` stands here and nowhere else, so that unit tests can replace what reads this view.
select {{ plain_columns('base_xapi__statements') }} -- noqa: AM04
from {{ ref('base_xapi__statements') }} final
settings do_not_merge_across_partitions_select_final = 1
