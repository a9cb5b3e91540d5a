"""Superset's oldest charts, which `/superset/explore_json/` draws: for authors, not for readers.

They look at no bound of ours, show what others may see (`deck_multi` draws any chart), and what one
user got is kept for all. No shipped chart is one. `close_oldest()` raises RuntimeError at the start
where Superset has them no more in this form.
"""

from typing import Any

from oars_superset.readers import may_write, refusal
from oars_superset.work import wrap


def close_oldest() -> None:
    """Refuse them to whoever may not write charts; keep what they got for each author by itself."""
    from superset import viz
    from superset.utils.core import get_user_id

    def closed(do: Any) -> Any:
        def draw(self: Any, *arguments: Any, **options: Any) -> Any:
            if not may_write("Chart"):
                raise refusal("Charts of this kind are for their authors: take a newer kind.")
            return do(self, *arguments, **options)

        return draw

    def keep(do: Any) -> Any:
        def cache_key(self: Any, query_obj: Any, **extra: Any) -> Any:
            return do(self, query_obj, **extra, oars_user=get_user_id())

        return cache_key

    for name in ("get_payload", "get_df_payload"):
        wrap(viz.BaseViz, name, closed)
    wrap(viz.BaseViz, "cache_key", keep)
