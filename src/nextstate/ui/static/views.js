// The views, in the order of the navigation. `key` is what follows "g".
export const VIEWS = [
  { name: "play", title: "Play", key: "p", load: () => import("./play/view.js") },
  { name: "compare", title: "Compare", key: "c", load: () => import("./play/compare.js") },
  { name: "sessions", title: "Sessions", key: "s", load: () => import("./play/sessions.js") },
  { name: "trajectories", title: "Trajectories", key: "t", load: () => import("./viewers/trajectories.js") },
  { name: "reports", title: "Reports", key: "r", load: () => import("./viewers/reports.js") },
  { name: "game", title: "Real or simulated?", key: "x", load: () => import("./viewers/game.js") },
];
