"""The figures of `oars status` as metrics, for node_exporter's textfile collector."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from oars.status import Status, in_utc

Figure = float | datetime | None


class Figures(Collector):
    """The metrics of a status; what is not known is none."""

    def __init__(self, status: Status) -> None:
        """The status, as it was gathered."""
        self.status = status

    def collect(self) -> Iterator[Metric]:
        """The metrics: times of the log, of raw and of base, then counts and shares."""
        log, base, fresh = self.status.log, self.status.base, self.status.freshness
        uncounted = self.status.uncounted
        recent = base.recent_count if base else 0
        yield from gauges(
            ("status_timestamp_seconds", "When this was looked at.", log.looked_at),
            (
                "newest_statement_timestamp_seconds",
                "Time of the newest statement of raw that is not of the future.",
                self.status.raw_newest_at,
            ),
            (
                "now_timestamp_seconds",
                'What the marts take for "now": the newest statement that the last run read.',
                fresh.now_at if fresh else None,
            ),
            (
                "last_success_timestamp_seconds",
                "When the last run ended that succeeded.",
                log.last_success_at,
            ),
            (
                "last_success_duration_seconds",
                "How long the last run took that succeeded.",
                log.last_success_seconds,
            ),
            (
                "base_loaded_timestamp_seconds",
                "When base last read a statement.",
                base.loaded_at if base else None,
            ),
            ("base_statements", "Rows of base.", base.statement_count if base else None),
            (
                "waiting_statements",
                "Statements of raw that base lacks.",
                self.status.waiting_count,
            ),
            (
                "ahead_of_now_statements",
                'Statements later than "now", which count in no mart of learners yet.',
                fresh.ahead_count if fresh else None,
            ),
            (
                "malformed_ratio",
                "Share that cannot be used, of the statements read in the last seven days.",
                base.recent_malformed_count / recent if base and recent else None,
            ),
            (
                "unclassified_ratio",
                "Share of no known kind, of the statements read in the last seven days.",
                base.recent_unclassified_count / recent if base and recent else None,
            ),
            (
                "twin_statements",
                "Statements that were sent under another id too.",
                uncounted.twin_count if uncounted else None,
            ),
            (
                "voided_statements",
                "Statements that were taken back.",
                uncounted.voided_count if uncounted else None,
            ),
            (
                "excluded_statements",
                "Statements of excluded actors.",
                uncounted.excluded_count if uncounted else None,
            ),
            (
                "forget_unfinished",
                "1 while an `oars forget` is at work, or was interrupted.",
                float(self.status.is_forgetting),
            ),
        )
        # No counters: the log forgets a run after a year.
        runs = GaugeMetricFamily(
            "oars_runs", "Runs that have ended, of the last year.", labels=["result"]
        )
        runs.add_metric(["success"], log.success_count)
        runs.add_metric(["error"], log.error_count)
        runs.add_metric(["busy"], log.busy_count)
        runs.add_metric(["killed"], log.killed_count)
        yield runs
        yield GaugeMetricFamily(
            "oars_id_collisions",
            "Ids with different bodies, as often as runs of the last year came upon them.",
            value=log.collision_count,
        )


def gauges(*figures: tuple[str, str, Figure]) -> Iterator[Metric]:
    """A metric of each figure that is known; of a time its seconds since 1970."""
    for name, says, figure in figures:
        if isinstance(figure, datetime):
            figure = in_utc(figure).timestamp()
        if figure is not None:
            yield GaugeMetricFamily(f"oars_{name}", says, value=figure)


def text(status: Status) -> str:
    """The metrics in Prometheus' text format."""
    return generate_latest(Figures(status)).decode()
