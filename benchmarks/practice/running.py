"""Episodes about what a shell does: places, failures, pipes, modes of files, jobs."""

from __future__ import annotations

from practice.kit import Kit


def places(k: Kit) -> list[str]:
    d, e = k.word(), k.word()
    return k.play(
        (
            "mkdir -p «d»/{src,docs,tests}/«e»",
            "mkdir «d» && cd «d» && mkdir -p src/«e» docs && pwd && cd ..",
            "mkdir -p «d»/src/«e» «d»/docs && ls «d»",
            "mkdir -pv «d»/src «d»/docs/«e»",
        ),
        (
            "touch «d»/src/{main,util}.py «d»/docs/readme.md",
            "echo «any» > «d»/src/main.py; echo '# «Word»' > «d»/docs/readme.md",
            "for n in 1 2 3; do echo «any» > «d»/src/f$n.txt; done",
            "cd «d»/src && touch a.c b.c && cd - ",
        ),
        (
            "find «d» | sort",
            "find «d» -type f | sort",
            "ls -R «d»",
            "ls «d» «d»/src",
            "find «d» -type d | wc -l",
            "(cd «d»/docs && pwd)",
        ),
        (
            "cd «d»/src; pwd; ls",
            "cd «d»; cd ..; pwd; echo $OLDPWD",
            "pushd «d» > /dev/null; pwd; popd > /dev/null; pwd",
            "cd «d»/src/.. && pwd && cd ~ && pwd",
            "cd «d» && ls -a; cd - > /dev/null",
            "cd /tmp && touch «e».tmp && ls *.tmp; cd ~",
        ),
        (
            "cp -r ~/«d» ~/«d»_copy && find ~/«d»_copy -type f | wc -l",
            "cd ~; mv «d»/docs «d»/manual; ls «d»",
            "ln -s ~/«d»/src ~/link_«e»; readlink ~/link_«e»; ls ~",
            "cp -v ~/«d»/docs/readme.md ~/«e».md",
            "cd ~; ls -d */",
            "realpath ~/«d»/../«d»/src",
            "ln -s missing_target ~/dangling; cat ~/dangling; [ -L ~/dangling ] && echo link",
        ),
        (
            "rmdir ~/«d»; ls ~",
            "rm -r ~/«d»/src && ls ~/«d»",
            "find ~/«d» -name '*.py' -o -name '*.md' | sort",
            "rm -rf ~/«d»; ls ~; [ -d ~/«d» ] || echo gone",
            "cd ~/«d» && rm -f nothing.txt && ls; cd ~",
            "cd ~; find . -name '*.txt' -exec basename {} \\; | sort | head -4",
            "find ~/«d» -empty -type f | wc -l",
        ),
        ("pwd", "dirs", "cd; pwd", "basename $PWD", None, None),
        d=d,
        e=e,
    )


def failures(k: Kit) -> list[str]:
    w = k.word()
    errors = [
        "cat «w».missing",
        "ls /no/such/dir",
        "cd /nonexistent_«w»",
        "rmdir «w»_dir",
        "mkdir /tmp/«w»/a/b",
        "cp «w».missing /tmp",
        "mv «w».gone elsewhere",
        "rm «w».nothing",
        "cat /tmp",
        "cp /tmp «w»_copy",
        "grep «any» missing_«w».txt",
        "«w»_command --version",
        "ls --colour-«w»",
        "grep",
        "head -n abc /etc/hostname",
        "echo )",
        "echo 'unclosed",
        "if then fi",
        "echo $((«1-9» +))",
        "touch /usr/«w»",
        "cat /etc/shadow",
        "python3 missing_«w».py",
        "./«w»_missing.sh",
        "source «w».env",
        "sort --zzz",
        "kill -9 999999",
        "tar -xf nothing_«w».tar",
        "sed 's/a/b' /etc/hostname",
        "awk '{print $1' /etc/hostname",
        "cut /etc/hostname",
        "chmod 999 .",
        "ln -s",
        "tail -n 3 «w».log",
        "echo ${«w»?must be set}_",
        "find /nope_«w» -name x",
        "wc -l «w».a «w».b",
        "export 1«w»=2",
        "read -t x y",
        "exit_code_of_nothing; echo $?",
        "diff a_«w» b_«w»",
        "unzip «w».zip",
        "xargs -Z echo",
        "tr a",
        "mkdir",
        "touch",
        "cp onlyone",
        "git log",
        "bc <<< '1 + '",
        "printf '%d\\n' «any»",
        "cat «w»/x/y",
        "ls «w»*.xyz",
        "[ 1 -eq ",
        "test -f",
        "echo > /nodir_«w»/file",
        "declare -z",
        "cd a b c",
        "case x in",
        "done",
        "jq . «w».json",
        "date -d nonsense_«w»",
        "local x=1",
        "shift 5",
        "return 3",
        "break",
    ]
    fatal = errors.pop(errors.index("echo ${«w»?must be set}_"))
    chosen = k.random.sample(errors, k.number(3, 5))
    out = [k.fill(one, w=w) for one in chosen]
    out[0] += "; echo $?" if k.random.random() < 0.6 and out[0].count("'") % 2 == 0 else ""
    out.append(
        k.fill('(«fatal»); echo "survived $?"', fatal=k.fill(fatal, w=w)) if k.random.random() < 0.3 else "echo $?"
    )
    return out + k.play(
        (
            None,
            "touch «w».f; mkdir «w».f",
            "mkdir «w».d; touch «w».d/x; rmdir «w».d; rm «w».d",
            "echo x > «w».r; chmod 000 «w».r; cat «w».r; chmod 644 «w».r; cat «w».r",
            "echo data > «w».f; cd «w».f",
        ),
        w=w,
    )


