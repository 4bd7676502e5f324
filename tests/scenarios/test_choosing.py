"""Parts of a plan, replacing, sending secrets again, and the guardrails that stop a run."""

from __future__ import annotations

import pytest

from tests.harness import CONFIG, FULLSTACK, Bench
from tests.scenarios.asking import busy, entry, planned, tracked, writes

CHAIN = """\
convert.tags: {one: {name: One}, two: {name: Two}}
convert.goals: {bought: {name: Bought, type: code_trigger}, seen: {name: Seen, type: code_trigger}}
convert.experiences:
  bar: {name: Bar, type: a/b, status: draft, url: 'https://x.example', goals: [bought, seen], tags: [one]}
  foo: {name: Foo, type: a/b, status: draft, url: 'https://x.example', goals: [seen]}
"""
TAGS = "convert.tags: {" + ", ".join(f"t{i}: {{name: T{i}}}" for i in range(20)) + "}\n"


def test_target_takes_in_what_it_needs(shop: Bench) -> None:
    shop.write(CHAIN)
    names = {"convert.experiences.bar", "convert.goals.bought", "convert.goals.seen", "convert.tags.one"}
    assert set(busy(shop, "--target", "convert.experiences.bar")) == names
    assert set(busy(shop, "--target", "convert.tags")) == {"convert.tags.one", "convert.tags.two"}
    document = shop.plan_json("--target", "convert.experiences.bar")
    assert document["complete"] is False
    shop.apply(0, "--target", "convert.experiences.bar")
    assert set(tracked(shop)) == names
    shop.apply()
    shop.settled()


def test_exclude_leaves_out_that_and_what_needs_it(shop: Bench) -> None:
    shop.write(CHAIN)
    document = shop.plan_json("--exclude", "convert.goals.bought")
    assert [note["address"] for note in document["x_notes"]] == ["convert.experiences.bar"]
    found = set(busy(shop, "--exclude", "convert.goals.bought"))
    assert "convert.goals.bought" not in found
    assert "convert.experiences.bar" not in found, "it cannot be made without its goal"
    assert {"convert.experiences.foo", "convert.tags.two"} <= found
    shop.apply(0, "--exclude", "convert.goals.bought")
    shop.apply()
    shop.settled()


