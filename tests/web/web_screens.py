"""Small screens to ask about."""

from __future__ import annotations

URL = "http://desk.example/ask"
FORM = """\
RootWebArea 'Ask', focused, url='http://desk.example/ask'
\t[2] heading 'Ask us'
\t[3] form ''
\t\t[4] row ''
\t\t\t[5] cell 'Name'
\t\t\t\t[6] LabelText ''
\t\t\t\t\tStaticText 'Name'
\t\t\t\t[7] textbox 'Name'
\t\t\t[8] cell 'Colour Red'
\t\t\t\t[9] LabelText ''
\t\t\t\t\tStaticText 'Colour'
\t\t\t\t[10] combobox 'Colour' value='Red', hasPopup='menu', expanded=False
\t\t\t\t\t[11] option 'Red', selected=True
\t\t\t\t\t[12] option 'Blue', selected=False
\t\t[13] checkbox 'Copy', checked='false'
\t\t[14] group 'Size'
\t\t\t[15] radio 'Small', checked='true'
\t\t\t[16] radio 'Large', checked='false'
\t\t[17] button 'Send'
\t\t[18] button 'Later', disabled=True
\t[19] link 'Home', url='http://desk.example/'
\t[a] Iframe 'Map'
\t\tRootWebArea 'Map', url='http://desk.example/map'
\t\t\t[a3] textbox 'Place'"""


def screen(tree: str = FORM, url: str = URL, title: str = "Ask", error: str = "") -> str:
    """A screen with one tab."""
    said = f"\n\n# Error message from last action\n\n{error}" if error else ""
    tabs = f"# Currently open tabs\n\nTab 0 (active tab)\n  Title: {title}\n  URL: {url}"
    return f"{tabs}\n\n# Current page Accessibility Tree\n\n{tree}{said}"
