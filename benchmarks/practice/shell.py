"""Episodes about the language of the shell: variables, arithmetic, control flow, functions, scripts."""

# ruff: noqa: E501 - templates are lines of a shell; wrapping would hide them
from __future__ import annotations

from practice.kit import Kit


def variables(k: Kit) -> list[str]:
    v, p = k.word(), f"/srv/{k.any()}/{k.any()}.{k.pick('tar.gz', 'txt', 'conf.bak')}"
    return k.play(
        (
            "«v»=«any»; echo $«v»",
            "«v»='«phrase»'; echo \"$«v»\"; echo ${#«v»}",
            '«v»="«any»   «any»"; echo $«v»; echo "$«v»"',
            "export «v»=«1-99»; bash -c 'echo $«v»'",
        ),
        (
            "echo ${«v»:-default} ${nothing:-«any»}",
            "echo ${nothing:=«any»}; echo $nothing",
            'echo "${«v»:1:3}"',
            "echo ${«v»^^} ${«v»^}",
            "echo ${«v»/«a|e|o»/_} ${«v»//«a|e|o»/_}",
            'echo "[${unset_«v»}]"',
            'unset «v»; echo "<$«v»>"',
        ),
        (
            "path=«p»; echo ${path##*/} ${path%/*} ${path%%.*} ${path#*.}",
            'file=«p»; echo "${file##*.}"; basename «p»; dirname «p»',
            "p=«p»; echo ${p/srv/opt} ${#p}",
        ),
        (
            "arr=(«any» «any» «any»); echo ${arr[1]} ${#arr[@]}",
            'arr=(«any» «any»); arr+=(«any»); echo "${arr[@]}"; echo ${arr[-1]}',
            "declare -A age=([«name»]=«20-60»); age[zed]=«1-99»; echo ${age[zed]} ${#age[@]}",
            "arr=($(seq «1-3» «5-9»)); echo ${arr[@]:1:2}; echo ${!arr[@]}",
            "IFS=, read -ra parts <<< '«any»,«any»,«any»'; echo ${parts[2]}; echo ${#parts[@]}",
        ),
        (
            'for x in "${arr[@]}"; do echo "- $x"; done',
            "printf '%s;' \"${arr[@]}\" x; echo",
            "declare -p arr 2>&1 | head -1",
            "mapfile -t lines <<< $'«any»\\n«any»'; echo ${#lines[@]} ${lines[0]}",
            "set -- «any» «any» «any»; echo $# $2; shift; echo $1",
        ),
        (
            "printf '%05d|%-8s|%.2f\\n' «1-999» «any» «1-9».«100-999»",
            "printf '%x %o %c\\n' «16-255» «8-99» «any»",
            "printf -v padded '%03d' «1-99»; echo $padded",
            'x=$(echo «any» | tr a-z A-Z); echo "got: $x"',
            "echo 'single $HOME' \"double $HOME\"",
            'name=v_$RANDOM; [ -n "$name" ] && echo set',
            "a=«1-9» b=«1-9»; echo \"$a$b\" '$a'",
            'readonly PI=3.14; PI=3; echo "still $PI"',
        ),
        v=v,
        p=p,
    )


def arithmetic(k: Kit) -> list[str]:
    return k.play(
        (
            "echo $((«10-99» * «2-99»))",
            "echo $(( («1-50» + «1-50») % «2-9» ))",
            "n=«1-99»; ((n++)); ((n += «2-9»)); echo $n",
            "let x=«1-9»**«2-5»; echo $x",
        ),
        (
            "echo $((0x«10-99» + 0«10-77|7»)) $((2#«101|1101|111»))",
            "echo $((«1-99» > «1-99» ? 1 : 0))",
            "i=«1-9»; echo $((i++ + ++i)) $i",
            "echo $((~«1-99»)) $((«1-99» ^ «1-99»)) $((1 << «2-10»))",
            "echo $((«1-9» / 0)); echo after",
            "echo $((-«10-99» / «3-7»)) $((-«10-99» % «3-7»))",
        ),
        (
            "echo 'scale=3; «1-99»/«2-9»' | bc",
            "expr «1-99» + «1-99»",
            "echo '«2-9»^«2-20»' | bc",
            "awk 'BEGIN {print «1-99»/«2-9»}'",
            "python3 -c 'print(«2-9»**«10-60»)'",
            "awk 'BEGIN {printf \"%.3f\\n\", sqrt(«2-99»)}'",
            "echo 'obase=2; «5-200»' | bc",
            "factor «10-9999»",
            "numfmt --to=iec «2000-9000000»",
        ),
        (
            "seq «1-5» «6-12» | paste -sd,",
            "echo {«1-3»..«5-9»}",
            "seq -w 8 «10-12» | tr '\\n' ' '",
            "for ((i=«1-3»; i<«5-8»; i++)); do printf '%d ' $((i*i)); done; echo",
            "seq 10 -«2-3» 1",
            "echo {a..«d|f»}{1,2}",
        ),
        (
            "sum=0; for n in «1-99» «1-99» «1-99»; do sum=$((sum + n)); done; echo $sum",
            "a=0 b=1; for i in {1..«5-15»}; do c=$((a+b)); a=$b; b=$c; done; echo $a",
            "i=«10-20»; while [ $i -gt «2-6» ]; do i=$((i-3)); done; echo $i",
            'for i in {1..«10-20»}; do [ $((i % 3)) -eq 0 ] && echo -n "$i "; done; echo',
            "((«1-9» > 5)) && echo big || echo small",
        ),
        (
            "[ «1-9» -lt «1-9» ]; echo $?",
            "test «10-20» -ge 15 && echo ge",
            "echo $((08 + 1))",
            "[ abc -eq 1 ]; echo $?",
            None,
        ),
    )


