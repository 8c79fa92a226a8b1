// One load: node load.mjs '{"url", "body", "headers", "connections", "seconds", "rate"?}'; prints JSON.
// Every answer's time is kept, because percentiles of percentiles mean nothing.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const options = JSON.parse(process.argv[2]);
const autocannon = createRequire(options.modules + "/")("autocannon");

const times = [];
const statuses = {};
const run = autocannon({
  url: options.url,
  method: "POST",
  body: readFileSync(options.body),
  headers: options.headers,
  connections: options.connections,
  duration: options.seconds,
  timeout: 60,
  ...(options.rate ? { overallRate: options.rate } : {}),
});
run.on("response", (_client, status, _bytes, milliseconds) => {
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status === 200) times.push(milliseconds);
});
run.on("done", (result) => {
  times.sort((one, other) => one - other);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? null;
  console.log(JSON.stringify({
    seconds: result.duration,
    statuses,
    errors: result.errors,
    timeouts: result.timeouts,
    p50: at(0.5), p95: at(0.95), p99: at(0.99),
  }));
});
