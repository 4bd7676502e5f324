from tests.harness import bench
def ids(b): return b.run("state","list").out
def test_moves(tmp_path):
    with bench(tmp_path/"p") as b:
        b.write("convert.goals:\n  z_old: {name: Old, type: advanced, settings: {selector: '#x'}}\n" if False else "convert.tags:\n  z_old: {name: Old}\n")
        b.apply(0)
        b.write("moved: [{from: convert.tags.z_old, to: convert.tags.z_new}]\nconvert.tags:\n  z_new: {name: Old}\n  a_first: {name: First}\n")
        print(b.apply(0, "--parallelism", "1"))
        print(ids(b))
        b.settled()
def test_resend(tmp_path):
    with bench(tmp_path/"p") as b:
        b.environ["BRIGHTSOLAR_PW"]="pppppp"
        print(b.environ)
        b.write("leadconduit.credentials.x: {name: X, type: basic, package: p, username: u, password: '${secret.pw}'}\n")
        r=b.run("apply","--auto-approve"); print(r)
        r=b.run("apply","--auto-approve","--resend-secrets","leadconduit.credentials.x"); print(r)
        assert r.code==0