def control(k: Kit) -> list[str]:
    w = k.word()
    return k.play(
        (
            'for x in «any» «any» «any»; do echo "$x ${#x}"; done',
            'for f in *; do echo "file: $f"; done',
            'for i in 1 2 3; do\n  echo "line $i: «any»"\ndone',
            "for i in $(seq «2-4»); do mkdir -p «w»_$i; done; ls -d «w»_*",
        ),
        (
            "i=0; while [ $i -lt «2-5» ]; do echo $i; i=$((i+1)); done",
            'n=«3-6»; until [ $n -le 0 ]; do echo -n "$n "; ((n--)); done; echo liftoff',
            "while true; do ((c++)); [ $c -ge «3-7» ] && break; done; echo $c",
            "for i in {1..6}; do [ $i -eq «2-4» ] && continue; [ $i -eq 6 ] && break; echo $i; done",
        ),
        (
            "x=«any»; case $x in [a-f]*) echo early;; [g-p]*) echo middle;; *) echo late;; esac",
            "case «3-20» in ?) echo one digit;; ??) echo two digits;; esac",
            "for f in a.txt b.png c.tar.gz; do case $f in *.txt) echo text;; *.gz|*.zip) echo archive;; *) echo other;; esac; done",
        ),
        (
            "if [ -f «w».txt ]; then echo exists; else echo missing; fi",
            "[ -d /tmp ] && echo dir; [ -e /nope ] || echo no",
            "if [[ «any» == *«a|e|i»* ]]; then echo match; else echo 'no match'; fi",
            "[[ «any»«10-99» =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}",
            '[[ -z "$nope" && «1-9» -lt 5 ]] && echo yes || echo no',
            '[ "«any»" \\< "«any»" ] && echo before || echo after',
            "test -w . && echo writable",
        ),
        (
            'for a in x y; do for b in 1 2; do echo -n "$a$b "; done; done; echo',
            'echo «any» «any» «any» | while read a rest; do echo "$rest / $a"; done',
            "printf '%s\\n' «any» «any» | while read -r l; do echo \"${l^}\"; done",
            'while IFS=: read -r user _ id _; do [ "$id" = 1000 ] && echo $user; done < /etc/passwd',
            "true && echo yes; false && echo no; echo end",
        ),
        (
            "for i in 1 2 3",
            "if [ 1 -eq 1 ]; then echo unfinished",
            "for i in 1 2; do echo $i; done > «w».out; cat «w».out",
            None,
            None,
        ),
        w=w,
    )


