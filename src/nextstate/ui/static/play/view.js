// Play: without a session in the address a world is chosen, with one it is played.
import { begin } from "./begin.js";
import { Game } from "./game.js";

export async function show(place, route) {
  const [id] = route.path;
  if (!id) return begin(place, route);
  const game = await Game.open(id, route);
  return game.mount(place);
}
