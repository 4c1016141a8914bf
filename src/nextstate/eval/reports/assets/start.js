async function start() {
  const data = await unpack("index");
  byId("about").textContent = visible(data.about);
  byId("remarks").replaceChildren(...data.remarks.map((text) => make("li", {}, text)));
  byId("groups").replaceChildren(...data.summary.groups.map((group, number) => groupSection(group, data.summary.runs, number)));
  data.byKey = new Map();
  data.byAddress = new Map();
  data.rows.key.forEach((key, n) => {
    data.byKey.set(key, [...data.byKey.get(key) ?? [], n]);
    data.byAddress.set(address(data, n), n);
    if (data.byKey.get(key).length === 1) data.byAddress.set("#" + encodeURIComponent(key.toWellFormed?.() ?? key), n);
  });
  const list = new List(data);
  new Detail(data, list);
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  byId("about").textContent = "This browser cannot show the page (" + error + "); report.md beside it has the tables.";
});
