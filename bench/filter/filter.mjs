// How long mint-filter takes for the same list and the same messages: `node filter.mjs TERMS MESSAGES`, a line of JSON.
import { readFileSync } from "node:fs";
import mint from "mint-filter";

const ROUNDS = 5;
const lines = (path) => readFileSync(path, "utf8").split("\n").filter(Boolean);
const [terms, messages] = process.argv.slice(2).map(lines);
const Mint = mint.Mint ?? mint.default ?? mint;
const began = process.hrtime.bigint();
const filter = new Mint(terms);
const made = Number(process.hrtime.bigint() - began);
let best = Infinity, found = 0;
for (let round = 0; round < ROUNDS; round++) {
  const begin = process.hrtime.bigint();
  found = 0;
  for (const m of messages) found += filter.filter(m, { replace: false }).words.length > 0;
  best = Math.min(best, Number(process.hrtime.bigint() - begin) / messages.length);
}
console.log(JSON.stringify({ ns: best, found, made }));
