"""What Superset itself works out in Python for a request: bounded, for no database limits it.

Superset has no setting for any of it, so functions are wrapped that all places call, whatever the
request is. `bound_work()` raises RuntimeError at the start where Superset has one no more.
"""

import io
from collections.abc import Callable
from typing import Any

from oars_superset.limits import Refusal

# A reader of times in words takes twice as long with each `last 1`; "Last quarter" has two.
LONGEST_TIME = 60  # characters
MOST_WORDS_OF_A_TIME = 6
MOST_STEPS = 20  # of a query, and queries of a request; the shipped charts have up to 5 and 3
MOST_BINS = 1_000
MOST_CELLS = 1_000_000


def bound_work(refusal: Refusal) -> None:
    """Wrap Superset's functions; `refusal` makes what they raise."""
    import parsedatetime
    from superset.common.query_object import QueryObject
    from superset.utils import excel, pandas_postprocessing

    wrap(parsedatetime.Calendar, "parse", lambda do: _time(do, refusal))
    wrap(QueryObject, "exec_post_processing", lambda do: _steps(do, refusal))
    for name, bound in (("histogram", _histogram), ("resample", _resample), ("pivot", _pivot)):
        wrap(pandas_postprocessing, name, lambda do, bound=bound: bound(do, refusal))
    wrap(excel, "df_to_excel", lambda _: df_to_excel)


def wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    """Put a wrapper in the place of a function, once."""
    do = getattr(owner, name, None)
    if do is None:
        raise RuntimeError(f"Superset has no {name} any more: see work.py.")
    if not hasattr(do, "bounded_by_oars"):
        bounded = wrapper(do)
        bounded.bounded_by_oars = True
        setattr(owner, name, bounded)


def _time(do: Any, refusal: Refusal) -> Any:
    def parse(self: Any, text: str, *arguments: Any, **options: Any) -> Any:
        if len(text) > LONGEST_TIME or len(text.split()) > MOST_WORDS_OF_A_TIME:
            raise refusal("A time has too many words: give a date, or one like `last week`.")
        return do(self, text, *arguments, **options)

    return parse


def _steps(do: Any, refusal: Refusal) -> Any:
    def exec_post_processing(self: Any, df: Any) -> Any:
        if len(self.post_processing) > MOST_STEPS:
            raise refusal("The result would be worked on in too many steps.")
        return do(self, df)

    return exec_post_processing


def _histogram(do: Any, refusal: Refusal) -> Any:
    def histogram(df: Any, **options: Any) -> Any:
        if not 1 <= int(options.get("bins", 5)) <= MOST_BINS:
            raise refusal(f"A histogram has 1 to {MOST_BINS:,} bins.")
        return do(df, **options)

    return histogram


def _resample(do: Any, refusal: Refusal) -> Any:
    import pandas as pd

    def resample(df: Any, rule: str, **options: Any) -> Any:
        if isinstance(df.index, pd.DatetimeIndex) and len(df):
            first, last = df.index.min(), df.index.max()
            steps = pd.date_range(first, periods=2, freq=rule)
            step = steps[1] - steps[0]
            rows = (last - first) / step if step > pd.Timedelta(0) else MOST_CELLS
            if rows * max(df.shape[1], 1) > MOST_CELLS:
                raise refusal("The result would have too many rows: take a longer time grain.")
        return do(df, rule=rule, **options)

    return resample


def _pivot(do: Any, refusal: Refusal) -> Any:
    def pivot(df: Any, **options: Any) -> Any:
        rows = _count(df, options.get("index"))
        across = _count(df, options.get("columns"))
        if rows * across * max(len(options.get("aggregates") or ""), 1) > MOST_CELLS:
            raise refusal("The result would have too many cells: take fewer rows or columns.")
        return do(df, **options)

    return pivot


def _count(df: Any, names: list[str] | None) -> int:
    """Of how many rows or columns such names make; 1 where one is missing, which Superset says."""
    if not names or any(name not in df.columns for name in names):
        return 1
    return len(df[names].drop_duplicates())


def df_to_excel(df: Any, **options: Any) -> Any:
    """Write a file in which every text is a text, headers too: no formula and no link."""
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    class Texts(Worksheet):  # type: ignore[misc]
        """A sheet that does not look into texts: options leave out formulas of arrays, `{=1}`."""

        def __init__(self) -> None:
            super().__init__()
            self.add_write_handler(str, Worksheet.write_string)

    output = io.BytesIO()
    with pd.ExcelWriter(output, engine="xlsxwriter") as writer:
        writer.book.worksheet_class = Texts
        df.to_excel(writer, **options)
    return output.getvalue()
