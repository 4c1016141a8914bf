"""Small files for the tests of the text tools."""

from __future__ import annotations

FILES = {
    "a.txt": b"one\ntwo\nthree\nfour\nfive\n",
    "b.txt": b"alpha beta\n\n\n\tgamma\r\ndelta  epsilon \n\n",
    "c.txt": b"no newline at the end",
    "empty": b"",
    "blank": b"\n\n\n",
    "data.csv": b"id,name,price\n1,apple,1.50\n2,pear,0.75\n10,fig,12\n3,plum,\n2,apple,1.5\n",
    "nums": b"10\n9\n-3\n2.5\n0\n010\n1e3\n\nabc\n 7\n+4\n2.50\n",
    "words": b"the quick brown fox\njumps over the lazy dog\nThe end\nfoo bar foo\nfoobar\nbar_foo\nFOO\n",
    "long": b"".join(b"line %d of the file\n" % n for n in range(1, 31)),
    "utf": "naïve café\nÜber größe\n日本 text\n→ arrow • bullet\nplain\n".encode(),
    "ctl": b"a\x01b\x7fc\td\x1b[0m\n\x00z\r\n",
    "pass": b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    b"dev:x:1000:1000:,,,:/home/dev:/bin/bash\n",
    "log": b"2024-01-01 10:00:00 INFO start id=1\n2024-01-01 10:00:05 ERROR failed: timeout (code 500)\n"
    b"2024-01-01 10:01:00 WARN slow query [12ms]\n2024-01-02 09:00:00 INFO stop\n2024-01-02 09:30:10 ERROR disk full\n",
    "dup": b"b\na\na\nB\nb\nb\nc\nA\na\n",
    "d/x.py": b"import os\n\ndef main():\n    print('hello')  # TODO fix\n\n\nif __name__ == '__main__':\n    main()\n",
    "d/e/y.txt": b"hello world\nfoo\n",
    "sp ace": b"spaced\n",
}
"""Name to content; ``d`` is a folder."""
