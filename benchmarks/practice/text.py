"""Episodes about text: tables, logs, notes, settings, JSON, streams and differences."""

# ruff: noqa: E501 - templates are lines of a shell; wrapping would hide them
from __future__ import annotations

from practice.kit import Kit


def table(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.csv", k.people())
    return k.play(
        ("cat «f»", "head -n «2-4» «f»", "wc -l «f»", "head -1 «f» | tr ',' '\\n' | nl", None),
        (
            "tail -n +2 «f» | cut -d, -f«1-4» | sort | uniq -c | sort -rn",
            "cut -d, -f3 «f» | tail -n +2 | sort -u",
            "cut -d, -f1,4 «f»",
            "awk -F, 'NR>1 {print $«1-3»}' «f» | sort | uniq",
            "sort -t, -k4 -n «f» | head -n «3-5»",
        ),
        (
            "awk -F, 'NR>1 {s+=$4} END {print s/(NR-1)}' «f»",
            "awk -F, 'NR>1 && $4>«25-50» {print $1, $4}' «f»",
            "awk -F, 'NR>1 {c[$3]++} END {for (t in c) print t, c[t]}' «f» | sort",
            "awk -F, 'NR>1 {if ($5>m) {m=$5; n=$1}} END {print n, m}' «f»",
            "awk -F',' '{printf \"%-10s|%6s\\n\", $1, $4}' «f»",
        ),
        (
            "grep -c «team» «f»",
            "grep -n «city» «f» || echo 'no match'",
            "grep -E '^[A-«D|H|M»]' «f» | wc -l",
            "grep -v «team» «f» | cut -d, -f1 | paste -sd' '",
            "tail -n +2 «f» | sort -t, -k5,5nr | head -3 | cut -d, -f1,5",
        ),
        (
            "sed 's/,/;/g' «f» > «word».tsv && ls",
            "sed -i '1d' «f» && head -n 2 «f»",
            "sed -n '2,«3-5»p' «f»",
            "(head -1 «f»; tail -n +2 «f» | sort) > sorted.csv; cat sorted.csv",
            'while IFS=, read -r name city rest; do echo "$name lives in $city"; done < «f» | tail -n +2',
            None,
        ),
        (
            "python3 -c \"import csv; rows=list(csv.DictReader(open('«f»'))); print(len(rows), max(int(r['age']) for r in rows))\"",
            "column -t -s, «f» | head -4",
            "cut -d, -f2 «f» | sed 1d | sort | uniq -d",
            'echo "«name»,«city»,«team»,«20-60»,«10-99».5" >> «f»; tail -2 «f»; wc -l < «f»',
            None,
        ),
        f=f,
    )


def stock(k: Kit) -> list[str]:
    sep = k.pick(",", "\t", ":")
    f = k.file(f"data/{k.word()}.{'tsv' if sep == chr(9) else 'txt'}", k.stock(sep))
    d, F = {"\t": ("$'\\t'", "'\\t'")}.get(sep, (f"'{sep}'", sep))
    return k.play(
        ("ls data", "cat data/*", "cat «f»", "find data -type f", "wc «f»"),
        (
            "awk -F«F» 'NR>1 {t+=$3*$4} END {printf \"%.2f\\n\", t}' «f»",
            "awk -F«F» '$3 < «10-60»' «f»",
            "awk -F«F» 'NR==1 {next} {print NR-1\": \"$2}' «f»",
        ),
        (
            "cut -d«d» -f2,3 «f» | tail -n +2 | sort -t«d» -k2 -rn | head -«2-4»",
            "cut -d«d» -f«2-4» «f» | sort | head -3",
            "tail -n+2 «f» | cut -d«d» -f3 | paste -sd+ | bc",
            "tail -n +2 «f» | cut -d«d» -f1 | tr '\\n' ' '; echo",
        ),
        (
            "cd data && sed 's/«a|e|o»/*/«|g|2»' $(basename «f») && cd ..",
            "cat «f» | tr a-z A-Z | head -3",
            "tr '[:lower:]' '[:upper:]' < «f» | cut -d«d» -f2",
            "awk -F«F» -v OFS=' | ' '{$1=$1; print}' «f»",
            "rev «f» | head -2",
        ),
        (
            "mkdir -p backup && cp «f» backup/ && ls backup",
            "cp «f» «f».bak; ls data; cmp «f» «f».bak && echo same",
            None,
        ),
        f=f,
        d=d,
        F=F,
    )


def log(k: Kit) -> list[str]:
    f = k.file(k.pick("app.log", f"logs/{k.word()}.log"), k.log())
    return k.play(
        ("wc -l «f»", "head -n 3 «f»", "tail -«2-5» «f»", "cat «f»", "ls -l «f»"),
        (
            "grep ERROR «f»",
            "grep -c WARN «f»",
            "grep -E 'ERROR|WARN' «f» | wc -l",
            "grep -n -i 'timeout\\|refused' «f»",
        ),
        (
            "awk '{print $3}' «f» | sort | uniq -c | sort -rn",
            "cut -d' ' -f3 «f» | sort | uniq -c",
            "grep -oE '\\[[a-z]+\\]' «f» | sort | uniq -c | sort -k1,1nr -k2",
            "awk '{a[$4]++} END {for (i in a) print a[i], i}' «f» | sort -rn",
            'awk \'$3=="ERROR" {$1=""; $2=""; print}\' «f»',
        ),
        (
            "sed -n '«2-4»,«5-7»p' «f»",
            "sed -E 's/^[0-9-]+ ([0-9:]+) .*/\\1/' «f» | head -«3-6»",
            "grep -A1 ERROR «f» | head -8",
            "grep -m2 INFO «f»",
            "grep -v INFO «f» | cut -c1-40",
            "awk '/ERROR/ {print NR\": \"$0}' «f»",
            "tac «f» | grep -m1 ERROR",
        ),
        (
            "for level in INFO WARN ERROR DEBUG; do printf '%s %d\\n' $level $(grep -c $level «f»); done",
            "grep ERROR «f» > errors.txt; wc -l errors.txt; [ -s errors.txt ] && echo 'has errors' || echo clean",
            "if grep -q FATAL «f»; then echo fatal; else echo ok; fi",
            'errors=$(grep -c ERROR «f»); echo "errors: $errors"',
            "cut -d' ' -f2 «f» | cut -d: -f1 | sort | uniq -c",
        ),
        (
            "split -l 5 «f» part_ && ls part_*",
            "sed -i 's/ERROR/FAIL/' «f»; grep -c FAIL «f»",
            None,
            "tail -n 1 «f» | wc -c",
        ),
        f=f,
    )


def access(k: Kit) -> list[str]:
    f = k.file("access.log", k.access())
    return k.play(
        ("head -2 access.log", "wc -l access.log", None),
        (
            "awk '{print $9}' access.log | sort | uniq -c | sort -nr",
            "awk '{print $1}' access.log | sort | uniq -c | sort -k1nr -k2",
        ),
        (
            "awk '{s+=$10} END {print s, NR, int(s/NR)}' access.log",
            "grep -c ' 404 ' access.log",
            "awk '$9 >= 400 {print $7, $9}' access.log | sort | uniq",
            "awk -F'\"' '{print $2}' access.log | awk '{print $1}' | sort | uniq -c",
        ),
        (
            "grep POST access.log | cut -d' ' -f7",
            "sed -E 's/.*\"(GET|POST|PUT) ([^ ]+).*/\\1 \\2/' access.log | sort | uniq -c | sort -rn | head -3",
            "grep -oE '^[0-9.]+' access.log | sort -u | wc -l",
            "cut -d'\"' -f2 access.log | cut -d' ' -f2 | sort -u",
        ),
        f=f,
    )


def notes(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.txt", k.lines())
    return k.play(
        ("cat «f»", "cat -n «f»", "nl «f»", "wc «f»", "head -n1 «f»; tail -n1 «f»"),
        ("wc -w < «f»", "tr -s ' ' '\\n' < «f» | sort | uniq -c | sort -rn | head -5", "tr ' ' '\\n' < «f» | wc -l"),
        (
            "grep -n «any» «f»",
            "grep -o '\\b[«a-d|e-k|s-z»][a-z]*' «f» | sort -u | head",
            'grep -ci «any» «f»; echo "exit: $?"',
            "grep -E '^.{«20-35»,}$' «f»",
            "grep -w «any» «f» || echo none",
        ),
        (
            "sed 's/«any»/«Word»/g' «f» | diff «f» - ; echo $?",
            "sed -e 's/^/> /' -e 's/$/ </' «f»",
            "sed '/«any»/d' «f» | wc -l",
            "sed -n '$p' «f»",
            "sed '2,3d' «f» | head -4",
            "sed = «f» | head -4",
        ),
        (
            "awk '{print NF}' «f»",
            "awk 'length > 30' «f» | wc -l",
            "awk '{print $NF}' «f» | paste -sd,",
            "awk 'NR%2' «f»",
            'awk \'{for (i=NF; i>0; i--) printf "%s ", $i; print ""}\' «f» | head -2',
        ),
        (
            "rev «f» | cut -c1-5",
            "fold -w 20 «f» | head -4",
            "cut -c1-12 «f»",
            "tac «f» | head -2",
            "sort -r «f» | head -2",
            "cut -d' ' -f2- «f» | head -3",
            "expand «f» | md5sum",
        ),
        (
            "tr -d 'aeiou' < «f» | head -2",
            "tr 'a-y' 'b-z' < «f» | head -1",
            "paste -d'|' «f» «f» | head -2",
            "shuf «f» | wc -l",
            None,
        ),
        f=f,
    )


def settings(k: Kit) -> list[str]:
    kind = k.pick("ini", "env", "yaml")
    if kind == "yaml":
        f = k.file(f"{k.word()}.yaml", k.yaml())
        return k.play(
            "cat «f»",
            ("grep -E '^  [a-z]+:' «f» | tr -d ' :'", "grep image: «f» | awk '{print $2}'"),
            (
                "sed -i 's/replicas: .*/replicas: «2-9»/' «f» && grep -n replicas «f»",
                "awk '/replicas/ {s+=$2} END {print s}' «f»",
            ),
            ("grep -c ':' «f»", "cp «f» «f».orig; echo 'debug: true' >> «f»; diff «f».orig «f»", None),
            f=f,
        )
    if kind == "env":
        f = k.file(".env", k.env())
        return k.play(
            ("ls -a", "ls", "cat .env"),
            ("grep -v '^#' .env", "cut -d= -f1 .env", "grep ^APP .env | cut -d= -f2"),
            (
                "source .env; echo $APP_NAME:$APP_PORT",
                'set -a; . ./.env; set +a; echo "$APP_NAME on $APP_PORT"; env | grep ^APP_',
            ),
            (
                'sed -i "s/^APP_PORT=.*/APP_PORT=«1024-9999»/" .env; grep PORT .env',
                'echo "DEBUG=«0|1|true»" >> .env && tail -1 .env',
            ),
            (
                "echo ${REGION:-unset}",
                "echo $LOG_LEVEL | tr a-z A-Z",
                '[ "$LOG_LEVEL" = debug ] && echo verbose || echo quiet',
            ),
            f=f,
        )
    f = k.file(f"{k.word()}.ini", k.ini())
    return k.play(
        ("cat «f»", "grep '^\\[' «f»", "head -4 «f»"),
        ("grep -A3 '\\[database\\]' «f»", "awk -F' = ' '/port/ {print $2}' «f»", "sed -n '/\\[database\\]/,$p' «f»"),
        (
            "sed -i 's/^port = .*/port = «1024-9999»/' «f» && grep port «f»",
            "sed -i.bak 's/debug = .*/debug = «on|off»/' «f»; diff «f».bak «f»",
        ),
        (
            "port=$(sed -n 's/^port = //p' «f»); echo \"port is $port\"",
            "python3 -c \"import configparser; c=configparser.ConfigParser(); c.read('«f»'); print(dict(c['database']))\"",
            'while IFS=\'=\' read -r key value; do [ -n "$value" ] && echo "${key// /}:${value// /}"; done < «f»',
        ),
        ("grep -c = «f»", "printf '\\n[cache]\\nttl = «30-900»\\n' >> «f»; tail -3 «f»", None),
        f=f,
    )


def documents(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.json", k.json())
    return k.play(
        ("cat «f»", "head -c «40-90» «f»; echo", "wc -c «f»"),
        (
            "jq '.total' «f»",
            "jq '.items | length' «f»",
            "jq -r '.items[].name' «f»",
            "jq -c '.items[0]' «f»",
            "jq keys «f»",
        ),
        (
            "jq -r '.items[] | select(.active) | .name' «f»",
            "jq '[.items[].score] | add' «f»",
            "jq -r '.items[] | [.id, .name, .city] | @csv' «f»",
            "python3 -c \"import json; d=json.load(open('«f»')); print(sorted(i['name'] for i in d['items']))\"",
            "python3 -m json.tool «f» | head -«5-9»",
            "python3 -c \"import json; print(sum(i['score'] for i in json.load(open('«f»'))['items']))\"",
        ),
        (
            "jq '.items |= sort_by(.name)' «f» | jq -r '.items[].name'",
            "jq '.owner = \"«name»\"' «f» > new.json && jq .owner new.json",
            'grep -o \'"city": *"[^"]*"\' «f»',
            "jq .missing «f»",
            "jq '.items[' «f»",
        ),
        (
            "echo '{\"a\": «1-9», \"b\": [1, 2, «3-9»]}' | jq '.b[-1] + .a'",
            "echo '{bad json}' | python3 -m json.tool",
            None,
        ),
        f=f,
    )


def streams(k: Kit) -> list[str]:
    w, v = k.word(), k.word()
    return k.play(
        (
            "cat > «w».txt <<EOF\n«phrase»\nhome is $HOME\n«phrase»\nsum $((«1-9» * «2-9»))\nEOF",
            "cat <<'EOF' > «w».txt\nliteral $HOME and `date`\n«phrase»\nEOF",
            "printf '%s\\n' «any» «any» «any» > «w».txt",
            'echo "«phrase»" > «w».txt',
            "{ echo «any»; echo «any»; } > «w».txt",
        ),
        ("cat «w».txt", "cat «w».txt | wc -l", "cat < «w».txt"),
        (
            'echo "«phrase»" >> «w».txt && cat «w».txt',
            "echo «any» | tee -a «w».txt",
            'echo "«any» «1-99»" | tee «v».txt «w»2.txt; cat «v».txt',
            "cat «w».txt - <<< '«any»' > «v».txt; wc -l «v».txt",
            "cat >> «w».txt << END\n\t«any»\n  «any»\nEND\ntail -2 «w».txt",
        ),
        (
            'ls «w».txt missing_«v» > out.txt 2> err.txt; echo "rc=$?"; cat out.txt; echo --; cat err.txt',
            "ls missing_«v» 2>/dev/null || echo 'not there'",
            "ls missing_«v» &> all.log; cat all.log",
            "cat «w».txt nofile_«v» 2>&1 | grep -c No",
            "(echo out; echo err >&2) 2>&1 | sort",
            "echo oops >&2",
            "ls nope_«v» 2>&1 >/dev/null | tr a-z A-Z",
        ),
        (
            'tr a-z A-Z <<< "«phrase»"',
            'read a b <<< "«any» «any»"; echo "$b-$a"',
            "wc -c <<< '«any»'",
            "sort <<EOF | head -2\n«any»\n«any»\n«any»\nEOF",
            "cat <<-EOF\n\tindented\n\tEOF",
            "grep -n «any|a|e» <<< $'one\\ntwo\\n«any»'",
        ),
        (
            "> «w».txt; wc -c «w».txt",
            ": > «w».txt; [ -s «w».txt ] || echo empty",
            'exec 3> «w».fd; echo "to three" >&3; exec 3>&-; cat «w».fd',
            "echo «1-99» > a.tmp; cat < a.tmp > b.tmp; cat b.tmp; rm a.tmp b.tmp",
            None,
        ),
        w=w,
        v=v,
    )


def compare(k: Kit) -> list[str]:
    a, b = k.file(f"{k.word()}_a.txt", k.list(5, 9)), k.file(f"{k.word()}_b.txt", k.list(5, 9))
    return k.play(
        ("cat «a»", "paste «a» «b»", "wc -l «a» «b»", "head -3 «a» «b»"),
        (
            "sort -u «a» | wc -l",
            "sort «a» | uniq -c",
            "sort «a» | uniq -u",
            "sort «a» «b» | uniq -d",
            "sort -u «a» -o «a».sorted; cat «a».sorted",
        ),
        (
            "diff «a» «b»",
            "diff «a» «a» && echo identical",
            "diff -q «a» «b»",
            "diff <(sort -u «a») <(sort -u «b»)",
            "cmp «a» «b»",
            "diff -y -W 40 «a» «b» | head -5",
        ),
        (
            "comm -12 <(sort -u «a») <(sort -u «b»)",
            "comm -23 <(sort -u «a») <(sort -u «b»)",
            "grep -Fxf «a» «b»",
            "grep -vxFf «a» «b» | sort -u",
        ),
        (
            "cp «a» copy.txt; sed -i '2s/.*/«any»/' copy.txt; diff «a» copy.txt",
            "cat «a» «b» > both.txt; wc -l both.txt",
            "sha256sum «a» | cut -c1-12",
            "md5sum «a» «b»",
        ),
        (
            "cp «a» new.txt; echo «any» >> new.txt; diff «a» new.txt > change.patch; patch «a» < change.patch; tail -1 «a»",
            "join <(sort -u «a») <(sort -u «b»)",
            None,
        ),
        a=a,
        b=b,
    )


def columns(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.dat", k.numbers())
    return k.play(
        ("cat «f»", "sort -n «f»", "wc -l < «f»"),
        ("sort -n «f» | head -1", "sort -rn «f» | head -3", "sort -n «f» | tail -1", "sort -n «f» | paste -sd' '"),
        (
            "awk '{s+=$1} END {print s, s/NR}' «f»",
            "paste -sd+ «f» | bc",
            "awk 'NR==1 || $1>m {m=$1} END {print m}' «f»",
            "awk '{print $1*2}' «f» | head -3",
        ),
        (
            "awk '$1 > «50-150»' «f» | wc -l",
            "grep -c '^-' «f»",
            "awk '{if ($1%2==0) e++; else o++} END {print e+0, o+0}' «f»",
            "sort -n «f» | awk '{a[NR]=$1} END {print (NR%2) ? a[(NR+1)/2] : (a[NR/2]+a[NR/2+1])/2}'",
        ),
        (
            "total=0; while read -r n; do total=$((total + n)); done < «f»; echo $total",
            "python3 -c \"print(sum(map(int, open('«f»'))))\"",
            "seq «1-5» «6-12» | awk '{s+=$1*$1} END {print s}'",
            "xargs -n 3 < «f»",
        ),
        f=f,
    )


EPISODES = (table, stock, log, access, notes, settings, documents, streams, compare, columns, log, table)
