"""Episodes about programs: Python, git, SQLite, archives, awk and Perl programs, make, C."""

# ruff: noqa: E501 - templates are lines of a shell; wrapping would hide them
from __future__ import annotations

from practice.kit import Kit


def oneliners(k: Kit) -> list[str]:
    return k.play(
        (
            "python3 -c 'print(«1-99» * «1-99»)'",
            "python3 -c \"print('«any»'.upper()[::-1])\"",
            "python3 -c 'print(sum(i*i for i in range(«5-30»)))'",
            "python3 -c \"print(sorted('«phrase»'.split(), key=len))\"",
        ),
        (
            "python3 -c 'import math; print(math.sqrt(«2-99»), math.gcd(«10-99», «10-99»))'",
            "python3 -c \"import re; print(re.findall(r'[a-z]+(\\d+)', '«any»«1-9» «any»«10-99»'))\"",
            "python3 -c \"from collections import Counter; print(Counter('«any»«any»').most_common(2))\"",
            "python3 -c \"import json; print(json.dumps({'«any»': [«1-9», None, True]}, sort_keys=True))\"",
            "python3 -c \"import datetime; print(datetime.date(2025, «1-12», «1-28»).strftime('%A'))\"",
            "python3 -c 'import hashlib; print(hashlib.md5(b\"«any»\").hexdigest())'",
        ),
        (
            "python3 -c 'print(1/0)'",
            "python3 -c 'print(undefined_«any»)'",
            "python3 -c 'import «any»_«any»'",
            "python3 -c \"print('«any»' + «1-9»)\"",
            "python3 -c 'import sys; sys.exit(«1-99»)'; echo $?",
            "python3 -c \"d = {'a': «1-9»}; print(d['b'])\"",
            "python3 -c 'print(\"«any»\"'",
            "python3 -c \"int('«any»')\" 2>&1 | tail -1",
        ),
        (
            "python3 -c 'import sys; print(sys.argv[1:])' «any» «1-99»",
            "echo '«phrase»' | python3 -c 'import sys; print(len(sys.stdin.read().split()))'",
            "python3 <<'EOF'\nfor i in range(«2-5»):\n    print(i, i ** 3)\nEOF",
            'python3 - <<EOF\nwords = "«phrase»".split()\nprint({w: len(w) for w in words})\nEOF',
            "python3 -c \"print('\\n'.join(f'{x:>6}' for x in [«1-9», «10-999»]))\"",
            "python3 -c 'print(f\"{«1000-99999»:,} {«1-9»/«3-7»:.4f} {«1-255»:#x}\")'",
            "python3 -c 'import os; print(os.getcwd(), os.environ[\"USER\"])'",
        ),
    )


def program(k: Kit) -> list[str]:
    m, f = k.word(), k.word()
    return k.play(
        (
            'cat > «m».py <<\'EOF\'\ndef «f»(values):\n    """«phrase»."""\n    return sum(values) / len(values)\n\n\nif __name__ == "__main__":\n    print(«f»([«1-99», «1-99», «1-99»]))\nEOF',
            'cat > «m».py <<\'EOF\'\nimport sys\n\n\ndef «f»(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n\n\nif __name__ == "__main__":\n    n = int(sys.argv[1]) if len(sys.argv) > 1 else «5-20»\n    print(f"«f»({n}) = {«f»(n)}")\nEOF',
            'cat > «m».py <<\'EOF\'\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass «c»:\n    name: str\n    size: int = «1-9»\n\n\ndef «f»(items):\n    return max(items, key=lambda i: i.size)\n\n\nif __name__ == "__main__":\n    print(«f»([«c»("«any»", «2-99»), «c»("«any»")]))\nEOF',
            'cat > «m».py <<\'EOF\'\nimport argparse\n\n\ndef «f»(text, times):\n    return " ".join([text] * times)\n\n\nparser = argparse.ArgumentParser(description="«phrase»")\nparser.add_argument("text", nargs="?", default="«any»")\nparser.add_argument("--times", type=int, default=«2-4»)\nargs = parser.parse_args()\nprint(«f»(args.text, args.times))\nEOF',
        ),
        ("python3 «m».py", "python3 «m».py «3-25»", 'python3 «m».py; echo "exit $?"'),
        (
            "cat «m».py",
            "grep -n 'def ' «m».py",
            "wc -l «m».py",
            "head -5 «m».py",
            "python3 -c 'import «m»; print(«m».«f».__name__)'",
            "python3 -m py_compile «m».py && echo compiled",
        ),
        (
            "python3 «m».py «any»",
            "python3 «m».py --help",
            "python3 «m».py --times x",
            "python3 «m».py 2>&1 | tail -1",
            "python3 -c 'from «m» import «f»; print(«f»(«3-12»))'",
        ),
        (
            "sed -i 's/«f»/«any»_«f»/g' «m».py && grep -c «f» «m».py && python3 «m».py",
            "echo 'print(\"end of «m»\")' >> «m».py; python3 «m».py",
            "sed -i 's/return/retrun/' «m».py; python3 «m».py",
            "cat > test_«m».py <<'EOF'\nimport unittest\nimport «m»\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(callable(«m».«f»))\n\n\nunittest.main()\nEOF\npython3 test_«m».py",
            'cp «m».py «m»_old.py; sed -i \'s/""".*"""/pass/\' «m».py; diff «m»_old.py «m».py',
        ),
        ("ls", "rm -rf __pycache__; ls *.py", "cat «m».py | tail -3", None),
        m=m,
        f=f,
        c=k.Word(),
    )


