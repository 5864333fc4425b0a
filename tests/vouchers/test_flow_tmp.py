from tests import factories as f
from dostyk.core.text import group_code
def test_flow(app, client, statements):
    batch = f.a_batch(f.a_cohort(seats={"KG": 3}))
    code = f.vouchers_of(batch)[0].code
    from dostyk.core.database import db
    db.session.remove()
    total=0
    def go(method, url, **kw):
        nonlocal total
        with statements() as s:
            r = client.open(url, method=method, **kw)
        total += len(s)
        print(method, url, r.status_code, len(s), len(r.data)); [print("   ", " ".join(x.split())[:150]) for x in s]
        return r
    go("GET", "/redeem")
    r = go("POST", "/redeem", data={"code": group_code(code).lower()})
    go("GET", r.location)
    r2 = go("POST", r.location, data={"full_name": "Nurzhan Omurbekov", "sex":"male", "email":"a@example.org","consent_programme":"y","consent_partner":"y","consent_donor":"y", "languages":["ru","ky"]})
    if r2.status_code==200: print(r2.text)
    go("GET", r2.location)
    print("TOTAL", total)
    assert 0
