"""Pages of courses: for visitors, and for who makes them."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from dostyk.core.access import Permission, can, everywhere, needs, public
from dostyk.core.clock import utcnow
from dostyk.core.database import work
from dostyk.core.i18n import hours, language
from dostyk.core.nav import section
from dostyk.core.tables import csv_response
from dostyk.core.text import localized
from dostyk.courses import listing, panels, queries, rules, service
from dostyk.courses.forms import CourseForm, ProgrammeForm, ProjectForm
from dostyk.courses.models import Course, Programme, Project
from dostyk.people.queries import organisations
from dostyk.people.rules import OrganisationKind

bp = Blueprint("courses", __name__, url_prefix="/courses")
section(30, _l("Courses"), "courses.index", Permission.USE_ACCOUNT)


@bp.app_template_global()
def clock_time(course: Course) -> str:
    """The length of a course on the clock, in words."""
    whole, minutes = rules.clock_time(course.academic_hours, course.minutes_per_hour)
    if not minutes:
        # Translators: a length of time on the clock, such as 30 h
        return str(_("%(hours)s h", hours=whole))
    # Translators: a length of time on the clock, such as 33 h 20 min
    return str(_("%(hours)s h %(minutes)s min", hours=whole, minutes=hours(minutes)))


# --- For everybody --------------------------------------------------------------------------------------------------


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """The courses that visitors see; who works with courses sees the others, too."""
    staff = can(Permission.SEE_COURSES)
    found = listing.courses(staff)
    if request.args.get("format") == "csv":
        return csv_response("courses", listing.course_head(), listing.course_lines(found.select))
    coming = panels.coming([course.id for course in found.rows], utcnow())
    return render_template("courses/index.html", l=found, coming=coming, staff=staff, editor=everywhere(Permission.EDIT_COURSES))


@bp.get("/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    course, staff = _course(slug), can(Permission.SEE_COURSES)
    if not staff and (course.archived_at is not None or not course.public):
        abort(404)
    return render_template(
        "courses/show.html",
        course=course,
        coming=panels.coming([course.id], utcnow()).get(course.id, ()),
        warning=rules.hours_warning(course.kind, course.academic_hours) if staff else None,
        sources=rules.SOURCES,
        staff=staff,
        editor=everywhere(Permission.EDIT_COURSES),
    )


# --- For who makes courses ------------------------------------------------------------------------------------------


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def new() -> ResponseReturnValue:
    form = CourseForm(project_id=request.args.get("project", type=int))
    form.offer(_projects())
    if form.validate_on_submit():
        with form.refusals(), work():
            course = service.create(form.details(), by=current_user.person, now=utcnow())
            flash(_("The course is saved."), "success")
            return redirect(url_for("courses.show", slug=course.slug))
    return render_template("courses/new.html", form=form, projects=form.project_id.choices[1:])


@bp.route("/<slug>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def edit(slug: str) -> ResponseReturnValue:
    course = _course(slug)
    form = CourseForm(obj=course)
    form.offer(_projects(course.project_id))
    if form.validate_on_submit():
        with form.refusals(), work():
            service.edit(course, form.details(course.slug), by=current_user.person, now=utcnow())
            flash(_("The course is saved."), "success")
            return redirect(url_for("courses.show", slug=course.slug))
    return render_template(
        "courses/edit.html", form=form, course=course, slug=slug, in_use=panels.course_in_use(course.id),
        warning=rules.hours_warning(course.kind, course.academic_hours), sources=rules.SOURCES,
    )  # fmt: skip


@bp.post("/<slug>/archive")
@needs(Permission.EDIT_COURSES)
def archive(slug: str) -> ResponseReturnValue:
    course = _course(slug)
    with work():
        service.archive(course, by=current_user.person, now=utcnow())
    flash(_("The course is archived: it is offered no more, and what exists of it goes on."), "success")
    return redirect(url_for("courses.show", slug=slug))


@bp.post("/<slug>/restore")
@needs(Permission.EDIT_COURSES)
def restore(slug: str) -> ResponseReturnValue:
    course = _course(slug)
    with work():
        service.restore(course, by=current_user.person, now=utcnow())
    flash(_("The course is offered again."), "success")
    return redirect(url_for("courses.show", slug=slug))


# --- Programmes and projects ----------------------------------------------------------------------------------------


@bp.get("/programmes/")
@needs(Permission.EDIT_COURSES)
def programmes() -> ResponseReturnValue:
    found = listing.programmes()
    if request.args.get("format") == "csv":
        return csv_response("programmes", listing.programme_head(), listing.programme_lines(found.select))
    return render_template("courses/programmes.html", l=found)


@bp.get("/programmes/<code>/")
@needs(Permission.EDIT_COURSES)
def programme(code: str) -> ResponseReturnValue:
    found = _programme(code)
    return render_template(
        "courses/programme.html", programme=found, projects=queries.projects_of(found), courses=queries.courses_of(found)
    )


@bp.route("/programmes/new", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def new_programme() -> ResponseReturnValue:
    form = ProgrammeForm()
    if form.validate_on_submit():
        with form.refusals(), work():
            made = service.create_programme(form.details(), by=current_user.person, now=utcnow())
            flash(_("The programme is saved. Now add a project to it."), "success")
            return redirect(url_for("courses.programme", code=made.code))
    return render_template("courses/new_programme.html", form=form)


@bp.route("/programmes/<code>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def edit_programme(code: str) -> ResponseReturnValue:
    found = _programme(code)
    form = ProgrammeForm(obj=found)
    if form.validate_on_submit():
        with form.refusals(), work():
            service.edit_programme(found, form.details(), by=current_user.person, now=utcnow())
            flash(_("The programme is saved."), "success")
            return redirect(url_for("courses.programme", code=found.code))
    return render_template("courses/edit_programme.html", form=form, programme=found, code=code, in_use=panels.programme_in_use(found.id))


@bp.post("/programmes/<code>/<any(archive, restore):verb>")
@needs(Permission.EDIT_COURSES)
def archive_programme(code: str, verb: str) -> ResponseReturnValue:
    found = _programme(code)
    with work():
        (service.archive if verb == "archive" else service.restore)(found, by=current_user.person, now=utcnow())
    return redirect(url_for("courses.programme", code=found.code))


@bp.route("/programmes/<code>/projects/new", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def new_project(code: str) -> ResponseReturnValue:
    found, form = _programme(code), ProjectForm()
    form.offer(_donors())
    if form.validate_on_submit():
        with form.refusals(), work():
            service.create_project(found, form.details(), by=current_user.person, now=utcnow())
            flash(_("The project is saved. Now add a course to it."), "success")
            return redirect(url_for("courses.programme", code=found.code))
    return render_template("courses/new_project.html", form=form, programme=found)


@bp.route("/programmes/<code>/projects/<int:project_id>/edit", methods=["GET", "POST"])
@needs(Permission.EDIT_COURSES)
def edit_project(code: str, project_id: int) -> ResponseReturnValue:
    found, project = _project(code, project_id)
    form = ProjectForm(obj=project)
    form.offer(_donors(project))
    if form.validate_on_submit():
        with form.refusals(), work():
            service.edit_project(project, form.details(), by=current_user.person, now=utcnow())
            flash(_("The project is saved."), "success")
            return redirect(url_for("courses.programme", code=found.code))
    return render_template("courses/edit_project.html", form=form, programme=found, project=project)


@bp.post("/programmes/<code>/projects/<int:project_id>/<any(archive, restore):verb>")
@needs(Permission.EDIT_COURSES)
def archive_project(code: str, project_id: int, verb: str) -> ResponseReturnValue:
    found, project = _project(code, project_id)
    with work():
        (service.archive if verb == "archive" else service.restore)(project, by=current_user.person, now=utcnow())
    return redirect(url_for("courses.programme", code=found.code))


# --- Found by their addresses ---------------------------------------------------------------------------------------


def _course(slug: str) -> Course:
    return queries.by_slug(slug) or abort(404)


def _programme(code: str) -> Programme:
    return queries.programme_by_code(code) or abort(404)


def _project(code: str, project_id: int) -> tuple[Programme, Project]:
    found = _programme(code)
    return found, queries.project_of(found, project_id) or abort(404)


def _projects(including: int | None = None) -> list[tuple[int, str]]:
    lang = language()
    return [(p.id, f"{p.programme.code} · {localized(p.title, lang)}") for p in queries.projects(including)]


def _donors(project: Project | None = None) -> list[tuple[int, str]]:
    found = list(organisations(OrganisationKind.DONOR))
    if project and project.donor and project.donor not in found:
        found.append(project.donor)
    return [(donor.id, localized(donor.name, language())) for donor in found]
