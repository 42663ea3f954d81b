// Reckons totals and places of cases that Python wrote: node places.mjs FOLDER. Each case is case-N.json with case-N.points beside it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tuner } from "./tuner.mjs";

const folder = process.argv[2];
const read = (name, Kind) => new Kind(new Uint8Array(readFileSync(join(folder, name))).buffer);

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const name = file.slice(0, -5);
  const given = JSON.parse(readFileSync(join(folder, file), "utf-8"));
  const traits = { points: read(`${name}.points`, Int32Array), adjusted: read(`${name}.adjusted`, Int32Array), able: read(`${name}.able`, Uint8Array), group: read(`${name}.group`, Uint16Array) };
  const table = tuner.prepared({ ...given, ...traits });
  for (const [at, weights] of given.draws.entries()) {
    const outcome = tuner.weigh(table, weights);
    writeFileSync(join(folder, `${name}.${at}.totals`), outcome.totals);
    writeFileSync(join(folder, `${name}.${at}.places`), tuner.placedAll(table, outcome));
  }
}