def pipes(k: Kit) -> list[str]:
    f = k.file(f"{k.word()}.list", k.list(8, 16))
    return k.play(
        (
            "cat «f» | sort | uniq -c | sort -k1,1nr -k2 | head -«2-4»",
            "sort «f» | uniq | wc -l",
            "cat «f» | grep -v «any» | head -3",
            "cat «f» | awk '{print length($0)\":\"$0}' | sort -n | tail -2",
        ),
        (
            "false | true; echo $?",
            "set -o pipefail; false | true; echo $?; set +o pipefail",
            "false | true | false; echo ${PIPESTATUS[@]}",
            "cat missing_file | wc -l",
            "grep zzz «f» | head -1; echo ${PIPESTATUS[0]}",
            "! grep -q zzz «f»; echo $?",
        ),
        (
            "true && echo a || echo b",
            "false && echo a || echo b",
            "(exit «2-120»); echo $?",
            "{ false; true; }; echo $?",
            "ls nope 2>/dev/null && echo found || { echo 'not found'; false; }; echo $?",
            "(cd /tmp; pwd); pwd",
            "x=1; (x=2; echo in $x); echo out $x",
        ),
        (
            "sort «f» | uniq | xargs echo",
            "sort -u «f» | xargs -I{} echo 'item: {}' | head -3",
            "head -4 «f» | xargs -n2",
            "cut -c1 «f» | sort | uniq -c | awk '{print $2, $1}'",
            "paste -sd, «f»",
            "wc -l < «f»; nl «f» | tail -1",
            "yes «any» | head -3",
            "seq 1 «20-99» | tail -1 | rev",
            "tee >(wc -l > count.txt) < «f» > /dev/null; sleep 0.1; cat count.txt",
        ),
        (
            "echo $(cat «f» | wc -l) lines",
            'content=$(<«f»); echo "${content:0:«8-15»}"',
            'while read -r a; do read -r b; echo "$a+$b"; done < «f»',
            "diff <(head -3 «f») <(tail -3 «f») | head -4",
            'echo "today: `echo «any»`"',
            'cat «f» | while read x; do n=$((n+1)); done; echo "n=$n"',
            "head -3 «f» | tac | tr '\\n' ' '; echo",
        ),
        f=f,
    )


def modes(k: Kit) -> list[str]:
    f = k.word()
    return k.play(
        ("echo «any» > «f»; stat -c '%a %s' «f»", "touch «f»; stat -c %A «f»", "umask; touch «f»; stat -c '%a' «f»"),
        (
            "chmod «600|644|755|400|640» «f»; stat -c '%a %A %n' «f»",
            "chmod u+x,g-r «f» && stat -c %a «f»",
            "chmod a-w «f»; echo more >> «f»; echo $?",
            "chmod +x «f»; [ -x «f» ] && echo executable",
        ),
        (
            "umask 077; touch p_«f»; stat -c %a p_«f»; umask 022",
            "mkdir d_«f»; chmod 700 d_«f»; stat -c '%a %F' d_«f»",
            "mkdir d_«f»; chmod 000 d_«f»; ls d_«f»; cd d_«f»; chmod 755 d_«f»",
            "ls -l «f» | awk '{print $1, $3, $5}'",
            "find . -maxdepth 1 -perm 600 -type f",
        ),
        (
            "test -r «f» && echo readable; test -x «f» || echo 'not executable'",
            "stat -c '%U %G' «f»",
            "[ «f» -nt /etc/hostname ] && echo newer",
            "wc -c «f»; du -b «f»",
            "touch -d '2024-0«1-9»-1«0-9» 10:00' «f»; stat -c %y «f» | cut -d' ' -f1",
            "chown root «f»; echo $?",
            "find . -name «f» -size -2k",
        ),
        f=f,
    )


def jobs(k: Kit) -> list[str]:
    return k.play(
        (
            "sleep 0.2 & wait; echo done",
            "(sleep 0.1; echo late) & echo early; wait",
            "for i in 1 2 3; do (sleep 0.0$i; echo $i) & done; wait; echo all",
            "sleep 30 & p=$!; kill $p; wait $p; echo $?",
        ),
        (
            "timeout 0.2 sleep 5; echo $?",
            "timeout 1 echo «any»",
            "trap 'echo caught' USR1; kill -USR1 $$; trap - USR1",
            "(trap 'echo bye' EXIT; echo working)",
            "bash -c 'exit «3-99»'; echo $?",
            "bash -c 'kill -TERM $$'; echo $?",
        ),
        (
            "jobs",
            "nohup echo «any» 2>/dev/null",
            "time true 2>&1 | head -1",
            "(exit 3) & wait $!; echo $?",
            "sh -c 'echo $0 $1' «any» «any»",
            "command -v «any» || echo 'not installed'",
            "type -t cd ls if nope_«any»",
            "eval 'x=«1-99»; echo $x'",
            "alias ll='ls -l'; ll",
            "exec 4<<< '«any»'; read -u 4 line; echo $line; exec 4<&-",
        ),
        (
            None,
            "SECONDS=0; sleep 0.1; [ $SECONDS -lt 5 ] && echo fast",
            "true; echo $?; false; echo $?",
            "set -o | grep pipefail",
            "shopt nullglob",
            "hash -r; echo ok",
        ),
    )


EPISODES = (places, failures, pipes, modes, jobs, places, failures)
