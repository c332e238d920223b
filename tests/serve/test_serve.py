import pytest

from callwright import serve as serving
from callwright.serve import serve, served_name
from callwright.students import save_student


def test_a_student_is_called_by_its_run() -> None:
    assert served_name("/data/runs/filesystem/student") == "filesystem"
    assert served_name("/data/models/small") == "small"


@pytest.mark.parametrize(
    ("host", "keys", "warned"),
    [
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("localhost", (), False),
        ("0.0.0.0", ("k",), False),
        ("0.0.0.0", (), True),
    ],
)
def test_a_server_open_to_others_without_a_key_is_warned_of(
    model, tmp_path, monkeypatch: pytest.MonkeyPatch, host, keys, warned
) -> None:
    save_student(model.student, tmp_path / "student")
    ran = []
    monkeypatch.setattr(serving.uvicorn, "run", lambda app, **options: ran.append(options))
    monkeypatch.delenv("CALLWRIGHT_API_KEY", raising=False)
    warnings: list[str] = []
    serve(tmp_path / "student", host, 8123, keys, warn=warnings.append)
    assert bool(warnings) == warned
    assert (ran[0]["host"], ran[0]["port"], ran[0]["access_log"]) == (host, 8123, False)
