import type { TestContext } from 'node:test'

const SPIN_MS = 20
const EVERY_MS = 500

/**
 * How many times longer than alone on its machine a program takes here, since this call: 1 where nobody else works.
 * A limit in milliseconds is meant for a machine that is not shared; multiplied by this it holds for one that is.
 */
export function watchMachineLoad(t: TestContext): () => number {
  let [wall, cpu] = [0, 0]
  const spin = () => {
    const [began, before] = [performance.now(), process.threadCpuUsage()]
    while (performance.now() - began < SPIN_MS);
    const used = process.threadCpuUsage(before)
    wall += performance.now() - began
    cpu += (used.user + used.system) / 1_000
  }
  spin()
  const timer = setInterval(spin, EVERY_MS)
  t.after(() => clearInterval(timer))
  return () => Math.max(1, wall / cpu)
}
