// DuckDB as a peer: node duckdb.mjs CONFIG.json
//
// CONFIG: {file, temp, memory, threads, load: [{table, sql}], questions: {name: [sql, ...]}, runs}. Prints one JSON line:
// {version, load: {table: {seconds, bytes}}, answers: {name: {rows: [[...], ...] of each form, median, min, form, peak}}}.
// Each form is run once; the fastest is then timed. The database is made anew when there is something to load.
import fs from 'node:fs'
import { DuckDBInstance, version } from '@duckdb/node-api'

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))
const seconds = () => Number(process.hrtime.bigint()) / 1e9

// Private memory at its highest since the last reset.
const status = (name) => Number(fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]) * 1024
const peak = () => status('VmHWM') - status('RssFile') - status('RssShmem')
const reset = () => fs.writeFileSync('/proc/self/clear_refs', '5')

const instance = await DuckDBInstance.create(config.file)
const db = await instance.connect()
const ask = async (sql) => (await db.runAndReadAll(sql)).getRows().map((row) => row.map(Number))
await db.run(`SET memory_limit='${config.memory}'`)
await db.run(`SET temp_directory='${config.temp}'`)
await db.run(`SET threads=${config.threads}`)

const load = {}
let before = 0
for (const { table, sql } of config.load) {
  const began = seconds()
  await db.run(`CREATE TABLE ${table} AS ${sql}`)
  await db.run('CHECKPOINT')
  const took = seconds() - began
  const size = fs.statSync(config.file).size
  load[table] = { seconds: took, bytes: size - before }
  before = size
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}
const answers = {}
for (const [name, forms] of Object.entries(config.questions)) {
  const rows = []
  const first = []
  for (const sql of forms) {
    const began = seconds()
    rows.push(await ask(sql))
    first.push(seconds() - began)
  }
  const form = first.indexOf(Math.min(...first))
  const times = []
  reset()
  for (let i = 0; i < config.runs; i++) {
    const began = seconds()
    await ask(forms[form])
    times.push(seconds() - began)
  }
  answers[name] = { rows, form, peak: peak(), median: median(times), min: Math.min(...times) }
}
console.log(JSON.stringify({ version: version(), load, answers }))
