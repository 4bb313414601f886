"""What a person reads who has written something wrong: file and line, path in the file, and what is allowed."""

from dataclasses import fields

import pytest
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster import ReadOptions

WRONG = {
    "an unknown key of a report": (
        "reports: [{name: a, colums: [title]}]",
        "attributes.reports.0.colums",
        "there is no such key; the keys are allow_wider_rows, columns, filter, ",
    ),
    "an unknown key at the top": ("organisation_id: 1", "attributes.organisation_id", ", organization_id, "),
    "a word in place of a number": (
        "reports: [{name: a, organization_report_id: purchases}]",
        "attributes.reports.0.organization_report_id",
        "a valid integer",
    ),
    "one column in place of a list": (
        "reports: [{name: a, columns: title}]",
        "attributes.reports.0.columns",
        "a valid list",
    ),
    "one sheet in place of a list": (
        "reports: [{name: a, reading: {sheets: Cards}}]",
        "attributes.reports.0.reading.sheets",
        "`sheets` is 'Cards'; give a list of names, such as ['Cards'], or `all`",
    ),
    "a word that is none of the choices": ("wait: never", "attributes.wait", "'inline' or 'deferred'"),
    "a window that means nothing": (
        "automation_jobs: {last_3_months_window: all}",
        "attributes.automation_jobs.last_3_months_window",
        "use complete, including_current, unknown",
    ),
    "a time zone that is none": ("timezone: Mars/Olympus", "attributes.timezone", "'America/Sao_Paulo'"),
    "a time that no clock has": (
        "schedules: {last_month: {cron: '0 25 * * *'}}",
        "attributes.schedules.last_month.cron",
        "the hour is '25', which is not within 0 to 23",
    ),
    "a prefix that cannot be a schema": (
        "key_prefix: Acme Ltda",
        "attributes.key_prefix",
        "lower-case letters",
    ),
    "a prefix that is DuckDB's own": ("key_prefix: main", "attributes.key_prefix", "use another"),
    "two reports of one name": (
        "reports: [{name: a}, {name: A}]",
        "attributes.reports",
        "a `name` of its own",
    ),
    "a list in place of a section": (
        "connection: []",
        "attributes.connection",
        "its keys may be allow_insecure_urls",
    ),
    "a name that is none": ("reports: [{name: a b}]", "attributes.reports.0.name", "underscores"),
    "a date format that ends within a directive": (
        "automation_jobs: {reading: {date_format: '%d/%m/%Y %'}}",
        "attributes.automation_jobs.reading.date_format",
        "it ends within a directive",
    ),
    "a decimal mark in words": (
        "reports: [{name: a}, {name: b, reading: {decimal_mark: comma}}]",
        "attributes.reports.1.reading.decimal_mark",
        "use ',' or '.'",
    ),
    "a type that no column can have": (
        "automation_jobs: {reading: {column_types: {amount: VARIANT}}}",
        "attributes.automation_jobs.reading.column_types",
        "VARCHAR or JSON",
    ),
    "no memory": (
        "automation_jobs: {reading: {max_memory_bytes: 0}}",
        "attributes.automation_jobs.reading.max_memory_bytes",
        "more than 0",
    ),
    "no time": (
        "automation_jobs: {reading: {max_seconds: .nan}}",
        "attributes.automation_jobs.reading.max_seconds",
        "a number that is finite",
    ),
    "a size with a unit that is none": (
        "automation_jobs: {reading: {max_unpacked_bytes: 8 elephants}}",
        "attributes.automation_jobs.reading.max_unpacked_bytes",
        "use a size such as 4GB, or a number of bytes",
    ),
    "neither yes nor no": (
        "automation_jobs: {reading: {show_values: perhaps}}",
        "attributes.automation_jobs.reading.show_values",
        "a valid boolean",
    ),
    "yes in place of a number": ("max_retries: yes", "attributes.max_retries", "give a number, not true"),
    "a pause longer than the longest": (
        "polling: {min_interval_s: 90}",
        "attributes.polling.min_interval_s",
        "`max_interval_s`, 60, or less",
    ),
    "a longest pause shorter than the shortest": (
        "polling: {min_interval_s: 2, max_interval_s: 0.5}",
        "attributes.polling.min_interval_s",
        "`max_interval_s`, 0.5, or less",
    ),
    "nothing to export": (
        "automation_jobs: false",
        "attributes.automation_jobs",
        "no `reports` or `pipe_reports` are listed",
    ),
    "a template that renders to something wrong": (
        'reports: [{name: a, organization_report_id: \'{{ env("NOWHERE", "x") }}\'}]',
        "attributes.reports.0.organization_report_id",
        "a valid integer",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_yaml_is_refused_with_file_path_and_what_is_allowed(case: str, theirs: TheirProject) -> None:
    attributes, path, allowed = WRONG[case]
    theirs.write(f"type: {TYPE}\nattributes:\n  {attributes}\n")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - Dagster wraps it in errors of its own
        theirs.load()
    said = all_messages(caught.value)
    assert f"{path} at {theirs.yaml}:3" in said
    assert allowed in said


def test_each_option_of_reading_has_a_case() -> None:
    named = {path.rpartition(".")[2] for _, path, _ in WRONG.values() if ".reading." in path}
    assert named == {field.name for field in fields(ReadOptions)}


def all_messages(error: BaseException) -> str:
    chain = [error]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    return "\n".join(str(one) for one in chain)
