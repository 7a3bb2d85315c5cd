// The ring of a go-round: how far the present voice is in its time. It belongs to this screen alone and knows no names.

const HAND_OVER_S = 60; // one minute introduces the round, as in the plan
const TURN = 2 * Math.PI, RADIUS = 44, SIZE = 100;

const point = (share) => `${SIZE / 2 + RADIUS * Math.sin(share * TURN)} ${SIZE / 2 - RADIUS * Math.cos(share * TURN)}`;
const arc = (from, to) => `M${point(from)} A${RADIUS} ${RADIUS} 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(Math.min(to, from + 0.9999))}`;
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function draw(tag, values) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
  return made;
}

export function startRound(place, read) {
  const words = place.dataset, line = place.querySelector("#each");
  let voice = 0, since = 0, each = 0, people = 0;

  const picture = draw("svg", { class: "ring", viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true" });
  const back = draw("circle", { cx: SIZE / 2, cy: SIZE / 2, r: RADIUS, fill: "none", class: "ln", "stroke-width": 6 });
  const done = draw("path", { fill: "none", class: "acc", stroke: "currentColor", "stroke-width": 6, "stroke-linecap": "round" });
  const left = draw("text", { x: SIZE / 2, y: SIZE / 2 + 7, "text-anchor": "middle", "font-size": 20, fill: "currentColor" });
  picture.append(back, done, left);
  const row = document.createElement("div");
  row.className = "row";
  const button = (label) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn";
    made.textContent = label;
    row.append(made);
    return made;
  };
  const go = button(words.start), stop = button(words.stop);
  place.append(picture, row);

  function show() {
    const found = read();
    if (!voice) {
      people = Math.max(1, found.people);
      each = Math.max(0, Math.floor((found.seconds - HAND_OVER_S) / people));
    }
    const spent = voice ? Date.now() / 1000 - since : 0, over = voice && spent > each;
    const share = each ? Math.min(1, spent / each) : 0;
    done.setAttribute("d", share > 0 ? arc(0, share) : "");
    left.textContent = voice ? `${over ? "+" : ""}${clock(Math.abs(each - spent))}` : clock(each);
    const said = voice > people ? words.done : voice ? fill(words.voice, { n: voice, count: people }) : fill(words.each, { time: clock(each) });
    if (line.textContent !== said) line.textContent = said;
    go.textContent = voice ? words.next : words.start;
    go.hidden = voice > people;
    stop.hidden = !voice;
    picture.toggleAttribute("hidden", voice > people);
  }

  go.addEventListener("click", () => { voice += 1; since = Date.now() / 1000; show(); });
  stop.addEventListener("click", () => { voice = 0; show(); });
  setInterval(show, 500);
  show();
}
