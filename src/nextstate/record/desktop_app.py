"""A small desktop application of our own to be recorded: an address book in GTK 3.

It runs as a program of its own under the system's Python, which has PyGObject (python3-gi and gir1.2-gtk-3.0)::

    /usr/bin/python3 desktop_app.py

It has what the desktop kernel has rules for: a bar of menus, text fields of one line and of many, check boxes,
radio and toggle buttons, a list, a spin button, disabled buttons, a dialog, and a title that marks changes with a star.
"""

from __future__ import annotations

import importlib
from typing import Any

TITLE = "Contacts"


def toolkit() -> Any:
    """GTK, loaded here because only the system's Python has it."""
    importlib.import_module("gi").require_version("Gtk", "3.0")
    return importlib.import_module("gi.repository.Gtk")


class App:
    """The window and what its parts do to each other."""

    def __init__(self, gtk: Any) -> None:
        self.gtk = gtk
        self.window = gtk.Window(title=TITLE)
        self.window.set_default_size(640, 480)
        self.window.set_position(gtk.WindowPosition.CENTER)
        self.window.connect("destroy", gtk.main_quit)
        self.name = gtk.Entry()
        self.mail = gtk.Entry()
        self.notes = gtk.TextView()
        self.people = gtk.ListStore(str, str)
        self.list = gtk.TreeView(model=self.people)
        self.status = gtk.Label(label="2 contacts")
        self.news = gtk.CheckButton(label="Newsletter")
        self.weekly = gtk.CheckButton(label="Weekly")
        self.add_button = gtk.Button(label="Add")
        self.remove_button = gtk.Button(label="Remove")

    def build(self) -> None:
        """Put everything in its place and show it."""
        gtk = self.gtk
        rows = gtk.Box(orientation=gtk.Orientation.VERTICAL, spacing=6)
        rows.pack_start(self._bar(), False, False, 0)
        rows.pack_start(self._form(), False, False, 0)
        rows.pack_start(self._choices(), False, False, 0)
        rows.pack_start(self._people(), False, False, 0)
        rows.pack_start(self._text(), True, True, 0)
        rows.pack_start(self.status, False, False, 0)
        self.window.add(rows)
        self.window.show_all()
        self.name.grab_focus()

    def _bar(self) -> Any:
        bar = self.gtk.MenuBar()
        file = self._menu(bar, "File")
        self._item(file, "New", self.clear)
        self._item(file, "Revert", None)
        self._item(file, "Quit", lambda *_: self.gtk.main_quit())
        view = self._menu(bar, "View")
        shown = self.gtk.CheckMenuItem(label="Status line")
        shown.set_active(True)
        shown.connect("toggled", lambda one: self.status.set_visible(one.get_active()))
        view.append(shown)
        self._item(self._menu(bar, "Help"), "About", self.about)
        return bar

    def _menu(self, bar: Any, label: str) -> Any:
        menu, item = self.gtk.Menu(), self.gtk.MenuItem(label=label)
        item.set_submenu(menu)
        bar.append(item)
        return menu

    def _item(self, menu: Any, label: str, done: Any) -> None:
        item = self.gtk.MenuItem(label=label)
        item.set_sensitive(done is not None)
        if done is not None:
            item.connect("activate", done)
        menu.append(item)

    def _form(self) -> Any:
        gtk = self.gtk
        grid = gtk.Grid(column_spacing=6, row_spacing=6, margin=6)
        for row, (label, entry) in enumerate((("Name:", self.name), ("E-mail:", self.mail))):
            grid.attach(gtk.Label(label=label), 0, row, 1, 1)
            entry.set_hexpand(True)
            grid.attach(entry, 1, row, 1, 1)
        self.add_button.connect("clicked", self.add)
        self.remove_button.connect("clicked", self.remove)
        self.remove_button.set_sensitive(False)
        grid.attach(self.add_button, 2, 0, 1, 1)
        grid.attach(self.remove_button, 2, 1, 1, 1)
        return grid

    def _choices(self) -> Any:
        gtk = self.gtk
        line = gtk.Box(spacing=6, margin=6)
        self.weekly.set_sensitive(False)
        self.news.connect("toggled", lambda one: self.weekly.set_sensitive(one.get_active()))
        work = gtk.RadioButton(label="Work")
        parts = (
            self.news, self.weekly, gtk.CheckButton(label="Favourite"), work,
            gtk.RadioButton.new_with_label_from_widget(work, "Home"), gtk.ToggleButton(label="Locked"),
            gtk.SpinButton(adjustment=gtk.Adjustment(value=1, lower=0, upper=99, step_increment=1)),
        )  # fmt: skip
        for part in parts:
            line.pack_start(part, False, False, 0)
        return line

    def _people(self) -> Any:
        for entry in (("Harbour", "harbour@example.org"), ("Library", "library@example.org")):
            self.people.append(entry)
        for number, title in enumerate(("Name", "E-mail")):
            self.list.append_column(self.gtk.TreeViewColumn(title, self.gtk.CellRendererText(), text=number))
        self.list.get_selection().unselect_all()
        self.list.get_selection().connect("changed", self.chosen)
        self.list.set_size_request(-1, 120)
        return self.list

    def _text(self) -> Any:
        frame = self.gtk.ScrolledWindow()
        self.notes.get_buffer().set_text("call back\nsend the minutes\n")
        self.notes.get_buffer().connect("changed", lambda *_: self.window.set_title("*" + TITLE))
        frame.add(self.notes)
        return frame

    def add(self, *_: Any) -> None:
        """Put the name and the address of the form into the list; without a name a message says so."""
        if not self.name.get_text():
            self._message("Cannot add: a name is needed.", self.gtk.MessageType.ERROR)
            return
        self.people.append((self.name.get_text(), self.mail.get_text()))
        self.clear()

    def remove(self, *_: Any) -> None:
        """Take the selected person out of the list."""
        _, at = self.list.get_selection().get_selected()
        if at is not None:
            self.people.remove(at)
        self._count()

    def clear(self, *_: Any) -> None:
        """Empty the form."""
        self.name.set_text("")
        self.mail.set_text("")
        self._count()

    def chosen(self, selection: Any) -> None:
        """A selected person can be removed."""
        self.remove_button.set_sensitive(selection.get_selected()[1] is not None)

    def about(self, *_: Any) -> None:
        """Say what this is."""
        self._message("Contacts 1.0", self.gtk.MessageType.INFO)

    def _count(self) -> None:
        self.status.set_text(f"{len(self.people)} contacts")

    def _message(self, text: str, kind: Any) -> None:
        gtk = self.gtk
        buttons = gtk.ButtonsType.OK
        box = gtk.MessageDialog(transient_for=self.window, modal=True, message_type=kind, buttons=buttons, text=text)
        box.connect("response", lambda one, _: one.destroy())
        box.show_all()


def main() -> None:
    """Run until the window is closed."""
    gtk = toolkit()
    app = App(gtk)
    app.build()
    gtk.main()


if __name__ == "__main__":
    main()
