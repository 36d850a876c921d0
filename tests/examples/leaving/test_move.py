import pytest
from move import move

pytestmark = pytest.mark.assistants_emulator("old.yaml")


def test_threads_arrive_whole(assistants_emulator, assistants_client):
    long = assistants_client.beta.threads.create(messages=[{"role": "user", "content": f"Note {n}"} for n in range(32)])

    moved = move(assistants_client, ["thread_ann", long.id])

    report = assistants_emulator.backfill()
    assert report.ok, str(report)
    assert [thread.conversation for thread in report.threads] == moved
