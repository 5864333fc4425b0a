from tests import factories as f
from dostyk.core.access import Role
def test_g(app, sign_in):
    c=f.a_cohort(); a=f.somebody(Role.COORDINATOR); b=f.somebody()
    print(sign_in(a).get(f"/cohorts/{c.code}/schedule").status_code, sign_in(b).get(f"/cohorts/{c.code}/schedule").status_code)
