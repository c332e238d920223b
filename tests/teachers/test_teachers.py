import pytest
from offline_jobs import HOME_TOOLS, home

from callwright.errors import CallwrightError, ModelError
from callwright.teachers import TEACHERS, URL, teacher
from callwright.teachers.offline import OfflineTeacher


@pytest.mark.parametrize("name", ["offline", "openai", "replay"])
def test_every_teacher_of_the_table_is_there(name: str) -> None:
    assert callable(TEACHERS[name])


def test_the_offline_teacher_is_made_of_the_examples() -> None:
    made = teacher("offline", examples=home(), tools=HOME_TOOLS, seed=3)
    assert isinstance(made, OfflineTeacher)
    assert made.seed == 3


def test_a_large_teacher_without_an_endpoint_says_how_to_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)
    with pytest.raises(ModelError, match=r"openai\.gpt-oss-120b") as caught:
        teacher("openai.gpt-oss-120b", examples=[], tools=[])
    assert "CALLWRIGHT_TEACHER_URL" in caught.value.hint
    assert "base.teacher_model_name=offline" in caught.value.hint


def test_a_large_teacher_is_named_as_the_job_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "http://localhost:1/v1")
    assert teacher("deepseek.v3.2", examples=[], tools=[]).name == "deepseek.v3.2"


def test_an_unknown_name_of_the_table_gets_its_near_one() -> None:
    with pytest.raises(CallwrightError) as caught:
        TEACHERS["offlin"]
    assert "`offline`" in caught.value.hint
