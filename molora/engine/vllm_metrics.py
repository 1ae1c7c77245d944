"""vLLM's metrics in Prometheus' form, of bounded size."""

from __future__ import annotations

from typing import Any

from vllm.v1.metrics.loggers import PrometheusStatLogger


class BoundedStatLogger(PrometheusStatLogger):
    """vLLM keeps a series of every combination of adapters that ever ran or waited together, for good: with mixtures
    hundreds a minute. Here the one seen last is kept, which is the one that load balancers read."""

    def record(self, scheduler_stats: Any, *args: Any, **kwargs: Any) -> None:
        if scheduler_stats is not None and self.gauge_lora_info is not None:
            self.gauge_lora_info.clear()
        super().record(scheduler_stats, *args, **kwargs)