def functions(k: Kit) -> list[str]:
    f = k.word()
    return k.play(
        (
            '«f»() { echo "hello $1 from ${FUNCNAME[0]}"; }; «f» «name»',
            "«f»() { local x=$1; echo $((x * «2-9»)); }; «f» «2-20»",
            'function «f» {\n  local sum=0\n  for n in "$@"; do sum=$((sum + n)); done\n  echo "sum=$sum"\n}\n«f» «1-9» «1-9» «1-9»',
            "«f»() { [ $# -eq 0 ] && { echo 'usage: «f» NAME' >&2; return 1; }; echo \"hi $1\"; }",
        ),
        (
            "«f» «3-9» «3-9»",
            '«f»; echo "rc=$?"',
            'r=$(«f» «1-30»); echo "[$r]"',
            "type «f» | head -1",
            "declare -f «f»",
        ),
        (
            "fact() { [ $1 -le 1 ] && echo 1 || echo $(( $1 * $(fact $(($1 - 1))) )); }; fact «3-8»",
            "is_even() { return $(( $1 % 2 )); }; is_even «1-99» && echo even || echo odd",
            "max() { local m=$1; for x; do ((x > m)) && m=$x; done; echo $m; }; max «1-99» «1-99» «1-99»",
            "counter=0; bump() { counter=$((counter + ${1:-1})); }; bump; bump «2-9»; echo $counter",
            "greet() { local name=${1:-world}; printf 'Hello, %s!\\n' \"$name\"; }; greet; greet «name»",
        ),
        (
            "x=outer; try() { local x=inner; echo $x; }; try; echo $x",
            'swap() { echo "$2 $1"; }; swap «any» «any» | swap',
            "opts() { while getopts 'a:b' o; do case $o in a) echo \"a=$OPTARG\";; b) echo b;; *) echo bad;; esac; done; }; opts -a «any» -b",
            "unset -f «f»; «f»",
            "fail() { return «2-99»; }; fail; echo $?",
            "rec() { echo $1; [ $1 -gt 0 ] && rec $(($1 - 1)); }; rec «2-4»",
        ),
        (
            'join_by() { local IFS=$1; shift; echo "$*"; }; join_by , «any» «any» «any»',
            'log() { echo "[$1] ${*:2}"; }; log WARN «phrase»',
            "declare -F | head -3",
            "repeat() { for ((i=0; i<$1; i++)); do printf '%s' \"$2\"; done; echo; }; repeat «3-12» «=|-|ab»",
        ),
        f=f,
    )


def scripts(k: Kit) -> list[str]:
    s = f"{k.word()}.sh"
    return k.play(
        (
            'cat > «s» <<\'EOF\'\n#!/bin/bash\nname=${1:-«name»}\necho "Hello, $name"\nfor i in 1 2; do\n  echo "  step $i"\ndone\nexit «0-4»\nEOF',
            'cat > «s» <<\'EOF\'\n#!/bin/bash\nset -euo pipefail\nif [ $# -lt 1 ]; then\n  echo "usage: $0 FILE" >&2\n  exit 2\nfi\nwc -l < "$1"\nEOF',
            'cat > «s» <<\'EOF\'\n#!/usr/bin/env bash\ntotal=0\nwhile read -r n; do\n  total=$((total + n))\ndone < "${1:-/dev/stdin}"\necho "total: $total"\nEOF',
            'printf \'#!/bin/sh\\necho "args: $#"\\necho "last: $2"\\n\' > «s»',
            "cat > «s» <<'EOF'\n#!/bin/bash\ncleanup() { echo cleaning; }\ntrap cleanup EXIT\necho working\n«false|true|nosuchcmd»\necho \"status $?\"\nEOF",
        ),
        (
            "./«s» «any»",
            "bash «s» «any» «any»",
            "chmod +x «s» && ./«s» «s»",
            'sh «s»; echo "rc $?"',
            "seq «2-9» > nums.txt; bash «s» nums.txt",
        ),
        (
            "chmod +x «s»; ls -l «s» | cut -c1-10",
            "chmod 755 «s»; stat -c '%a %n' «s»",
            "bash -n «s» && echo syntax ok",
            "cat «s»",
            "wc -l «s»; head -1 «s»",
        ),
        (
            "./«s»; echo $?",
            "./«s» «s» «any» 2>&1",
            './«s» /nonexistent; echo "exit=$?"',
            "bash -x «s» nums.txt 2>&1 | head -5",
            "echo '«1-9»' | ./«s»",
            "./«s» nums.txt || echo failed",
        ),
        (
            "sed -i 's/echo/printf \"%s\\\\n\"/' «s»; bash «s» x 2>&1 | head -3",
            "echo 'echo \"done: $SECONDS\" > /dev/null' >> «s»; tail -n 1 «s»",
            "cp «s» /tmp/ && /tmp/«s» «s»",
            "echo 'if true; then' > broken.sh; bash broken.sh; echo $?",
            "source ./«s» nums.txt > out.txt; wc -l out.txt",
            "rm «s»; ./«s»",
            None,
        ),
        s=s,
    )


EPISODES = (variables, arithmetic, control, functions, scripts, variables, scripts, control)
