"""What a server's `/metrics` count."""

from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

ASKED, FOUND = "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total"


@dataclass(frozen=True)
class PrefixCache:
    """Tokens of prompts, and those of them that were found in the cache."""

    asked: float = 0.0
    found: float = 0.0

    def __add__(self, other: "PrefixCache") -> "PrefixCache":
        return PrefixCache(self.asked + other.asked, self.found + other.found)

    def __sub__(self, other: "PrefixCache") -> "PrefixCache":
        return PrefixCache(self.asked - other.asked, self.found - other.found)

    @property
    def hit_rate(self) -> float:
        return self.found / self.asked if self.asked else 0.0


def count_prefix_cache(exposition: str) -> PrefixCache:
    """Of all engines, from Prometheus' text format."""
    samples = [sample for family in text_string_to_metric_families(exposition) for sample in family.samples]
    return PrefixCache(*(sum(s.value for s in samples if s.name == name) for name in (ASKED, FOUND)))


async def read_prefix_cache(url: str) -> PrefixCache:
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(f"{url}/metrics") as response:
        return count_prefix_cache(await response.text())