def fix_bug(k: Kit) -> list[str]:
    m = k.word()
    k.file(
        f"src/{m}.py",
        k.fill(
            "def total(prices, rate=0.«1-9»):\n    result = 0\n    for price in prices:\n        result =+ price\n    return round(result * (1 + rate), 2)\n\n\nprint(total([«1-99», «1-99», «1-99»]))\n"
        ),
    )
    return k.play(
        ("ls src && cat src/«m».py", "cat src/«m».py", "sed -n '1,6p' src/«m».py"),
        ("python3 src/«m».py", "cd src && python3 «m».py; cd .."),
        (
            "sed -i 's/=+/+=/' src/«m».py && python3 src/«m».py",
            "grep -n '=+' src/«m».py; sed -i '4s/=+/+=/' src/«m».py; python3 src/«m».py",
        ),
        (
            "python3 - <<'EOF'\nfrom pathlib import Path\np = Path('src/«m».py')\np.write_text(p.read_text().replace('0.', '1.'))\nEOF\nhead -1 src/«m».py",
            "cp src/«m».py src/«m».bak; echo '# «phrase»' >> src/«m».py; diff src/«m».bak src/«m».py",
            "python3 -c \"import sys; sys.path.insert(0, 'src'); import «m»; print(«m».total([«1-9»]))\"",
        ),
        (
            None,
            "find src -name '*.py' | xargs wc -l",
            "grep -rn total src --include=*.py",
            "PYTHONPATH=src python3 -c 'from «m» import total; print(total([]))'",
        ),
        m=m,
    )


def git(k: Kit) -> list[str]:
    r, f, b = k.word(), k.word(), k.word()
    name = k.name()
    return k.play(
        (
            "git init -q «r» && cd «r» && git config user.name '«n»' && git config user.email «any»@example.com && git status",
            "mkdir «r» && cd «r» && git init && git config user.email «any»@example.com && git config user.name «n»",
            "git init «r»; cd «r»; git config user.name «n»; git config user.email a@example.com; git branch",
        ),
        (
            "echo '«phrase»' > «f».txt; git status --short",
            "echo '# «Word»' > README.md; echo '«phrase»' > «f».txt; git status",
            "printf '«any»\\n«any»\\n' > «f».txt && git add «f».txt && git status -s",
            "echo «any» > «f».txt; git diff; git status --porcelain",
        ),
        (
            "git add . && git commit -q -m 'Add «f»' && git log --format='%an: %s'",
            "git add -A; git commit -m 'First «f»' | tail -2",
            "git add «f».txt && git commit -qm 'Start'; git status",
            "git add .; git diff --cached --stat; git commit -qm 'Add «any»'",
        ),
        (
            "echo '«any»' >> «f».txt; git diff",
            "echo '«any»' >> «f».txt && git status -s && git diff --stat",
            "sed -i '1s/^/«any» /' «f».txt; git diff | tail -3",
            "echo new > «b».md; git status --short; git add «b».md",
        ),
        (
            "git commit -qam 'Change «f»'; git log --oneline | wc -l",
            "git commit -am 'Update «f»'",
            "git log --oneline",
            "git stash; cat «f».txt; git stash pop -q",
            "git checkout -- «f».txt; cat «f».txt",
            "git commit -a -q -m 'More'; git log --format=%s",
        ),
        (
            "git checkout -b «b»",
            "git checkout -q -b «b» && git branch",
            "git branch «b»; git branch --list",
            "git switch -c «b» 2>&1",
            "git tag v0.«1-9»; git tag",
        ),
        (
            "echo '«any»' > «b».txt; git add «b».txt; git commit -qm 'Branch work'; git checkout -q -; ls",
            "git ls-files",
            "git show --stat --format=%s HEAD",
            "git checkout nosuchbranch",
            "git log -1 --format='%an <%ae>'",
            "git merge «b» 2>&1 | tail -1",
            "git rm -q «f».txt && git status -s",
            "git mv «f».txt moved.txt; git status -s",
            "git branch -D nosuch_«b»",
        ),
        (
            "cd ..",
            "git rev-parse --abbrev-ref HEAD",
            "echo '*.log' > .gitignore; touch x.log; git status -s",
            "git config user.name",
            None,
        ),
        r=r,
        f=f,
        b=b,
        n=name,
    )


