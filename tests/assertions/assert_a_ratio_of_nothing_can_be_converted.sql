-- What it says: the macro `ratio` gives 1 for 1 of 1 and NULL for 0 of 0, and both can be converted
--   to an integer.
-- When it matters: the engine computes also what a NULL hides; a nan there stops the next run in
--   whichever model sums ratios as whole numbers.
-- What to do: divide in macros/naming/ratio.sql by what is never 0.
with

ratios as (

    select
        number,
        toInt64(round({{ ratio('number', 'number') }} * 1000000)) as millionths
    from numbers(2)

)

select *
from ratios
where number = 0 and isNotNull(millionths) or number = 1 and coalesce(millionths, 0) != 1000000
