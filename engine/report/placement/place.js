// dagre copies its settings with this function of browsers, which the interpreter lacks.
globalThis.structuredClone = (value) => JSON.parse(JSON.stringify(value));

(given) => {
  const { boxes, lines, gaps } = JSON.parse(given);
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ nodesep: gaps.beside, ranksep: gaps.below, edgesep: gaps.beside });
  for (const [i, box] of (boxes ?? []).entries()) graph.setNode(String(i), { width: box.width, height: box.height });
  for (const line of lines ?? []) graph.setEdge(String(line.from), String(line.to), { minlen: line.length ?? 1 });
  dagre.layout(graph);

  // What dagre calls the size of the drawing leaves the bends of lines out.
  const centres = (boxes ?? []).map((_, i) => graph.node(String(i)));
  const ways = (lines ?? []).map((line) => graph.edge(String(line.from), String(line.to)).points);
  let [left, right, bottom] = [0, 0, 0];
  for (const { x, y, width, height } of centres) [right, bottom] = [Math.max(right, x + width / 2), Math.max(bottom, y + height / 2)];
  for (const { x } of ways.flat()) [left, right] = [Math.min(left, x), Math.max(right, x)];

  const point = ({ x, y }) => ({ x: Math.round(x - left), y: Math.round(y) });
  return JSON.stringify({
    width: Math.ceil(right - left),
    height: Math.ceil(bottom),
    boxes: centres.map(point),
    lines: ways.map((points) => points.map(point)),
  });
};
