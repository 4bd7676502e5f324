import pytest

from reconciler.state import ForeignState, check_belongs, check_identity
from tests.state.data import new_state


def test_the_right_project_and_environment_pass() -> None:
    check_belongs(new_state(), "shop", "production")


@pytest.mark.parametrize(("project", "environment"), [("other", "production"), ("shop", "staging"), ("shop", None)])
def test_another_project_or_environment_is_refused_naming_both(project: str, environment: str | None) -> None:
    with pytest.raises(ForeignState) as caught:
        check_belongs(new_state(), project, environment)
    for part in ("`shop`", "`production`", f"`{project}`", f"`{environment}`" if environment else "no environment"):
        assert part in str(caught.value)


def test_another_account_behind_the_name_is_refused_naming_both() -> None:
    state = new_state()
    state.accounts["convert"] = {"account_id": "10001", "project_id": "10002", "label": "Acme"}
    with pytest.raises(ForeignState) as caught:
        check_identity(state, "convert", {"account_id": "10009", "project_id": "10002", "label": "Bright"})
    text = str(caught.value)
    for part in ("`convert`", "account_id 10001 (Acme)", "account_id 10009 (Bright)"):
        assert part in text
    assert "project_id" not in text


def test_an_unknown_account_a_new_label_and_new_parts_pass() -> None:
    state = new_state()
    check_identity(state, "convert", {"account_id": "1"})
    state.accounts["convert"] = {"account_id": "1", "label": "Old name"}
    check_identity(state, "convert", {"account_id": "1", "label": "New name", "region": "eu"})
    with pytest.raises(ForeignState):
        check_identity(state, "convert", {"account_id": 1})
