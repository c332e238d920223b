"""`providers:` and `models:`: read as they are written elsewhere, all faults at once, no key in any of them."""

from pathlib import Path

import pytest

from callwright.config import read_config
from callwright.errors import ConfigError

TASK = "base:\n  task: tool-calling-closed-book\n  teacher_model_name: {teacher}\n"
GOOD = """
providers:
- name: mine
  endpoint: ${oc.env:MY_URL}
  provider_type: openai
  api_key: OPENAI_API_KEY
  extra_headers: {X-Team: crimson}
models:
- alias: text
  model: openai/gpt-oss-120b
  provider: mine
  skip_health_check: true
  inference_parameters: {temperature: 0.75, top_p: 0.95, max_tokens: 1800}
"""
SECRET = "sk-proj-Z9f3kk20dkd93kd"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_URL", "http://127.0.0.1:1/v1")


def faults(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_config(written(folder, TASK.format(teacher="offline") + text))
    return str(caught.value)


def test_a_model_is_found_by_its_alias_and_by_its_name_however_it_is_spelled(tmp_path: Path) -> None:
    config, warnings = read_config(written(tmp_path, TASK.format(teacher="text") + GOOD))
    assert warnings == []
    for name in ("text", "openai.gpt-oss-120b", "gpt-oss-120b"):
        found = config.model(name)
        assert found is not None
        model, provider = found
        assert (model.alias, provider.endpoint, provider.api_key) == (
            *("text", "http://127.0.0.1:1/v1", "OPENAI_API_KEY"),
        )
    assert config.model("other") is None


def test_what_a_run_records_has_no_headers_no_prices_and_no_budget(tmp_path: Path) -> None:
    config, _ = read_config(
        written(tmp_path, TASK.format(teacher="text") + GOOD),
        ["synthgen.max_dollars=3", "synthgen.max_calls=9"],
    )
    recorded = config.recorded()
    assert recorded["providers"][0]["extra_headers"] == ["X-Team"]
    assert "crimson" not in str(recorded)
    assert [key for key in recorded["synthgen"] if key.startswith("max_")] == []
    assert "input_price" not in recorded["models"][0]


@pytest.mark.parametrize("value", [SECRET, "nvapi_0f81cd9d", "0f81cd9d88aa", "Bearer abc", "A" * 80])
def test_a_key_itself_is_refused_and_not_repeated(value: str, tmp_path: Path) -> None:
    said = faults(tmp_path, GOOD.replace("OPENAI_API_KEY", value))
    assert "providers[0].api_key: expected the NAME of the environment variable" in said
    assert value not in said
    with pytest.raises(ConfigError) as caught:
        read_config(None, ["base.task=tool-calling-closed-book", f"base.teacher_api_key_env={value}"])
    assert value not in str(caught.value)


def test_a_key_that_an_interpolation_brings_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", SECRET)
    assert SECRET not in faults(tmp_path, GOOD.replace("OPENAI_API_KEY", "${oc.env:THE_KEY}"))


def test_all_faults_are_told_at_once_with_their_lines_and_near_names(tmp_path: Path) -> None:
    text = GOOD.replace("endpoint:", "endpont:").replace("max_tokens", "max_token").replace("alias:", "alas:")
    said = faults(tmp_path, text)
    assert "config.yaml:7: providers[0].endpont" in said
    assert "did you mean `endpoint`?" in said
    assert "did you mean `alias`?" in said
    assert "did you mean `max_tokens`?" in said


def test_a_model_at_no_provider_and_names_given_twice_are_told(tmp_path: Path) -> None:
    model = "- {alias: text, model: m, provider: mime}\n"
    said = faults(tmp_path, GOOD + model)
    assert "found `mime`, of the model `text`" in said
    assert "did you mean `mine`?" in said
    assert "models: expected each name once, found `text` twice" in said


def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    assert SECRET not in faults(tmp_path, GOOD.replace("${oc.env:MY_URL}", f"http://me:{SECRET}@host/v1"))


def test_another_kind_of_provider_is_refused(tmp_path: Path) -> None:
    assert "providers[0].provider_type" in faults(
        tmp_path, GOOD.replace("openai\n  api_key", "anthropic\n  api_key")
    )