def sqlite(k: Kit) -> list[str]:
    db, t = f"{k.word()}.db", k.word()
    return k.play(
        (
            'sqlite3 «db» \'create table «t»(id integer primary key, name text, qty int); insert into «t»(name, qty) values ("«any»", «1-99»), ("«any»", «1-99»), ("«any»", «1-99»);\'',
            "sqlite3 «db» <<'EOF'\nCREATE TABLE «t» (id INTEGER PRIMARY KEY, name TEXT, qty INTEGER);\nINSERT INTO «t» (name, qty) VALUES ('«any»', «1-99»), ('«any»', «1-99»);\nEOF",
        ),
        (
            "sqlite3 «db» 'select * from «t»;'",
            "sqlite3 -header «db» 'select name, qty from «t» order by qty desc;'",
            "sqlite3 «db» .tables",
            "sqlite3 «db» .schema",
        ),
        (
            "sqlite3 «db» 'select count(*), sum(qty), avg(qty) from «t»;'",
            "sqlite3 -csv -header «db» 'select * from «t» where qty > «10-50»;'",
            "sqlite3 «db» 'update «t» set qty = qty + «1-9»; select sum(qty) from «t»;'",
            "sqlite3 -column -header «db» 'select name from «t» limit 2;'",
            "sqlite3 «db» \"insert into «t»(name, qty) values ('«any»', «1-9»); select max(id) from «t»;\"",
            "sqlite3 -json «db» 'select id, name from «t» limit 1;'",
        ),
        (
            "sqlite3 «db» 'select * from missing_«t»;'",
            "sqlite3 «db» 'selec 1;'; echo $?",
            "sqlite3 «db» 'delete from «t» where id = 1; select changes();'",
            "python3 -c \"import sqlite3; c=sqlite3.connect('«db»'); print(c.execute('select count(*) from «t»').fetchone())\"",
            'sqlite3 :memory: \'select «1-9» + «1-9», upper("«any»"), length("«any»");\'',
        ),
        db=db,
        t=t,
    )


def archives(k: Kit) -> list[str]:
    d = k.word()
    for name in ("a.txt", "b.txt"):
        k.file(f"{d}/{name}", k.lines(2, 4))
    return k.play(
        (
            "tar -czf «d».tar.gz «d» && tar -tzf «d».tar.gz | sort",
            "tar cf «d».tar «d»; tar tf «d».tar | wc -l",
            "tar -cvf «d».tar «d» | sort",
        ),
        (
            "mkdir out && tar -xf «d».tar* -C out && find out -type f | sort",
            "gzip -k «d»/a.txt && ls «d» && zcat «d»/a.txt.gz | head -1",
            "gzip -c «d»/b.txt | gunzip | wc -l",
            "rm -r «d» && tar xf «d».tar* && ls «d»",
        ),
        (
            "md5sum «d»/a.txt",
            "sha1sum «d»/*.txt | cut -c1-8",
            "base64 «d»/a.txt | head -1",
            "echo -n '«any»' | base64",
            "echo '«any»' | base64 | base64 -d",
            "echo «any» | xxd",
            "echo «any» | od -c | head -2",
            "cksum «d»/b.txt",
            "echo -n «any» | sha256sum",
            "echo «any» | md5sum | cut -d' ' -f1",
        ),
        (
            "cat «d»/*.txt | wc -l",
            "du -sh «d» | cut -f2",
            "split -n 2 «d»/a.txt piece. && cat piece.* | cmp - «d»/a.txt && echo same",
            "file «d»/a.txt",
            "wc -c «d»/* | tail -1",
            "zip -q x.zip «d»/a.txt && unzip -l x.zip | tail -1",
            "dd if=«d»/a.txt bs=1 count=«4-9» 2>/dev/null; echo",
            "truncate -s «5-20» «d»/b.txt; wc -c < «d»/b.txt",
        ),
        d=d,
    )


