"""What every kind of lock of a partition promises, to processes beside each other."""

import os
import signal
from dataclasses import replace

import pytest
from locks.conftest import LAST_MONTH, Kind
from support.waiting import PATIENCE_S, eventually

from pipefy_exports_dagster.errors import PartitionLockedError

OTHERS = [
    replace(LAST_MONTH, partition="current_month"),
    replace(LAST_MONTH, organization_id="302"),
    replace(LAST_MONTH, asset="automation_jobs_export"),
]


def test_another_process_is_named_and_not_waited_for_longer_than_asked(kind: Kind) -> None:
    waits: list[str] = []
    with (
        kind.held_elsewhere() as holder,
        pytest.raises(PartitionLockedError) as caught,
        kind.locks.hold(LAST_MONTH, timeout_s=0.3, on_wait=waits.append),
    ):
        pytest.fail("it is held")
    assert "another run works on crm/automation_jobs_export 'last_month' and did not end within 0 s" in str(
        caught.value
    )
    assert "end it in the Dagster UI" in str(caught.value)
    assert len(waits) == 1
    for text in (*waits, str(caught.value)):
        assert str(holder.pid) in text
        assert "holds" in text


def test_what_a_killed_process_held_is_taken_by_who_waits(kind: Kind) -> None:
    with kind.held_elsewhere() as holder:

        def kill(_holder: str) -> None:
            os.kill(holder.pid, signal.SIGKILL)

        with kind.locks.hold(LAST_MONTH, timeout_s=PATIENCE_S, on_wait=kill) as held:
            assert held.waited
            held.check()
    with kind.locks.hold(LAST_MONTH, timeout_s=0, on_wait=pytest.fail) as held:
        assert not held.waited


def test_who_holds_what_is_told_of_all_at_once_and_holds_nothing(kind: Kind) -> None:
    assert kind.locks.holders([LAST_MONTH, *OTHERS]) == {}
    assert kind.locks.holders([]) == {}
    with kind.held_elsewhere() as holder, kind.hold(OTHERS[0]):
        told = kind.locks.holders([LAST_MONTH, *OTHERS])
        assert told.keys() == {LAST_MONTH, OTHERS[0]}
        assert str(holder.pid) in told[LAST_MONTH]
        assert str(os.getpid()) in told[OTHERS[0]]
        holder.kill()
        eventually(lambda: kind.locks.holders([LAST_MONTH]) == {}, lambda: "it is still held", pause_s=0.05)
    with kind.hold():
        pass


def test_partitions_do_not_hinder_each_other(kind: Kind) -> None:
    with kind.hold(), kind.hold(OTHERS[0]), kind.hold(OTHERS[1]), kind.hold(OTHERS[2]):
        pass


def test_an_error_frees_it(kind: Kind) -> None:
    with pytest.raises(ZeroDivisionError), kind.hold():
        raise ZeroDivisionError
    with kind.locks.hold(LAST_MONTH, timeout_s=0, on_wait=pytest.fail):
        pass


def test_trying_them_out_says_where_they_are(kind: Kind) -> None:
    with kind.hold():
        assert kind.locks.try_out()
    assert kind.locks.holders([LAST_MONTH]) == {}
