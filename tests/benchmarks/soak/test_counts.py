"""How many requests went how."""

from molora.benchmarks.soak.counts import count
from molora.benchmarks.soak.watch import State
from tests.benchmarks.soak.seen import IDLE, exchange, soaked


def test_every_request_is_counted_once() -> None:
    counts = count(
        soaked(
            exchanges=[
                exchange(-5, golden="top1 1"),
                exchange(0),
                exchange(1, kind="soft"),
                exchange(2, kind="bad", status=404),
                exchange(3, has_left=True),
                exchange(4, has_left=True, status=0),
                exchange(5, kind="change", status=0),
                exchange(6, kind="change", status=0),
            ]
        )
    )
    assert counts.by_kind == {"top1": 4, "soft": 1, "bad": 1}
    assert (counts.sent, counts.answered, counts.refused, counts.left) == (6, 3, 1, 2)
    assert (counts.golden, counts.changes, counts.num_faults) == (1, 2, 0)
    assert counts.at_the_end == {"running": 0.0, "waiting": 0.0}


def test_faults_are_told_apart() -> None:
    exchanges = [exchange(at_s, kind="soft", status=503, fault="status 503") for at_s in range(3)]
    exchanges += [exchange(0, golden="a", kind="golden", fault="another answer")]
    exchanges += [exchange(0, kind="change", status=0, fault="no server")]
    states = [State(0.0, False, {"running": 1.0}), State(0.0, True, {}), IDLE]
    counts = count(soaked(exchanges=exchanges, states=states))
    assert counts.faults == {
        "soft: status 503": 3,
        "golden: another answer": 1,
        "change: no server": 1,
        "look: not ready": 1,
        "look: no metrics": 1,
    }
    assert (counts.num_faults, counts.answered, counts.refused) == (7, 0, 0)