def awk(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.tsv", k.people(" ", head=False))
    return k.play(
        ("cat «f»", "head -3 «f»", None),
        (
            'awk \'BEGIN {print "name\\tage"} {print $1 "\\t" $4} END {print NR " rows"}\' «f»',
            "awk '{t[$3] += $4; n[$3]++} END {for (x in t) printf \"%s %.1f\\n\", x, t[x]/n[x]}' «f» | sort",
            "awk '$2 ~ /^«[A-L]|[M-Z]|O»/ {print toupper($1), $2}' «f»",
            "awk 'NR==«2-4», NR==«4-5» {print FNR\": \"$0}' «f»",
            "awk '{print substr($1, 1, 2) \"-\" length($2)}' «f»",
            "awk -v min=«30-45» '$4 >= min {c++} END {print c+0}' «f»",
        ),
        (
            "awk '{gsub(/«a|e|i»/, \"#\"); print $1}' «f»",
            "awk '{split($5, p, \".\"); print p[1] + 0}' «f» | sort -n | head -2",
            "awk '!seen[$3]++ {print $3}' «f»",
            "cat > r.awk <<'EOF'\nfunction twice(x) { return 2 * x }\n{ s += twice($4) }\nEND { print \"sum\", s }\nEOF\nawk -f r.awk «f»",
            "awk '{$4=\"\"; print}' «f» | head -2",
            "awk 'length($1) > 3 {next} {print $1}' «f»",
        ),
        (
            "perl -ne 'print if /«city»|«team»/' «f»",
            "perl -lane 'print $F[0] if $F[3] > «30-50»' «f»",
            "perl -pe 's/(\\w+) (\\w+)/$2 $1/' «f» | head -2",
            'perl -e \'print join(",", map { $_ * 2 } 1..«3-6»), "\\n"\'',
            "sed -E 's/([A-Za-z]+) ([A-Za-z]+)/\\2 \\1/' «f» | head -2",
            "sed -n '/«ops|legal|sales»/{s/ /_/g;p}' «f»",
            "sed '/«design|support|legal»/!d' «f» | wc -l",
            "sed -e '1i\\header line' -e '$a\\footer line' «f» | sed -n '1p;$p'",
            "sed 'N;s/\\n/ + /' «f» | head -2",
            "sed '1~2d' «f» | cut -d' ' -f1",
        ),
        f=f,
    )


def build(k: Kit) -> list[str]:
    n = k.word()
    if k.random.random() < 0.5:
        return k.play(
            "cat > Makefile <<'EOF'\nall: «n».out\n\n«n».out: «n».in\n\ttr a-z A-Z < $< > $@\n\nclean:\n\trm -f *.out\n\n.PHONY: all clean\nEOF",
            ("make", "make 2>&1 | head -2", "echo «any» > «n».in; make"),
            ("echo '«phrase»' > «n».in && make && cat «n».out", "echo «any» > «n».in; make; make"),
            ("make clean; ls", "make nosuchtarget", "make -n clean"),
            n=n,
        )
    return k.play(
        "cat > «n».c <<'EOF'\n#include <stdio.h>\n\nint main(int argc, char **argv) {\n    int total = 0;\n    for (int i = 1; i <= «3-30»; i++)\n        total += i * «2-9»;\n    printf(\"%d %d\\n\", argc, total);\n    return «0-5»;\n}\nEOF",
        ("gcc -o «n» «n».c && ./«n»; echo $?", "gcc -Wall «n».c -o «n» && ./«n» «any» «any»"),
        (
            "sed -i 's/total += /total -= /' «n».c && gcc -o «n» «n».c && ./«n»",
            "sed -i 's/int total/int totl/' «n».c; gcc «n».c 2>&1 | grep -c error",
            "ls",
            "wc -l «n».c",
        ),
        n=n,
    )


EPISODES = (oneliners, program, git, sqlite, archives, awk, build, fix_bug, git, program, oneliners)