def test_replace_makes_it_anew_and_its_referrers_follow(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    before = entry(shop, "convert.goals.bought")["id"]
    found = planned(shop, "convert.goals.bought", "--replace", "convert.goals.bought")
    assert found["change"]["actions"] == ["delete", "create"]
    assert found["action_reason"] == "replace_by_request"
    shop.apply(0, "--replace", "convert.goals.bought")
    after = entry(shop, "convert.goals.bought")["id"]
    assert after != before
    bar = next(one for one in shop.dump("convert", "experiences") if one["name"] == "Bar")
    assert after in [str(one) for one in bar["goals"]]
    assert before not in [str(one) for one in bar["goals"]]
    shop.settled()


def test_an_immutable_attribute_replaces(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    shop.write(
        CHAIN.replace(
            "{name: Bought, type: code_trigger}",
            "{name: Bought, type: advanced, triggering_rule: {rule_type: country, matching: equals, value: DE}}",
        )
    )
    found = planned(shop, "convert.goals.bought")
    assert found["x_replace_paths"] == ["type"]
    assert found["x_risk"]
    shop.apply()
    shop.settled()


def test_secrets_that_cannot_be_compared_are_sent_again_when_asked_for(shop: Bench) -> None:
    shop.environ["RECONCILER_SECRET_CRM"] = "first"
    shop.write(
        "leadconduit.credentials.crm: {name: CRM, type: token, package: leadconduit-custom, token: '${secret.crm}'}\n"
    )
    shop.apply()
    shop.settled()
    (found,) = shop.dump("leadconduit", "credentials")
    assert found["token"] == "first"
    shop.edit("leadconduit", "credentials", found["id"], {"token": "by hand"})
    shop.settled()
    change = planned(shop, "leadconduit.credentials.crm", "--resend-secrets", "leadconduit.credentials.crm")
    assert change["x_secret_changed"] == ["token"]
    shop.apply(0, "--resend-secrets", "leadconduit.credentials.crm")
    assert shop.dump("leadconduit", "credentials")[0]["token"] == "first"
    shop.settled()
    shop.environ["RECONCILER_SECRET_CRM"] = "second"
    assert planned(shop, "leadconduit.credentials.crm")["x_secret_changed"] == ["token"]
    shop.apply()
    assert shop.dump("leadconduit", "credentials")[0]["token"] == "second"


# -- guardrails -----------------------------------------------------------------------------------------------------
def test_too_many_deletions_are_refused_and_the_override_is_told(shop: Bench) -> None:
    shop.write(TAGS)
    shop.apply()
    shop.write("convert.tags: {t0: {name: T0}}\n")
    ran = shop.run("plan", expect=5)
    assert "--allow deletes=19" in ran.out + ran.err
    shop.requests()
    shop.apply(5)
    assert writes(shop) == []
    assert shop.run("apply", "--auto-approve", "--allow", "deletes=18").code == 5
    shop.apply(0, "--allow", "deletes=19", "--reason", "spring cleaning")
    assert tracked(shop) == ["convert.tags.t0"]


def test_a_limit_of_the_project_counts(shop: Bench) -> None:
    shop.write(CONFIG + "guardrails: {max_deletes: 1}\n", "reconciler.yaml")
    shop.write(TAGS)
    shop.apply()
    shop.write(TAGS.replace(", t18: {name: T18}, t19: {name: T19}", ""))
    assert shop.run("plan").code == 5
    shop.write(TAGS.replace(", t19: {name: T19}", ""))
    shop.apply()


def test_destroy_is_not_limited(shop: Bench) -> None:
    shop.write(TAGS)
    shop.apply()
    shop.run("destroy", "--auto-approve", expect=0)
    assert shop.dump("convert", "tags") == []


@pytest.mark.parametrize("text", ["{}\n", "x-note: nothing here\n"])
def test_a_project_with_nothing_in_it_is_refused(shop: Bench, text: str) -> None:
    shop.write("convert.tags.a: {name: A}\n")
    shop.apply()
    shop.write(text)
    ran = shop.run("plan")
    assert ran.code == 5
    assert "--allow empty" in ran.out + ran.err
    shop.apply(5)
    assert len(shop.dump("convert", "tags")) == 1
    shop.apply(0, "--allow", "empty")
    assert shop.dump("convert", "tags") == []


def test_a_file_that_is_empty_is_an_error(shop: Bench) -> None:
    shop.write("convert.tags.a: {name: A}\n")
    shop.apply()
    shop.write("# all gone\n")
    assert shop.run("plan").code == 1
    assert len(shop.dump("convert", "tags")) == 1


# -- reads that show nothing ----------------------------------------------------------------------------------------
def test_what_is_gone_by_its_own_answer_is_made_again(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    shop.control("POST", "reset", json={"data": True})
    shop.control("POST", "load", json=FULLSTACK)
    assert set(busy(shop).values()) == {"create"}
    shop.apply()
    shop.settled()
    assert len(shop.dump("convert", "experiences")) == 2


def test_a_list_that_is_empty_although_its_objects_answer_stops_the_run(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.faults(stale_list=600_000)
    shop.apply()
    ran = shop.run("plan", expect=5)
    assert "--allow empty-read=convert.tags" in ran.out + ran.err
    shop.requests()
    shop.apply(5)
    assert writes(shop) == []
    kinds = [f"--allow=empty-read=convert.{kind}" for kind in ("tags", "goals", "experiences")]
    assert busy(shop, *kinds) == {}, "each object was asked for by its id"
    shop.faults()
    shop.settled()
    assert len(shop.dump("convert", "tags")) == 2


def test_the_primary_goal_that_the_platform_chose_gives_way(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    bar = next(one for one in shop.dump("convert", "experiences") if one["name"] == "Bar")
    assert str(bar["primary_goal"]) == entry(shop, "convert.goals.bought")["id"]
    shop.write(CHAIN.replace("goals: [bought, seen]", "goals: [seen]"))
    assert any("primary goal" in risk for risk in planned(shop, "convert.experiences.bar")["x_risk"])
    shop.apply()
    shop.settled()


def test_a_read_that_fails_is_never_taken_for_nothing(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    shop.faults(fail=[{"method": "POST", "path": "*/goals", "status": 403, "times": 50}])
    shop.requests()
    ran = shop.run("apply", "--auto-approve")
    assert ran.code == 1
    assert writes(shop) == []


def test_one_of_many_that_is_gone_is_told_as_drift(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    shop.edit("convert", "tags", entry(shop, "convert.tags.two")["id"], None, user="Nina")
    found = planned(shop, "convert.tags.two")
    assert (found["x_action"], found["x_gone"]) == ("create", True)
    assert busy(shop) == {"convert.tags.two": "create"}
    shop.run("drift", expect=2)
    shop.apply()
    shop.settled()


def test_one_that_is_gone_and_not_declared_any_more_is_forgotten(shop: Bench) -> None:
    shop.write(CHAIN)
    shop.apply()
    shop.edit("convert", "tags", entry(shop, "convert.tags.two")["id"], None)
    shop.write(CHAIN.replace(", two: {name: Two}", ""))
    shop.requests()
    shop.apply()
    assert writes(shop) == []
    assert "convert.tags.two" not in tracked(shop)
