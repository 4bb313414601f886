"""Dagster's `post_processing` sets what people set on their assets: group, tags, owners, conditions."""

import dagster as dg
from component.their_project import TYPE, TheirProject

YAML = f"""
type: {TYPE}
attributes:
  organization_id: "300514001"
  reports: [{{name: purchases, organization_report_id: 1}}]
post_processing:
  assets:
    - target: "*"
      attributes:
        group_name: crm
        owners: ["team:operations"]
        tags: {{source: pipefy}}
    - target: "key:automation_jobs_history"
      attributes:
        automation_condition: "{{{{ automation_condition.eager() }}}}"
"""


def test_post_processing_reaches_all_assets_and_leaves_partitions_and_checks(theirs: TheirProject) -> None:
    theirs.write(YAML.split("post_processing", 1)[0])
    before = theirs.load()
    theirs.write(YAML)
    after = theirs.load()
    specs = {spec.key.to_user_string(): spec for spec in after.resolve_all_asset_specs()}
    assert set(specs) == {
        "automation_jobs_export", "automation_jobs_history", "purchases", "purchases_history"
    }  # fmt: skip
    for spec in specs.values():
        source = {name: tag for name, tag in spec.tags.items() if name == "source"}
        assert (spec.group_name, list(spec.owners), source) == (
            "crm", ["team:operations"], {"source": "pipefy"},
        )  # fmt: skip
    conditions = {name: spec.automation_condition for name, spec in specs.items()}
    assert conditions.pop("automation_jobs_history") == dg.AutomationCondition.eager()
    assert set(conditions.values()) == {None}
    for spec in before.resolve_all_asset_specs():
        same = specs[spec.key.to_user_string()]
        assert (same.partitions_def, same.metadata, same.deps) == (
            spec.partitions_def,
            spec.metadata,
            spec.deps,
        )
    graphs = [definitions.resolve_asset_graph().asset_check_keys for definitions in (before, after)]
    assert graphs[0] == graphs[1]
    assert graphs[0]
