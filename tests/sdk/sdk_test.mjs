// sdk_test.mjs - send events through an unmodified SDK until every one of them is acknowledged.
//
//   WELLFIELD_URL=http://127.0.0.1:8080 WELLFIELD_KEY=wf_sec_... node sdk_test.mjs segment|posthog [COUNT]
//
// The server may be killed and restarted meanwhile: the SDKs repeat by themselves, and what they give
// up is handed to them again with the same id. Event i is of user "sdk-<i mod 1000>", of kind
// sdk_segment or sdk_posthog, with the property i. Prints "acked N" as it goes, and one JSON line at
// the end: {"sdk", "count", "resent", "ms"}; ends with 0 when all is acknowledged.
import { Analytics } from '@segment/analytics-node'
import { PostHog } from 'posthog-node'
import { createHash } from 'node:crypto'

const url = process.env.WELLFIELD_URL
const key = process.env.WELLFIELD_KEY
const sdk = process.argv[2]
const count = Number(process.argv[3] ?? 100000)
const SLICE = 2000 // events in flight
const ROUNDS = 200 // of handing over again what was given up

if (!url || !key || !['segment', 'posthog'].includes(sdk) || !(count > 0)) {
  console.error('usage: WELLFIELD_URL=URL WELLFIELD_KEY=KEY node sdk_test.mjs segment|posthog [COUNT]')
  process.exit(2)
}

// The same id for the same event in every run.
function uuid(i) {
  const h = createHash('sha256').update(`${sdk} ${i}`).digest('hex')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-7${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`
}

const properties = (i) => ({ i, plan: i % 3 ? 'free' : 'pro' })
const user = (i) => `sdk-${i % 1000}`
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// Each returns the indexes that were not acknowledged.
function segment() {
  const client = new Analytics({ writeKey: key, host: url, maxRetries: 10, flushAt: 100, flushInterval: 200 })
  client.on('error', () => {}) // told per event as well
  return {
    async send(list) {
      const failed = []
      const one = (i) =>
        new Promise((resolve) => {
          const message = { userId: user(i), event: 'sdk_segment', messageId: uuid(i), properties: properties(i) }
          client.track(message, (err) => {
            if (err) failed.push(i)
            resolve()
          })
        })
      await Promise.all(list.map(one))
      return failed
    },
    close: () => client.closeAndFlush({ timeout: 60000 }),
  }
}

function posthog() {
  const client = new PostHog(key, {
    host: url, flushAt: 100, flushInterval: 200, maxQueueSize: 2 * SLICE, fetchRetryCount: 10, fetchRetryDelay: 500,
  })
  const pending = new Map()
  client.on('error', () => {}) // the next round sees what is left
  client.on('flush', (messages) => messages.forEach((m) => pending.delete(m.uuid)))
  return {
    async send(list) {
      for (const i of list) {
        pending.set(uuid(i), i)
        client.capture({ distinctId: user(i), event: 'sdk_posthog', uuid: uuid(i), properties: properties(i) })
      }
      for (let tries = 0; tries < 20 && pending.size > 0; tries++) {
        await client.flush().catch(() => sleep(500))
      }
      const failed = [...pending.values()]
      pending.clear()
      return failed
    },
    close: () => client.shutdown(60000),
  }
}

const client = sdk === 'segment' ? segment() : posthog()
const started = Date.now()
let acked = 0
let resent = 0
for (let from = 0; from < count; from += SLICE) {
  let list = Array.from({ length: Math.min(SLICE, count - from) }, (_, n) => from + n)
  for (let round = 0; list.length > 0; round++) {
    if (round === ROUNDS) {
      console.error(`${list.length} events were never acknowledged`)
      process.exit(1)
    }
    if (round > 0) {
      resent += list.length
      await sleep(500)
    }
    const failed = await client.send(list)
    acked += list.length - failed.length
    list = failed
  }
  console.log(`acked ${acked}`)
}
await client.close()
console.log(JSON.stringify({ sdk, count, resent, ms: Date.now() - started }))
process.exit(0)
