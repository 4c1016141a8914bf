"""What a model is told about the reply format of screens."""

GUIDE = """\
# How to answer

Put the answer between <predicted_observation> and </predicted_observation>, each on a line of its own. Its first line:

screen - the whole new screen follows, exactly as it would be shown
edit - changes to the screen just before follow; none: it stays the same
edit 3 back - changes to the screen shown three screens ago (going back, closing a dialog); edit first - to the first

One change a line. A, B, C are addresses, by the OLD screen: a line's id (a12, 7, button "OK"), ID#2 for the second line
of that id; a line without an id is ID+1, the line below ID, or ID+2 ...; top+1 is the first line, end the last. A..B is
all lines from A to B.

delete A..B
after A - the lines to insert follow, each behind | (after top: above everything)
replace A..B - the new lines follow, each behind |
move A..B after C
set A NAME=TEXT - a part of the line becomes TEXT, written as in the line, to the end of this line
set A +NAME -NAME - switch parts on and off
shift A..B y-120 - add to numbers in all these lines (x, y, w, h, bid, number), as for scrolling

NAME is what the line calls the part (text, desc, value, url, focused, state), or class, role, name, content, left, top,
right, bottom. Numbers that count the lines go on by themselves when lines come or go; leave them out of new lines.

Example. The old screen is
7 Button "Save" clickable [0,0][90,40]
8 Text "Draft" [0,50][90,90]
9 Text "Old" [0,100][90,140]
and the answer
<predicted_observation>
edit
set 7 +disabled
after 7
| Text "Saved" [0,50][90,90]
delete 9
shift 8 y+50
</predicted_observation>
"""
