"""Tabs: who has many sees some of them below others; who has few sees all of them in one row."""

from __future__ import annotations

import re

from dostyk.core.access import Role
from tests import factories


def row(html: str, name: str) -> list[str]:
    found = re.search(rf'<div class="{name}">(.*?)</div>', html, re.S)
    return re.findall(r">([^<]+)</a>", found.group(1)) if found else []


def test_who_has_many_tabs_sees_a_second_row_below_the_current_one(sign_in):
    cohort = factories.a_cohort()
    client = sign_in(factories.somebody(Role.COORDINATOR))
    html = client.get(f"/cohorts/{cohort.code}/waiting").text
    assert row(html, "tabs") == [
        "Overview", "Participants", "Vouchers", "Timetable", "Attendance", "Certificates", "Messages", "Settings",
    ]  # fmt: skip
    assert row(html, "subtabs") == ["Participants", "Waiting list"]
    assert re.findall(r'aria-current="(\w+)">([^<]+)</a>', html.partition('<nav class="tab-menu"')[0].partition('class="tab-rows')[2]) == [
        ("true", "Participants"),
        ("page", "Waiting list"),
    ]
    assert row(client.get(f"/cohorts/{cohort.code}/").text, "subtabs") == []


def test_the_menu_of_a_phone_says_where_one_is_and_has_all_tabs(sign_in):
    cohort = factories.a_cohort()
    html = sign_in(factories.somebody(Role.COORDINATOR)).get(f"/cohorts/{cohort.code}/culture").text
    menu = html.partition('<nav class="tab-menu"')[2].partition("</nav>")[0]
    assert re.findall(r"<summary>(.*?)</summary>", menu) == ["Culture"]
    assert row(menu, "panel") == [
        "Overview", "Participants", "Waiting list", "Vouchers", "Nominees", "Timetable", "Culture", "Attendance", "Certificates",
        "Messages", "Settings",
    ]  # fmt: skip


def test_who_has_few_tabs_sees_them_in_one_row(sign_in):
    cohort, person = factories.a_cohort(), factories.somebody()
    factories.an_enrolment(cohort, person)
    html = sign_in(person).get(f"/cohorts/{cohort.code}/culture").text
    assert row(html, "tabs") == ["Overview", "Timetable", "Culture"]
    assert 'class="tab-menu"' not in html


def test_a_page_below_a_tab_belongs_to_it_whichever_room_it_is_of(sign_in):
    cohort = factories.a_cohort()
    client = sign_in(factories.somebody(Role.COORDINATOR))

    def said(path):
        menu = client.get(f"/cohorts/{cohort.code}/{path}").text.partition('<nav class="tab-menu"')[2]
        return re.findall(r"<summary>(.*?)</summary>", menu)[0]

    assert [said(path) for path in ("", "participants/import", "vouchers/issue", "settings/staff", "letters")] == [
        "Overview", "Participants", "Vouchers", "Settings", "Cohort",
    ]  # fmt: skip
